//! What the requests mean, and the limits set on them.
//!
//! | request | answers |
//! | --- | --- |
//! | `GET /v1/keys/{key}` | 200 with the value, 404 |
//! | `PUT /v1/keys/{key}` | 201 new, 204 replaced, 400 not JSON, 408, 413, 500 not stored, 503 late |
//! | `DELETE /v1/keys/{key}` | 204, 404, 500 not stored, 503 late |
//! | `GET /v1/keys?prefix=…&limit=…` | 200 with `{"keys":[…],"truncated":…}`, sorted |
//! | `GET /healthz` | 200 |
//! | `GET /metrics` | 200 with the runtime's counters for Prometheus; 404 without `--metrics` |
//!
//! Keys are percent-decoded; a slash within a key is written `%2F`. What is refused is told why:
//! `{"error":"…"}`.

use crate::store::{Change, JsonText, Store};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, EXPECT, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};
use leno::runtime::RuntimeMetrics;
use leno::time::{Instant, timeout_at};
use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub type Answer = Response<Full<Bytes>>;

/// Keys in a listing that names no limit, and the most it can ask for.
const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 10_000;

/// How much of a body that is too large is still taken in: most clients do not listen before they have
/// sent all, and would see a closed connection in place of the 413.
const DISCARDED: usize = 16 * 1024 * 1024;

pub struct Api {
    store: Store,
    max_body: usize,
    request_timeout: Duration,
    metrics: Option<RuntimeMetrics>,
    draining: AtomicBool,
}

impl Api {
    /// `metrics` are told to whoever asks.
    pub fn new(
        store: Store,
        max_body: usize,
        request_timeout: Duration,
        metrics: Option<RuntimeMetrics>,
    ) -> Self {
        Self {
            store,
            max_body,
            request_timeout,
            metrics,
            draining: AtomicBool::new(false),
        }
    }

    /// Asks the clients, from now on, to close their connection after the answer.
    pub fn drain(&self) {
        // Ordering: Relaxed, since the flag publishes nothing but itself.
        self.draining.store(true, Ordering::Relaxed);
    }

    pub async fn answer(&self, mut request: Request<Incoming>) -> Answer {
        let deadline = Instant::now() + self.request_timeout;
        let mut answer = match self.route(&mut request, deadline).await {
            Ok(answer) => answer,
            Err(refusal) => {
                read_on(&mut request, deadline).await;
                refusal.answer()
            }
        };
        if self.draining.load(Ordering::Relaxed) {
            close_after(&mut answer);
        }
        answer
    }

    async fn route(
        &self,
        request: &mut Request<Incoming>,
        deadline: Instant,
    ) -> Result<Answer, Refusal> {
        let path = request.uri().path();
        if path == "/healthz" {
            only_get(request)?;
            return Ok(json(StatusCode::OK, r#"{"status":"ok"}"#));
        }
        if let ("/metrics", Some(metrics)) = (path, &self.metrics) {
            only_get(request)?;
            let mut answer = Response::new(Full::from(metrics.prometheus()));
            let format = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
            answer.headers_mut().insert(CONTENT_TYPE, format);
            return Ok(answer);
        }
        if path == "/v1/keys" {
            only_get(request)?;
            return self.list(request.uri());
        }
        let Some(key) = path.strip_prefix("/v1/keys/") else {
            return Err(refuse(StatusCode::NOT_FOUND, "no such resource"));
        };
        if key.is_empty() || key.contains('/') {
            let reason = "a key has at least one character, and writes a slash as %2F";
            return Err(refuse(StatusCode::BAD_REQUEST, reason));
        }
        let key = percent_decode(key, false)?;
        match *request.method() {
            Method::GET | Method::HEAD => self.get(&key),
            Method::PUT => self.put(key, request, deadline).await,
            Method::DELETE => self.delete(key, deadline).await,
            _ => Err(not_allowed("GET, HEAD, PUT, DELETE")),
        }
    }

    fn get(&self, key: &str) -> Result<Answer, Refusal> {
        let value = self.store.get(key).ok_or_else(no_such_key)?;
        Ok(json(StatusCode::OK, value.into_bytes()))
    }

    async fn put(
        &self,
        key: String,
        request: &mut Request<Incoming>,
        deadline: Instant,
    ) -> Result<Answer, Refusal> {
        let body = self.read_body(request, deadline).await?;
        let value = JsonText::parse(&body).map_err(|error| {
            let reason = format!("the body is not valid JSON: {error}");
            refuse(StatusCode::BAD_REQUEST, reason)
        })?;
        let replaced = self.change(Change::Put { key, value }, deadline).await?;
        Ok(empty(match replaced {
            true => StatusCode::NO_CONTENT,
            false => StatusCode::CREATED,
        }))
    }

    async fn delete(&self, key: String, deadline: Instant) -> Result<Answer, Refusal> {
        // Looked up first, so that the journal does not grow by deleting nothing.
        self.store.get(&key).ok_or_else(no_such_key)?;
        match self.change(Change::Delete { key }, deadline).await? {
            true => Ok(empty(StatusCode::NO_CONTENT)),
            false => Err(no_such_key()),
        }
    }

    fn list(&self, uri: &Uri) -> Result<Answer, Refusal> {
        let mut prefix = String::new();
        let mut limit = DEFAULT_LIMIT;
        for pair in uri.query().unwrap_or_default().split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "prefix" => prefix = percent_decode(value, true)?,
                "limit" => {
                    let number = value.parse().ok().filter(|limit| *limit <= MAX_LIMIT);
                    let reason = format!("limit is not a number up to {MAX_LIMIT}");
                    limit = number.ok_or_else(|| refuse(StatusCode::BAD_REQUEST, reason))?;
                }
                _ => {}
            }
        }
        let (keys, truncated) = self.store.list(&prefix, limit);
        let listing = serde_json::json!({ "keys": keys, "truncated": truncated });
        Ok(json(StatusCode::OK, listing.to_string()))
    }

