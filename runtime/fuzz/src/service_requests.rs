//! The example service's requests, as they come over a connection, against a map.

use crate::api::Api;
use crate::many::Many;
use crate::store::Store;
use arbitrary::Arbitrary;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use leno::hyper::{LenoIo, LenoTimer};
use leno::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use leno::runtime::Builder;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

#[derive(Arbitrary, Debug)]
pub enum Script {
    /// What a client means well.
    Polite {
        /// How much of a request comes at a time.
        piece: u8,
        requests: Many<Request>,
    },
    /// What may be anything.
    Raw { pieces: Many<Many<u8>> },
    /// A request whose parts may be anything.
    Strange {
        method: Many<u8>,
        path: Many<u8>,
        header: Many<u8>,
        body: Many<u8>,
    },
}

#[derive(Arbitrary, Debug)]
pub enum Request {
    Get(Key),
    Put(Key, Value),
    Delete(Key),
    List {
        prefix: Option<Key>,
        limit: Option<u8>,
    },
    Health,
}

/// Few, so that they meet again; or any.
#[derive(Arbitrary, Debug)]
pub enum Key {
    One,
    Other,
    Slashed,
    Any(String),
}

impl Key {
    fn text(&self) -> &str {
        match self {
            Key::One => "a",
            Key::Other => "ab",
            Key::Slashed => "a/+ %é",
            Key::Any(text) => text,
        }
    }

    fn encoded(&self) -> String {
        self.text()
            .bytes()
            .map(|byte| format!("%{byte:02x}"))
            .collect()
    }
}

#[derive(Arbitrary, Debug)]
pub enum Value {
    Number(i32),
    Text(String),
    List(Many<bool>),
    NoJson,
}

impl Value {
    fn text(&self) -> String {
        match self {
            Value::Number(number) => number.to_string(),
            Value::Text(text) => serde_json::json!({ "text": text }).to_string(),
            Value::List(items) => serde_json::json!(items.0).to_string(),
            Value::NoJson => "{".to_owned(),
        }
    }
}

impl super::Script for Script {
    fn run(self) {
        // The clock is stopped: where everybody waits, the service's own limits of time are over at once.
        let mut builder = Builder::new_current_thread();
        let runtime = builder.enable_all().start_paused(true).build();
        runtime.expect("a runtime").block_on(run(self));
    }
}

async fn run(script: Script) {
    let (client, connection) = leno::io::duplex(4096);
    let patience = Duration::from_secs(10);
    let api = Arc::new(Api::new(Store::in_memory(), 4096, patience, None));
    let served = leno::task::spawn(async move {
        let answer = service_fn(move |request| {
            let api = api.clone();
            async move { Ok::<_, Infallible>(api.answer(request).await) }
        });
        let mut http = http1::Builder::new();
        http.timer(LenoTimer::new()).header_read_timeout(patience);
        // How a connection ends is its client's affair.
        let _ = http.serve_connection(LenoIo::new(connection), answer).await;
    });
    match script {
        Script::Polite { piece, requests } => {
            polite(client, usize::from(piece) + 1, requests.0).await
        }
        Script::Raw { pieces } => rude(client, &pieces).await,
        Script::Strange {
            method,
            path,
            header,
            body,
        } => {
            let length = body.len().to_string();
            let parts = [
                &method[..],
                b" /v1/keys",
                &path,
                b" HTTP/1.1\r\nhost: x\r\n",
                &header,
                b"\r\ncontent-length: ",
                length.as_bytes(),
                b"\r\n\r\n",
                &body,
            ];
            rude(client, &[Many(parts.concat())]).await;
        }
    }
    served.await.expect("the connection's task has panicked");
}

/// Sends anything, and reads to the end, which has to come.
async fn rude(client: DuplexStream, pieces: &[Many<u8>]) {
    let (mut reader, mut writer) = leno::io::split(client);
    leno::join!(
        async {
            for piece in pieces {
                if writer.write_all(piece).await.is_err() {
                    break;
                }
            }
            let _ = writer.shutdown().await;
        },
        async {
            let mut answers = Vec::new();
            let _ = reader.read_to_end(&mut answers).await;
            assert!(answers.is_empty() || answers.starts_with(b"HTTP/1."));
        }
    );
}

async fn polite(mut client: DuplexStream, piece: usize, requests: Vec<Request>) {
    let mut map: BTreeMap<String, String> = BTreeMap::new();
    for request in requests {
        let (method, target, body) = match &request {
            Request::Get(key) => ("GET", format!("/v1/keys/{}", key.encoded()), String::new()),
            Request::Put(key, value) => {
                ("PUT", format!("/v1/keys/{}", key.encoded()), value.text())
            }
            Request::Delete(key) => (
                "DELETE",
                format!("/v1/keys/{}", key.encoded()),
                String::new(),
            ),
            Request::List { prefix, limit } => {
                let prefix = prefix
                    .iter()
                    .map(|key| format!("prefix={}&", key.encoded()));
                let limit = limit.iter().map(|limit| format!("limit={limit}"));
                let query: String = prefix.chain(limit).collect();
                ("GET", format!("/v1/keys?{query}"), String::new())
            }
            Request::Health => ("GET", "/healthz".to_owned(), String::new()),
        };
        let text = format!(
            "{method} {target} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        for piece in text.as_bytes().chunks(piece) {
            // Whatever it refuses, it reads on.
            client.write_all(piece).await.unwrap();
        }
        let answer = read_answer(&mut client).await;
        assert_eq!(answer, expected(&mut map, request));
    }
}

/// The status, and the body if it says more than that.
async fn read_answer(client: &mut DuplexStream) -> (u16, String) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.expect("an answer"));
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    client.read_exact(&mut body).await.expect("a whole body");
    let body = String::from_utf8(body).unwrap();
    (status, if status == 200 { body } else { String::new() })
}

fn expected(map: &mut BTreeMap<String, String>, request: Request) -> (u16, String) {
    let status = |status: u16| (status, String::new());
    match request {
        Request::Health => (200, r#"{"status":"ok"}"#.to_owned()),
        Request::Get(key) | Request::Put(key, _) | Request::Delete(key)
            if key.text().is_empty() =>
        {
            status(400)
        }
        Request::Get(key) => map
            .get(key.text())
            .map_or(status(404), |value| (200, value.clone())),
        Request::Put(_, Value::NoJson) => status(400),
        Request::Put(key, value) => match map.insert(key.text().to_owned(), value.text()) {
            Some(_) => status(204),
            None => status(201),
        },
        Request::Delete(key) => match map.remove(key.text()) {
            Some(_) => status(204),
            None => status(404),
        },
        Request::List { prefix, limit } => {
            let prefix = prefix.as_ref().map_or("", Key::text);
            let limit = limit.map_or(100, usize::from);
            let keys: Vec<_> = map.keys().filter(|key| key.starts_with(prefix)).collect();
            let listed = &keys[..keys.len().min(limit)];
            let listing =
                serde_json::json!({ "keys": listed, "truncated": listed.len() < keys.len() });
            (200, listing.to_string())
        }
    }
}
