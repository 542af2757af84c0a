//! What `#[leno::main]` and `#[leno::test]` promise, to those who use them right. `compile_fail.rs` has the
//! others.

#![deny(warnings)]
#![deny(clippy::all, clippy::pedantic, clippy::expect_used)]
#![forbid(unsafe_code)]

use leno::runtime::{Handle, RuntimeFlavor};
use std::error::Error;

fn flavor() -> RuntimeFlavor {
    Handle::current().runtime_flavor()
}

#[leno::test]
async fn a_test_runs_on_the_current_thread() {
    assert_eq!(RuntimeFlavor::CurrentThread, flavor());
}

// A simulation has no pool.
#[leno::test(flavor = "multi_thread", worker_threads = 3, sim = false)]
async fn a_test_runs_on_a_pool_if_told_to() {
    assert_eq!(RuntimeFlavor::MultiThread, flavor());
    assert_eq!(3, Handle::current().metrics().num_workers());
}

#[leno::test(flavor = "current_thread")]
async fn a_trailing_comma_is_fine() {
    leno::spawn(async {}).await.unwrap();
}

#[leno::test(start_paused = true)]
async fn a_paused_clock_goes_on_by_itself() {
    let start = leno::time::Instant::now();
    leno::time::sleep(leno::time::Duration::from_secs(3600)).await;
    assert!(start.elapsed() >= leno::time::Duration::from_secs(3600));
}

#[leno::test]
async fn a_test_may_return_a_result() -> Result<(), Box<dyn Error>> {
    let number: u32 = "1".parse()?;
    assert_eq!(1, number);
    Ok(())
}

#[leno::test]
async fn a_test_may_return_early() -> Result<(), ()> {
    if flavor() == RuntimeFlavor::CurrentThread {
        return Ok(());
    }
    Err(())
}

#[leno::test]
#[should_panic(expected = "on purpose")]
async fn other_attributes_of_tests_work() {
    panic!("on purpose");
}

#[should_panic(expected = "on purpose")]
#[leno::test]
async fn other_attributes_of_tests_work_in_front() {
    panic!("on purpose");
}

mod imported {
    use leno::test;

    #[test]
    async fn the_attribute_may_be_imported() {
        leno::spawn(async {}).await.unwrap();
    }
}

mod renamed {
    use ::leno as runtime_of_my_choice;

    #[runtime_of_my_choice::test(crate = "runtime_of_my_choice")]
    async fn the_crate_may_be_renamed() {
        runtime_of_my_choice::spawn(async {}).await.unwrap();
    }
}

mod shadowed {
    #![allow(dead_code, reason = "they are there to be in the way")]
    mod core {}
    mod std {}
    mod leno {}
    struct Builder;
    struct Pin;

    #[::leno::test]
    async fn names_of_its_user_are_no_trouble() {
        let Builder = Builder;
    }
}

mod generated {
    macro_rules! a_test {
        (async fn $name:ident() $body:block, $workers:expr) => {
            #[leno::test(flavor = "multi_thread", worker_threads = $workers)]
            async fn $name() {
                $body
            }

            mod whole_body {
                #[leno::test]
                async fn $name() $body
            }
        };
    }
    a_test!(
        async fn a_macro_may_write_the_test() {
            assert_eq!(1, 1);
        },
        1
    );
}

#[leno::main]
async fn on_a_pool() -> RuntimeFlavor {
    flavor()
}

#[leno::main(flavor = "current_thread")]
async fn here() -> RuntimeFlavor {
    flavor()
}

#[leno::main(worker_threads = 2)]
async fn on_two_workers() -> usize {
    Handle::current().metrics().num_workers()
}

#[test]
fn main_runs_where_it_is_told_to() {
    assert_eq!(RuntimeFlavor::MultiThread, on_a_pool());
    assert_eq!(RuntimeFlavor::CurrentThread, here());
    assert_eq!(2, on_two_workers());
}

#[leno::main(flavor = "current_thread")]
async fn longest<'a, T>(mut first: &'a T, second: &'a T) -> &'a str
where
    T: AsRef<str> + ?Sized,
{
    if second.as_ref().len() > first.as_ref().len() {
        first = second;
    }
    first.as_ref()
}

#[leno::main(flavor = "current_thread")]
async fn twice(text: String) -> String {
    leno::spawn(async move { text.clone() + &text })
        .await
        .unwrap()
}

#[leno::main(flavor = "current_thread")]
async fn numbers(below: u32) -> impl Iterator<Item = u32> {
    0..below
}

#[test]
fn functions_keep_their_arguments_generics_and_where_clauses() {
    assert_eq!("ab", longest("a", "ab"));
    assert_eq!("abab", twice("ab".into()));
    assert_eq!(3, numbers(3).count());
}

struct Counter(u32);

impl Counter {
    #[leno::main(flavor = "current_thread")]
    async fn add(&mut self, n: u32) -> &mut Self {
        leno::spawn(async {}).await.unwrap();
        self.0 += n;
        self
    }

    #[leno::main(flavor = "current_thread")]
    async fn into_inner(self) -> u32 {
        self.0
    }
}

trait Start {
    fn start() -> Self;
}

impl Start for Counter {
    #[leno::main(flavor = "current_thread")]
    async fn start() -> Self {
        Self(1)
    }
}

#[test]
fn methods_may_use_self() {
    let mut counter = Counter::start();
    counter.add(1).add(1);
    assert_eq!(3, counter.into_inner());
}

#[leno::main(flavor = "current_thread")]
async fn never() -> ! {
    panic!("on purpose")
}

#[test]
#[should_panic(expected = "on purpose")]
fn a_function_may_never_return() {
    never();
}

#[leno::main(flavor = "current_thread")]
async fn with_inner_attributes() -> u32 {
    #![allow(unused_variables)]
    let unused = 1;
    2
}

#[test]
fn attributes_inside_of_the_body_count() {
    assert_eq!(2, with_inner_attributes());
}

// Shapes of bodies for which lints must not complain about generated code.
#[leno::main]
async fn ends_in_a_declaration() {
    let _handle = Handle::current();
}

#[leno::main]
async fn ends_in_an_item() {
    fn _item() {}
}

#[leno::main]
async fn ends_in_a_semicolon() {
    assert_eq!(RuntimeFlavor::MultiThread, flavor());
}

#[leno::main]
async fn is_empty() {}

#[rustfmt::skip]
#[leno::main]
async fn is_on_one_line() { assert_eq!(RuntimeFlavor::MultiThread, flavor()) }

#[test]
fn any_shape_of_body_will_do() {
    ends_in_a_declaration();
    ends_in_an_item();
    ends_in_a_semicolon();
    is_empty();
    is_on_one_line();
}
