//! reqwest as the client of a server on axum, both in this program: JSON, bodies in pieces, many requests over pooled
//! connections, timeouts. It checks the answers.

use anyhow::{Context, Result, ensure};
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::{StreamExt, stream};
use reqwest::{Client, StatusCode};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

const PIECES: usize = 64;
const PIECE: usize = 16 * 1024;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Sum {
    terms: Vec<i64>,
    total: i64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let server = axum::serve(listener, service());
        server
            .with_graceful_shutdown(async { drop(stopped.await) })
            .await
    });

    let client = Client::builder().no_proxy().build()?;
    json(&client, &base).await?;
    println!("ok: JSON goes there and comes back");
    bodies_in_pieces(&client, &base).await?;
    println!("ok: {PIECES} pieces of {PIECE} bytes, in both directions");
    many_at_once(&client, &base).await?;
    println!("ok: 200 requests at once over pooled connections");
    timeout(&client, &base).await?;
    println!("ok: a request without an answer ends in time");

    // The server waits for connections that are kept open.
    drop(client);
    drop(stop);
    server.await??;
    println!("ok: the server has drained and stopped");
    Ok(())
}

fn service() -> Router {
    Router::new()
        .route("/sum", post(sum))
        .route("/pieces", get(send_pieces).post(count))
        .route("/double/{number}", get(double))
        .route("/never", get(never))
}

async fn sum(Json(terms): Json<Vec<i64>>) -> Json<Sum> {
    let total = terms.iter().sum();
    Json(Sum { terms, total })
}

async fn send_pieces() -> Body {
    Body::from_stream(pieces())
}

async fn count(body: Body) -> String {
    let lengths = body
        .into_data_stream()
        .map(|piece| piece.map_or(0, |piece| piece.len()));
    lengths
        .fold(0, async |total, length| total + length)
        .await
        .to_string()
}

async fn double(Path(number): Path<u64>) -> String {
    (number * 2).to_string()
}

async fn never() {
    pending().await
}

/// Bytes that come one piece at a time, each when others have had their turn.
fn pieces() -> impl stream::Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
    stream::iter(0..PIECES).then(async |number| {
        tokio::task::yield_now().await;
        Ok(Bytes::from(vec![number as u8; PIECE]))
    })
}

async fn json(client: &Client, base: &str) -> Result<()> {
    let answer = client
        .post(format!("{base}/sum"))
        .json(&[1, 2, 39])
        .send()
        .await?;
    let sum = answer.error_for_status()?.json::<Sum>().await?;
    ensure!(
        sum == Sum {
            terms: vec![1, 2, 39],
            total: 42
        },
        "the sum is {sum:?}"
    );
    let answer = client
        .post(format!("{base}/sum"))
        .json("no numbers")
        .send()
        .await?;
    ensure!(
        answer.status() == StatusCode::UNPROCESSABLE_ENTITY,
        "what is no list answers {}",
        answer.status()
    );
    let answer = client.get(format!("{base}/nothing")).send().await?;
    ensure!(
        answer.status() == StatusCode::NOT_FOUND,
        "what is not there answers {}",
        answer.status()
    );
    Ok(())
}

async fn bodies_in_pieces(client: &Client, base: &str) -> Result<()> {
    let url = format!("{base}/pieces");
    let mut body = client.get(&url).send().await?.bytes_stream();
    let mut length = 0;
    while let Some(piece) = body.next().await {
        for byte in piece? {
            ensure!(byte == (length / PIECE) as u8, "byte {length} is {byte}");
            length += 1;
        }
    }
    ensure!(length == PIECES * PIECE, "{length} bytes have come");
    let body = reqwest::Body::wrap_stream(pieces());
    let counted = client.post(&url).body(body).send().await?.text().await?;
    ensure!(
        counted == (PIECES * PIECE).to_string(),
        "the server has counted {counted}"
    );
    Ok(())
}

async fn many_at_once(client: &Client, base: &str) -> Result<()> {
    let mut requests = JoinSet::new();
    for number in 0..200 {
        let request = client.get(format!("{base}/double/{number}")).send();
        requests.spawn(async move { anyhow::Ok((number, request.await?.text().await?)) });
    }
    while let Some(request) = requests.join_next().await {
        let (number, text) = request??;
        ensure!(text == (number * 2).to_string(), "twice {number} is {text}");
    }
    Ok(())
}

async fn timeout(client: &Client, base: &str) -> Result<()> {
    let request = client
        .get(format!("{base}/never"))
        .timeout(Duration::from_millis(50));
    let error = request.send().await.err().context("there is an answer")?;
    ensure!(
        error.is_timeout(),
        "the request fails, but not for the time: {error:?}"
    );
    Ok(())
}
