//! Addresses are taken as they are, and names are looked up.

mod net_support;

use leno::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket, lookup_host};
use net_support::*;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

async fn addresses(target: impl ToSocketAddrs) -> io::Result<Vec<SocketAddr>> {
    Ok(lookup_host(target).await?.collect())
}

#[test]
fn addresses_in_any_form_are_themselves() {
    // Not even a runtime is needed: nothing is asked.
    fn is(target: impl ToSocketAddrs, expected: &str) {
        let mut looking = Box::pin(addresses(target));
        match poll_once(&mut looking) {
            std::task::Poll::Ready(found) => {
                assert_eq!(found.unwrap(), [expected.parse().unwrap()])
            }
            std::task::Poll::Pending => panic!("it waits"),
        }
    }
    let v4: SocketAddrV4 = "127.0.0.1:80".parse().unwrap();
    let v6: SocketAddrV6 = "[::1]:80".parse().unwrap();
    is(v4, "127.0.0.1:80");
    is(v6, "[::1]:80");
    is(SocketAddr::V4(v4), "127.0.0.1:80");
    let borrowed = &SocketAddr::V6(v6);
    is(borrowed, "[::1]:80");
    is((Ipv4Addr::LOCALHOST, 80), "127.0.0.1:80");
    is((Ipv6Addr::LOCALHOST, 80), "[::1]:80");
    is((IpAddr::V6(Ipv6Addr::LOCALHOST), 80), "[::1]:80");
    is("127.0.0.1:80", "127.0.0.1:80");
    is("[::1]:80", "[::1]:80");
    is(String::from("127.0.0.1:80"), "127.0.0.1:80");
    let borrowed = &String::from("127.0.0.1:80");
    is(borrowed, "127.0.0.1:80");
    is(("127.0.0.1", 80), "127.0.0.1:80");
    is(("::1", 80), "[::1]:80");
    is((String::from("::1"), 80), "[::1]:80");
    is(&[SocketAddr::V4(v4)][..], "127.0.0.1:80");
}

#[test]
fn a_slice_keeps_its_order() {
    on_one(async {
        let all: Vec<SocketAddr> = (1..=5)
            .map(|port| (Ipv4Addr::LOCALHOST, port).into())
            .collect();
        assert_eq!(addresses(&all[..]).await?, all);
        assert_eq!(addresses(&[][..]).await?, []);
        Ok(())
    });
}

#[test]
fn a_name_is_looked_up() {
    on_both(|| async {
        for found in [
            addresses("localhost:3000").await?,
            addresses(("localhost", 3000)).await?,
            addresses((String::from("localhost"), 3000)).await?,
        ] {
            assert!(!found.is_empty());
            assert!(
                found
                    .iter()
                    .all(|found| found.ip().is_loopback() && found.port() == 3000)
            );
        }
        Ok(())
    });
}

#[test]
fn what_is_no_address_is_an_error() {
    on_both(|| async {
        for text in ["", "localhost", "localhost:", "localhost:70000", ":::"] {
            assert!(addresses(text).await.is_err(), "{text:?}");
        }
        Ok(())
    });
}

#[test]
fn connecting_by_name_finds_the_listener() {
    on_both(|| async {
        let listener = TcpListener::bind("localhost:0").await?;
        let stream = TcpStream::connect(("localhost", listener.local_addr()?.port())).await?;
        assert_eq!(stream.peer_addr()?, listener.local_addr()?);
        Ok(())
    });
}

#[test]
fn looking_up_without_a_runtime_panics_with_the_remedy() {
    let text = panic_text(|| {
        let mut looking = Box::pin(addresses("localhost:80"));
        let _ = poll_once(&mut looking);
    });
    assert!(text.contains("Runtime::block_on"), "{text}");
}

/// No system has room for such a stack, so every thread is refused.
#[test]
fn without_a_thread_to_ask_on_it_is_an_error() {
    let runtime = leno::runtime::Builder::new_current_thread()
        .thread_stack_size(1 << 60)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        addresses("localhost:80").await.unwrap_err();
        addresses(("localhost", 80)).await.unwrap_err();
        TcpStream::connect("localhost:80").await.unwrap_err();
        TcpListener::bind("localhost:0").await.unwrap_err();
        UdpSocket::bind(("localhost", 0)).await.unwrap_err();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect("localhost:80").await.unwrap_err();
        socket.send_to(b"x", "localhost:80").await.unwrap_err();
        // What need not be asked for is found.
        assert_eq!(addresses("127.0.0.1:80").await.unwrap().len(), 1);
    });
}

#[test]
fn after_the_end_of_the_runtime_it_is_an_error() {
    let runtime = current_thread();
    let handle = runtime.handle().clone();
    drop(runtime);
    let _guard = handle.enter();
    let mut looking = Box::pin(addresses("localhost:80"));
    match poll_once(&mut looking) {
        std::task::Poll::Ready(found) => assert!(found.is_err()),
        std::task::Poll::Pending => panic!("it waits"),
    }
}
