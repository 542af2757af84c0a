//! A service on axum: JSON over HTTP, and a WebSocket. It starts itself, talks to itself, and checks the answers.

use anyhow::{Context, Result, ensure};
use axum::Json;
use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{any, get, post};
use futures_util::{SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite;

const CLIENTS: u64 = 50;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Item {
    id: u64,
    name: String,
}

type Items = Arc<Mutex<HashMap<u64, Item>>>;

#[tokio::main]
async fn main() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let server = axum::serve(listener, service());
        server
            .with_graceful_shutdown(async { drop(stopped.await) })
            .await
    });

    json(address).await?;
    println!("ok: JSON is stored and found again, what is wrong is refused");
    many_at_once(address).await?;
    println!("ok: {CLIENTS} clients at once");
    web_socket(address).await?;
    println!("ok: a WebSocket answers and closes");

    drop(stop);
    server.await??;
    println!("ok: the server has drained and stopped");
    Ok(())
}

fn service() -> Router {
    Router::new()
        .route("/items", post(store))
        .route("/items/{id}", get(find))
        .route("/shout", any(shout))
        .with_state(Items::default())
}

async fn store(State(items): State<Items>, Json(item): Json<Item>) -> (StatusCode, Json<Item>) {
    items.lock().unwrap().insert(item.id, item.clone());
    (StatusCode::CREATED, Json(item))
}

async fn find(State(items): State<Items>, Path(id): Path<u64>) -> Result<Json<Item>, StatusCode> {
    let item = items.lock().unwrap().get(&id).cloned();
    item.map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn shout(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(shout_back)
}

async fn shout_back(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if let Message::Text(text) = message {
            let answer = Message::Text(text.to_uppercase().into());
            if socket.send(answer).await.is_err() {
                return;
            }
        }
    }
}

async fn json(address: SocketAddr) -> Result<()> {
    let item = Item {
        id: 1,
        name: "loom".to_owned(),
    };
    let (status, body) = request(address, "POST", "/items", &serde_json::to_string(&item)?).await?;
    ensure!(status == 201, "storing answers {status}: {body}");
    ensure!(
        serde_json::from_str::<Item>(&body)? == item,
        "storing answers {body}"
    );

    let (status, body) = request(address, "GET", "/items/1", "").await?;
    ensure!(
        status == 200 && serde_json::from_str::<Item>(&body)? == item,
        "finding answers {status}: {body}"
    );

    let (status, _) = request(address, "GET", "/items/2", "").await?;
    ensure!(status == 404, "what is not there answers {status}");
    let (status, _) = request(address, "POST", "/items", "{").await?;
    ensure!(status == 400, "what is no JSON answers {status}");
    Ok(())
}

async fn many_at_once(address: SocketAddr) -> Result<()> {
    let mut clients = JoinSet::new();
    for id in 100..100 + CLIENTS {
        clients.spawn(async move {
            let item = Item {
                id,
                name: format!("item {id}"),
            };
            request(address, "POST", "/items", &serde_json::to_string(&item)?).await?;
            let (_, body) = request(address, "GET", &format!("/items/{id}"), "").await?;
            ensure!(
                serde_json::from_str::<Item>(&body)? == item,
                "client {id} gets {body}"
            );
            Ok(())
        });
    }
    while let Some(client) = clients.join_next().await {
        client??;
    }
    Ok(())
}

async fn web_socket(address: SocketAddr) -> Result<()> {
    let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{address}/shout")).await?;
    for text in ["warp", "weft"] {
        socket.send(tungstenite::Message::text(text)).await?;
        let answer = socket.next().await.context("the socket is closed")??;
        ensure!(
            answer == tungstenite::Message::text(text.to_uppercase()),
            "{text} answers {answer:?}"
        );
    }
    socket
        .send(tungstenite::Message::Ping("are you there".into()))
        .await?;
    let answer = socket.next().await.context("the socket is closed")??;
    ensure!(
        answer == tungstenite::Message::Pong("are you there".into()),
        "a ping answers {answer:?}"
    );
    socket.close(None).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        ensure!(message.is_close(), "after the close there is {message:?}");
    }
    Ok(())
}

/// A request on a connection of its own: the status and the body.
async fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: &str,
) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("an answer has a head")?;
    let status = head.split(' ').nth(1).context("an answer has a status")?;
    Ok((status.parse()?, body.to_owned()))
}
