//! `select!`.

/// Awaits several futures at once, until **one** of them is ready, and drops the others.
///
/// ```text
/// select! {
///     safe;                                               // optional
///     biased;                                             // optional
///     <pattern> = <future> (, if <condition>)? => <handler>,
///     …                                                   // up to 64 branches
///     else => <expression>                                // optional
/// }
/// ```
///
/// The first future whose output matches its pattern decides: its handler runs, with what the pattern binds,
/// and its value is the value of the whole. A handler that is a block needs no comma after it. Handlers run
/// outside of the polling: they may `.await`, `?`, `return`, and `break` out of the loop around the macro,
/// and use what the futures of other branches had borrowed.
///
/// Step by step:
///
/// 1. All conditions are evaluated. A branch whose condition is `false` is disabled.
/// 2. All future expressions are evaluated, also those of disabled branches, but disabled futures are not
///    polled. Whatever implements [`IntoFuture`] will do.
/// 3. The enabled futures are polled, whenever the task wakes up.
/// 4. When one is ready and its output matches the pattern, all futures are dropped and the handler runs. If
///    the output does not match, that is dropped and the branch is disabled.
/// 5. When no branch is enabled any more, `else` is evaluated.
///
/// The futures live in the future of the `async` function around the macro, and are polled by its task: no
/// memory is allocated, and the branches run concurrently, but not in parallel. To use one future in several
/// `select!`s, as in a loop, pin it (see [`pin!`](crate::pin)) and give `&mut future` to each.
///
/// # Order
///
/// Where polling starts is drawn at random each time the task wakes up, so that a branch that is always ready
/// cannot keep the later ones from their turn. With `biased;` the branches are polled as they are written: it
/// saves drawing the number, and lets a shutdown signal come before everything else, but the branches after
/// one that is always ready will starve.
///
/// # Safe
///
/// With `safe;`, which may stand before or after `biased;`, each branch's future must be [`CancelSafe`](crate::task::CancelSafe):
/// one that could lose data, were it dropped because another branch is faster, does not compile. That costs nothing when the
/// program runs. The future of a branch must not be a reference to a temporary (`&mut stream.read_exact(buf)`): it is dropped too.
///
/// # Panics
///
/// Panics when all branches are disabled and there is no `else`.
///
/// # Cancel safety
///
/// As that of its futures: dropping what awaits the `select!` drops them all.
///
/// Every branch but one is cancelled in any case: its future is dropped before it is ready. In a loop, that is harmless only for
/// futures that lose nothing when they are dropped and made anew. The docs of each asynchronous operation of this crate begin
/// their section on it with one of these, which is measured:
///
/// - *Dropping the future loses nothing*: `recv` of the channels, `accept` of listeners, `read` and `write`;
/// - *loses its place*, in a queue for instance: `lock`, `acquire`, `notified`, `sleep`;
/// - *loses data*: `read_exact`, `write_all`, `send` of a bounded channel;
/// - *does not stop the operation*: what changes files.
///
/// One's own `async fn` is cancel safe if stopping at any of its `.await`s, and starting anew, loses nothing. `safe;` has the compiler
/// look.
///
/// # Examples
///
/// Whichever is first:
///
/// ```
/// # #[leno::main(flavor = "current_thread")]
/// # async fn main() {
/// let first = leno::select! {
///     number = std::future::ready(7) => number,
///     _ = std::future::pending::<()>() => unreachable!(),
/// };
/// assert_eq!(first, 7);
/// # }
/// ```
///
/// Everything from two channels, until both are closed:
///
/// ```
/// use leno::sync::mpsc;
///
/// # #[leno::main(flavor = "current_thread")]
/// # async fn main() {
/// let (numbers_tx, mut numbers) = mpsc::channel(8);
/// let (words_tx, mut words) = mpsc::channel(8);
/// leno::spawn(async move {
///     numbers_tx.send(1).await.unwrap();
///     words_tx.send("two").await.unwrap();
/// });
///
/// let mut seen = Vec::new();
/// loop {
///     leno::select! {
///         Some(number) = numbers.recv() => seen.push(number.to_string()),
///         Some(word) = words.recv() => seen.push(word.to_string()),
///         else => break,
///     }
/// }
/// seen.sort();
/// assert_eq!(seen, ["1", "two"]);
/// # }
/// ```
///
/// One deadline for a whole loop:
///
/// ```
/// use leno::time::{Duration, interval, sleep};
///
/// # #[leno::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let deadline = sleep(Duration::from_millis(25));
/// leno::pin!(deadline);
/// let mut tick = interval(Duration::from_millis(10));
/// let mut ticks = 0;
/// loop {
///     leno::select! {
///         _ = &mut deadline => break,
///         _ = tick.tick() => ticks += 1,
///     }
/// }
/// assert_eq!(ticks, 3);
/// # }
/// ```
///
/// The compiler refuses whatever could lose data here, as `reader.read_line(&mut line)` would:
///
/// ```
/// use leno::io::{AsyncBufReadExt, BufReader};
/// use leno::time::{Duration, interval};
///
/// # #[leno::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> std::io::Result<()> {
/// let mut lines = BufReader::new(&b"one\ntwo\n"[..]).lines();
/// let mut tick = interval(Duration::from_secs(1));
/// let mut seen = Vec::new();
/// loop {
///     leno::select! {
///         safe;
///         line = lines.next_line() => match line? {
///             Some(line) => seen.push(line),
///             None => break,
///         },
///         _ = tick.tick() => println!("waiting"),
///     }
/// }
/// assert_eq!(seen, ["one", "two"]);
/// # Ok(())
/// # }
/// ```
///
/// Two results, in the order in which they come:
///
/// ```
/// # #[leno::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut first = leno::spawn(async { 1 });
/// let mut second = leno::spawn(async { 2 });
///
/// let (mut one, mut two) = (None, None);
/// while one.is_none() || two.is_none() {
///     leno::select! {
///         result = &mut first, if one.is_none() => one = result.ok(),
///         result = &mut second, if two.is_none() => two = result.ok(),
///     }
/// }
/// assert_eq!((one, two), (Some(1), Some(2)));
/// # }
/// ```
#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
#[macro_export]
macro_rules! select {
    (biased; safe; $($branches:tt)*) => { $crate::select!(safe; biased; $($branches)*) };
    ($(safe;)? $(biased;)?) => {
        $crate::macros::support::compile_error!("`select!` needs at least one branch")
    };
    ($(safe;)? $(biased;)? else => $else:expr $(,)?) => { $else };
    (safe; biased; $($branches:tt)+) => { $crate::__select!([first safe] $($branches)+) };
    (safe; $($branches:tt)+) => { $crate::__select!([thread_rng_n safe] $($branches)+) };
    (biased; $($branches:tt)+) => { $crate::__select!([first any] $($branches)+) };
    ($($branches:tt)+) => { $crate::__select!([thread_rng_n any] $($branches)+) };
}

