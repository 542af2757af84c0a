//! gRPC on tonic: a service with calls of all four kinds, and its client. The client checks the answers.

use anyhow::{Context, Result, ensure};
use std::pin::Pin;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_stream::{Stream, StreamExt};
use tonic::transport::{Channel, Server};
use tonic::{Code, Request, Response, Status, Streaming};

mod generated {
    #![allow(missing_docs)]
    include!(concat!(env!("OUT_DIR"), "/leno.compat.Calculator.rs"));
}

use generated::calculator_client::CalculatorClient;
use generated::calculator_server::{Calculator, CalculatorServer};

#[derive(Clone, PartialEq, prost::Message)]
struct Division {
    #[prost(sint64, tag = "1")]
    dividend: i64,
    #[prost(sint64, tag = "2")]
    divisor: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Number {
    #[prost(sint64, tag = "1")]
    value: i64,
}

fn number(value: i64) -> Number {
    Number { value }
}

#[derive(Debug)]
struct Service;

type Numbers = Pin<Box<dyn Stream<Item = Result<Number, Status>> + Send>>;

#[tonic::async_trait]
impl Calculator for Service {
    type CountStream = ReceiverStream<Result<Number, Status>>;
    type SquaresStream = Numbers;

    async fn divide(&self, request: Request<Division>) -> Result<Response<Number>, Status> {
        let Division { dividend, divisor } = request.into_inner();
        let quotient = dividend.checked_div(divisor);
        quotient
            .map(|value| Response::new(number(value)))
            .ok_or_else(|| Status::invalid_argument("divided by zero"))
    }

    async fn count(&self, request: Request<Number>) -> Result<Response<Self::CountStream>, Status> {
        let (sender, receiver) = mpsc::channel(4);
        tokio::spawn(async move {
            for value in 0..request.into_inner().value {
                if sender.send(Ok(number(value))).await.is_err() {
                    return;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    async fn sum(&self, request: Request<Streaming<Number>>) -> Result<Response<Number>, Status> {
        let mut numbers = request.into_inner();
        let mut total = 0;
        while let Some(number) = numbers.message().await? {
            total += number.value;
        }
        Ok(Response::new(number(total)))
    }

    async fn squares(
        &self,
        request: Request<Streaming<Number>>,
    ) -> Result<Response<Numbers>, Status> {
        let squares = request
            .into_inner()
            .map(|received| received.map(|Number { value }| number(value * value)));
        Ok(Response::new(Box::pin(squares)))
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let connections = TcpListenerStream::new(listener);
        let server = Server::builder().add_service(CalculatorServer::new(Service));
        server
            .serve_with_incoming_shutdown(connections, async { drop(stopped.await) })
            .await
    });

    let channel = Channel::from_shared(url)?
        .timeout(Duration::from_secs(30))
        .connect()
        .await?;
    let mut client = CalculatorClient::new(channel);
    unary(&mut client).await?;
    println!("ok: a call is answered, and a wrong one is refused");
    many_at_once(&client).await?;
    println!("ok: 100 calls at once over one connection");
    from_the_server(&mut client).await?;
    println!("ok: a stream from the server");
    to_the_server(&mut client).await?;
    println!("ok: a stream to the server");
    both_ways(&mut client).await?;
    println!("ok: a conversation");

    drop(client);
    drop(stop);
    server.await??;
    println!("ok: the server has drained and stopped");
    Ok(())
}

async fn unary(client: &mut CalculatorClient<Channel>) -> Result<()> {
    let quotient = client
        .divide(Division {
            dividend: -84,
            divisor: 2,
        })
        .await?
        .into_inner();
    ensure!(quotient == number(-42), "-84 / 2 is {quotient:?}");
    let refused = client
        .divide(Division {
            dividend: 1,
            divisor: 0,
        })
        .await;
    let status = refused.err().context("1 / 0 is a number")?;
    ensure!(
        status.code() == Code::InvalidArgument,
        "1 / 0 is refused by {status}"
    );
    ensure!(
        status.message() == "divided by zero",
        "1 / 0 is refused by {status}"
    );
    Ok(())
}

async fn many_at_once(client: &CalculatorClient<Channel>) -> Result<()> {
    let mut calls = JoinSet::new();
    for dividend in 0..100 {
        let mut client = client.clone();
        calls.spawn(async move {
            (
                dividend,
                client
                    .divide(Division {
                        dividend,
                        divisor: 3,
                    })
                    .await,
            )
        });
    }
    while let Some(call) = calls.join_next().await {
        let (dividend, quotient) = call?;
        let quotient = quotient?.into_inner();
        ensure!(
            quotient == number(dividend / 3),
            "{dividend} / 3 is {quotient:?}"
        );
    }
    Ok(())
}

async fn from_the_server(client: &mut CalculatorClient<Channel>) -> Result<()> {
    let mut numbers = client.count(number(1000)).await?.into_inner();
    for expected in 0..1000 {
        let received = numbers
            .message()
            .await?
            .context("the stream ends too early")?;
        ensure!(
            received == number(expected),
            "after {expected} numbers there is {received:?}"
        );
    }
    ensure!(
        numbers.message().await?.is_none(),
        "the stream does not end"
    );
    Ok(())
}

async fn to_the_server(client: &mut CalculatorClient<Channel>) -> Result<()> {
    let total = client
        .sum(tokio_stream::iter((1..=1000).map(number)))
        .await?
        .into_inner();
    ensure!(
        total == number(500_500),
        "the sum of 1 to 1000 is {total:?}"
    );
    Ok(())
}

/// Each number is sent when the last one has been answered.
async fn both_ways(client: &mut CalculatorClient<Channel>) -> Result<()> {
    let (questions, receiver) = mpsc::channel(1);
    let mut answers = client
        .squares(ReceiverStream::new(receiver))
        .await?
        .into_inner();
    for value in 0..100 {
        questions.send(number(value)).await?;
        let answer = answers
            .message()
            .await?
            .context("the conversation ends too early")?;
        ensure!(
            answer == number(value * value),
            "the square of {value} is {answer:?}"
        );
    }
    drop(questions);
    ensure!(
        answers.message().await?.is_none(),
        "the conversation does not end"
    );
    Ok(())
}
