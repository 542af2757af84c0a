//! What a program written for tokio says, and the attributes and macros that have to find leno by the name `tokio`.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Duration, sleep};

tokio::task_local! {
    static REQUEST: u32;
}

#[tokio::main]
async fn main() -> tokio::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(REQUEST.scope(7, async move {
        let (mut stream, _) = listener.accept().await?;
        stream.write_u32(REQUEST.get()).await
    }));
    let client = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.read_u32().await
    };
    let (served, number) = tokio::join!(server, client);
    served??;
    assert_eq!(number?, 7);

    let (sender, mut receiver) = mpsc::channel(1);
    let (sent, received) = tokio::try_join!(
        async { Ok::<_, tokio::io::Error>(sender.send("message").await.is_ok()) },
        async { Ok(receiver.recv().await) },
    )?;
    assert_eq!((sent, received), (true, Some("message")));

    let patience = sleep(Duration::from_secs(60));
    tokio::pin!(patience);
    let chosen = tokio::select! {
        () = &mut patience => "the timer",
        none = receiver.recv(), if !receiver.is_closed() => none.unwrap_or("a message"),
        () = async {} => "the ready one",
    };
    assert_ne!(chosen, "the timer");

    let elsewhere = std::thread::spawn(on_this_thread).join();
    assert_eq!(elsewhere.unwrap(), 1);

    println!("a program that renames one dependency runs");
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn on_this_thread() -> u32 {
    tokio::task::yield_now().await;
    1
}

#[cfg(test)]
mod tests {
    use tokio::test;

    #[test]
    async fn an_attribute_without_a_path() {
        assert_eq!(tokio::spawn(async { 1 }).await.unwrap(), 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn an_attribute_with_a_path() {
        assert_eq!(tokio::spawn(async { 1 }).await.unwrap(), 1);
    }

    #[core::prelude::v1::test]
    fn the_program() {
        super::main().unwrap();
    }
}