/// `__select!([start which] branch, …)`, where `support::start` says where to start polling, and `which` which futures may be
/// branches: `any`, or those that are `safe`.
///
/// It reads one branch after the other. `@` begins its state: the start; a list of the names and numbers that
/// are still free; in braces the branches read so far, each with the name and number that it took. One step
/// for each branch, so that 64 stay below the compiler's recursion limit.
#[doc(hidden)]
#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
#[macro_export]
macro_rules! __select {
    // All is read: now the expansion. `count` is the first number that no branch took.
    (
        @ [$start:ident $which:ident] [($unused:ident $count:tt) $($free:tt)*]
        {$(($name:ident $index:tt $pattern:pat = $future:expr, [$($condition:expr)?] $handler:expr))+}
        else => $else:expr $(,)?
    ) => {{
        enum __SelectOutput<$($name),+> {
            $($name($name),)+
            Disabled,
        }

        let mut disabled = [false; $count];
        $($(if !$condition {
            disabled[$index] = true;
        })?)+

        #[allow(unused_mut, reason = "patterns with `ref mut` need it")]
        let mut output = {
            // Apart from `into_future`, so that temporaries in `&mut temporary()` live as long as this.
            let futures = ($($crate::__select_future!($which $future),)+);
            let mut futures = $crate::macros::support::abandoned(
                ($($crate::macros::support::IntoFuture::into_future(futures.$index),)+)
            );
            // The closure below may be moved, as `PollFn` is `Unpin`. The futures stay here.
            let futures = $crate::macros::support::Abandoned::get(&mut futures);
            $crate::macros::support::poll_fn(move |cx| {
                if $crate::macros::support::poll_budget_available(cx).is_pending() {
                    return $crate::macros::support::Poll::Pending;
                }
                let mut is_pending = false;
                let start = $crate::macros::support::$start($count);
                for turn in 0..$count {
                    #[allow(clippy::modulo_one)]
                    let branch = (start + turn) % $count;
                    match branch {
                        $(
                            #[allow(unreachable_code)]
                            $index => {
                                if disabled[$index] {
                                    continue;
                                }
                                // SAFETY: nothing is moved out of the tuple, which is dropped where it
                                // is. User code cannot name it.
                                let future = unsafe {
                                    $crate::macros::support::Pin::new_unchecked(&mut futures.$index)
                                };
                                #[allow(unused_mut, reason = "as above")]
                                let mut output = match $crate::macros::support::Future::poll(future, cx) {
                                    $crate::macros::support::Poll::Ready(output) => output,
                                    $crate::macros::support::Poll::Pending => {
                                        is_pending = true;
                                        continue;
                                    }
                                };
                                // Ready: it must not be polled again, even if it does not match.
                                disabled[$index] = true;
                                // A guard sees whether the pattern matches, and being false moves nothing.
                                let mut matches = false;
                                match output {
                                    #[allow(unreachable_patterns, unused_mut, unused_variables)]
                                    $pattern if {
                                        matches = true;
                                        false
                                    } => continue,
                                    _ => {}
                                }
                                if matches {
                                    return $crate::macros::support::Poll::Ready(
                                        __SelectOutput::$name(output),
                                    );
                                }
                            }
                        )+
                        _ => $crate::macros::support::unreachable!("a remainder is below its divisor"),
                    }
                }
                if is_pending {
                    $crate::macros::support::Poll::Pending
                } else {
                    $crate::macros::support::Poll::Ready(__SelectOutput::Disabled)
                }
            })
            .await
        };

        match output {
            $(__SelectOutput::$name($pattern) => $handler,)+
            __SelectOutput::Disabled => $else,
            #[allow(unreachable_patterns)]
            _ => $crate::macros::support::unreachable!("the pattern matched before"),
        }
    }};

    // The end.
    (@ $start:tt $free:tt $read:tt) => {
        $crate::__select!(@ $start $free $read else => $crate::macros::support::no_branch_left())
    };
    (@ $start:tt $free:tt $read:tt else => $else:expr, $($rest:tt)+) => {
        $crate::macros::support::compile_error!("`else` must be the last branch of `select!`")
    };

    // A branch. The last free number only counts.
    (@ $start:tt [$last:tt] $read:tt $($rest:tt)+) => {
        $crate::macros::support::compile_error!(
            "`select!` takes up to 64 branches: nest another `select!` in one of them"
        )
    };
    (
        @ $start:tt [($name:ident $index:tt) $($free:tt)+] {$($read:tt)*}
        $pattern:pat = $future:expr $(, if $condition:expr)? => $handler:block, $($rest:tt)*
    ) => {
        $crate::__select!(
            @ $start [$($free)+]
            {$($read)* ($name $index $pattern = $future, [$($condition)?] $handler)}
            $($rest)*
        )
    };
    (
        @ $start:tt [($name:ident $index:tt) $($free:tt)+] {$($read:tt)*}
        $pattern:pat = $future:expr $(, if $condition:expr)? => $handler:block $($rest:tt)*
    ) => {
        $crate::__select!(
            @ $start [$($free)+]
            {$($read)* ($name $index $pattern = $future, [$($condition)?] $handler)}
            $($rest)*
        )
    };
    (
        @ $start:tt [($name:ident $index:tt) $($free:tt)+] {$($read:tt)*}
        $pattern:pat = $future:expr $(, if $condition:expr)? => $handler:expr $(, $($rest:tt)*)?
    ) => {
        $crate::__select!(
            @ $start [$($free)+]
            {$($read)* ($name $index $pattern = $future, [$($condition)?] $handler)}
            $($($rest)*)?
        )
    };

    // The beginning.
    ([$start:ident $which:ident] $($branches:tt)+) => {
        $crate::__select!(@ [$start $which] [
            (_0 0) (_1 1) (_2 2) (_3 3) (_4 4) (_5 5) (_6 6) (_7 7)
            (_8 8) (_9 9) (_10 10) (_11 11) (_12 12) (_13 13) (_14 14) (_15 15)
            (_16 16) (_17 17) (_18 18) (_19 19) (_20 20) (_21 21) (_22 22) (_23 23)
            (_24 24) (_25 25) (_26 26) (_27 27) (_28 28) (_29 29) (_30 30) (_31 31)
            (_32 32) (_33 33) (_34 34) (_35 35) (_36 36) (_37 37) (_38 38) (_39 39)
            (_40 40) (_41 41) (_42 42) (_43 43) (_44 44) (_45 45) (_46 46) (_47 47)
            (_48 48) (_49 49) (_50 50) (_51 51) (_52 52) (_53 53) (_54 54) (_55 55)
            (_56 56) (_57 57) (_58 58) (_59 59) (_60 60) (_61 61) (_62 62) (_63 63)
            (_64 64)
        ] {} $($branches)+)
    };
}

/// The future of a branch, as it was written. In a function's arguments temporaries do not live on, so what is `safe` is no
/// reference to one.
#[doc(hidden)]
#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
#[macro_export]
macro_rules! __select_future {
    (any $future:expr) => {
        $future
    };
    (safe $future:expr) => {
        $crate::macros::support::cancel_safe($future)
    };
}
