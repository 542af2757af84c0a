//! An example finds leno as the program does.

#[tokio::main(worker_threads = 1)]
async fn main() {
    let hello = tokio::spawn(async { "hello" }).await;
    println!("{}", hello.unwrap());
}

#[test]
fn the_example() {
    main();
}