    async fn change(&self, change: Change, deadline: Instant) -> Result<bool, Refusal> {
        match timeout_at(deadline, self.store.change(change)).await {
            Ok(Ok(existed)) => Ok(existed),
            Ok(Err(error)) => {
                let reason = format!("the data file cannot be written: {error}");
                Err(refuse(StatusCode::INTERNAL_SERVER_ERROR, reason))
            }
            Err(_) => {
                let reason = "storing took too long; the change may still be made";
                Err(refuse(StatusCode::SERVICE_UNAVAILABLE, reason))
            }
        }
    }

    /// The whole body, within its limits of size and time.
    async fn read_body(
        &self,
        request: &mut Request<Incoming>,
        deadline: Instant,
    ) -> Result<Bytes, Refusal> {
        let body = request.body_mut();
        // What announces too much is not read to find that out.
        let announced = body.size_hint().lower();
        if announced <= self.max_body as u64 {
            let reading = Limited::new(body, self.max_body).collect();
            match timeout_at(deadline, reading).await {
                Ok(Ok(whole)) => return Ok(whole.to_bytes()),
                Ok(Err(error)) if error.is::<LengthLimitError>() => {}
                Ok(Err(_)) => {
                    return Err(refuse(StatusCode::BAD_REQUEST, "the body is incomplete").closing());
                }
                Err(_) => {
                    return Err(
                        refuse(StatusCode::REQUEST_TIMEOUT, "the body came too late").closing(),
                    );
                }
            }
        }
        let reason = format!("the body is larger than {} bytes", self.max_body);
        Err(refuse(StatusCode::PAYLOAD_TOO_LARGE, reason).closing())
    }
}

/// Reads the rest of a request that is refused, in time and up to a limit: a client that still sends would find its connection
/// closed, and not the answer. One that waits for leave to send gets none.
async fn read_on(request: &mut Request<Incoming>, deadline: Instant) {
    if !request.headers().contains_key(EXPECT) {
        let _ = timeout_at(deadline, discard(request.body_mut())).await;
    }
}

async fn discard(body: &mut Incoming) {
    let mut left = DISCARDED;
    while let Some(Ok(frame)) = body.frame().await {
        match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

fn only_get(request: &Request<Incoming>) -> Result<(), Refusal> {
    match *request.method() {
        Method::GET | Method::HEAD => Ok(()),
        _ => Err(not_allowed("GET, HEAD")),
    }
}

/// Replaces each `%xx` by its byte; in a query, a plus sign stands for a space.
fn percent_decode(text: &str, in_query: bool) -> Result<String, Refusal> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                let value = digit().zip(digit()).map(|(high, low)| high * 16 + low);
                let reason = "a percent sign is not followed by two hexadecimal digits";
                value.ok_or_else(|| refuse(StatusCode::BAD_REQUEST, reason))? as u8
            }
            b'+' if in_query => b' ',
            _ => byte,
        });
    }
    String::from_utf8(decoded)
        .map_err(|_| refuse(StatusCode::BAD_REQUEST, "percent-encoded text is not UTF-8"))
}

fn json(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(text.into()));
    *answer.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(CONTENT_TYPE, json);
    answer
}

fn empty(status: StatusCode) -> Answer {
    let mut answer = Answer::default();
    *answer.status_mut() = status;
    answer
}

/// Why there is nothing better to answer.
struct Refusal {
    status: StatusCode,
    reason: Cow<'static, str>,
    /// The methods that would not be refused.
    allowed: Option<&'static str>,
    /// True if the rest of the request is not worth waiting for.
    closing: bool,
}

fn refuse(status: StatusCode, reason: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal {
        status,
        reason: reason.into(),
        allowed: None,
        closing: false,
    }
}

fn no_such_key() -> Refusal {
    refuse(StatusCode::NOT_FOUND, "no such key")
}

fn not_allowed(methods: &'static str) -> Refusal {
    let reason = format!("this resource has {methods} only");
    Refusal {
        allowed: Some(methods),
        ..refuse(StatusCode::METHOD_NOT_ALLOWED, reason)
    }
}

impl Refusal {
    fn closing(self) -> Self {
        Self {
            closing: true,
            ..self
        }
    }

    fn answer(self) -> Answer {
        let text = serde_json::json!({ "error": self.reason }).to_string();
        let mut answer = json(self.status, text);
        if let Some(methods) = self.allowed {
            let methods = HeaderValue::from_static(methods);
            answer.headers_mut().insert(ALLOW, methods);
        }
        if self.closing {
            close_after(&mut answer);
        }
        answer
    }
}

fn close_after(answer: &mut Answer) {
    let close = HeaderValue::from_static("close");
    answer.headers_mut().insert(CONNECTION, close);
}
