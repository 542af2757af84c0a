//! TCP in one process: clients and server are tasks of the same runtime.

use crate::peer::{Network, on_worker};
use std::time::{Duration, Instant};

/// What goes there and back.
const MESSAGE: usize = 64;

/// `connections` clients that each send 64 bytes to an echo server and wait for them, `messages` times in all.
///
/// Isolates readiness and the socket calls: with one connection the round trip, with many the throughput. Client and
/// server share the workers, so it cannot show what a server alone can take. Floor: the four socket calls, 4.6 µs a round
/// trip on the machine of NOTES.md.
pub fn echo<P: Network>(peer: &P, connections: u64, messages: u64) -> Duration {
    let each = messages.div_ceil(connections);
    on_worker(peer, async move {
        let (listener, address) = P::listen().await;
        let server = P::spawn(async move {
            let mut served = Vec::new();
            for _ in 0..connections {
                let mut stream = P::accept(&listener).await;
                served.push(P::spawn(async move {
                    let mut buffer = [0; MESSAGE];
                    loop {
                        let read = P::read(&mut stream, &mut buffer).await;
                        if read == 0 {
                            return;
                        }
                        P::write_all(&mut stream, &buffer[..read]).await;
                    }
                }));
            }
            for connection in served {
                connection.await;
            }
        });
        let mut streams = Vec::new();
        for _ in 0..connections {
            streams.push(P::connect(address).await);
        }
        let start = Instant::now();
        let clients: Vec<_> = streams
            .into_iter()
            .map(|mut stream| {
                P::spawn(async move {
                    let mut buffer = [0; MESSAGE];
                    for _ in 0..each {
                        P::write_all(&mut stream, &[1; MESSAGE]).await;
                        let mut read = 0;
                        while read < MESSAGE {
                            let more = P::read(&mut stream, &mut buffer[read..]).await;
                            assert!(more > 0, "the server hung up");
                            read += more;
                        }
                    }
                })
            })
            .collect();
        for client in clients {
            client.await;
        }
        let elapsed = start.elapsed();
        server.await;
        elapsed
    })
}
