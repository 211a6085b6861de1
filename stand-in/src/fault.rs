//! Faults of the stand-in, each of which real servers have.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// What is wrong with the responses.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Nothing: the stand-in answers as ipify does.
    None,
    /// Another status, with ipify's error JSON.
    Status(u16),
    /// 429 with this `Retry-After`.
    Busy(&'static str),
    /// 301 to this address.
    Redirect(String),
    /// The head comes after this time.
    Delay(Duration),
    /// Another fault, once the gate is open.
    Held(Gate, Box<Fault>),
    /// The body comes one byte at a time, with this pause before each.
    Drip(Duration),
    /// The connection is cut before the response.
    CutBeforeHead,
    /// The connection of the next request is cut before the response, and then
    /// nothing is wrong: as when a server closes an idle connection while a
    /// request arrives on it.
    CutOnce,
    /// The connection is cut in the middle of the body.
    CutInBody,
    /// The response is 200 with this body.
    Body(Bytes),
    /// The body never ends.
    Endless,
}

/// Holds responses back until it is opened. Clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    /// Returns a gate that is shut.
    pub fn shut() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    /// Returns a fault that waits for the gate, and then is `fault`.
    pub fn before(&self, fault: Fault) -> Fault {
        Fault::Held(self.clone(), Box::new(fault))
    }

    /// Opens the gate for good.
    pub fn open(&self) {
        self.0.close();
    }

    async fn pass(&self) {
        // An error means that the gate is open.
        let _ = self.0.acquire().await;
    }
}

pub type Body = UnsyncBoxBody<Bytes, Cut>;

/// The error that makes the server cut the connection.
#[derive(Debug)]
pub struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the fault cuts the connection")
    }
}

impl std::error::Error for Cut {}

impl Fault {
    /// Applies the fault to a valid response.
    pub async fn apply(self, right: Response<Bytes>) -> Result<Response<Body>, Cut> {
        match self {
            Fault::None => Ok(whole(right)),
            Fault::Status(status) => {
                let messages = format!(r#"{{"code":{status},"messages":"On purpose."}}"#);
                Ok(whole(with_status(right.map(|_| messages.into()), status)))
            }
            Fault::Busy(retry_after) => {
                let mut response = with_status(right, 429);
                let value = HeaderValue::from_static(retry_after);
                response.headers_mut().insert(header::RETRY_AFTER, value);
                Ok(whole(response))
            }
            Fault::Redirect(to) => {
                let mut response = with_status(right, 301);
                let value = HeaderValue::try_from(to).map_err(|_| Cut)?;
                response.headers_mut().insert(header::LOCATION, value);
                Ok(whole(response))
            }
            Fault::Delay(time) => {
                tokio::time::sleep(time).await;
                Ok(whole(right))
            }
            Fault::Held(gate, then) => {
                gate.pass().await;
                Box::pin(then.apply(right)).await
            }
            Fault::Drip(pause) => Ok(right.map(|body| drip(body, pause))),
            Fault::CutBeforeHead | Fault::CutOnce => Err(Cut),
            Fault::CutInBody => Ok(cut_in_half(right)),
            Fault::Body(body) => Ok(whole(with_status(right.map(|_| body), 200))),
            Fault::Endless => Ok(right.map(endless)),
        }
    }
}

fn with_status(mut response: Response<Bytes>, status: u16) -> Response<Bytes> {
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    response
}

fn whole(response: Response<Bytes>) -> Response<Body> {
    response.map(|body| {
        Full::from(body)
            .map_err(|never| match never {})
            .boxed_unsync()
    })
}

fn drip(body: Bytes, pause: Duration) -> Body {
    let bytes = futures_util::stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        Some((Ok(Frame::data(rest.split_to(1))), rest))
    });
    StreamBody::new(bytes).boxed_unsync()
}

fn cut_in_half(response: Response<Bytes>) -> Response<Body> {
    let length = HeaderValue::from(response.body().len());
    let mut response = response.map(|mut body| {
        let half = body.split_to(body.len() / 2);
        let frames = futures_util::stream::unfold(Some(half), |half| async move {
            match half {
                Some(half) => Some((Ok(Frame::data(half)), None)),
                None => {
                    // While the body is not ready, hyper sends what it has.
                    tokio::task::yield_now().await;
                    Some((Err(Cut), None))
                }
            }
        });
        StreamBody::new(frames).boxed_unsync()
    });
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, length);
    response
}

fn endless(start: Bytes) -> Body {
    let space = Bytes::from_static(&[b' '; 4096]);
    let frames = futures_util::stream::unfold(start, move |next| {
        let space = space.clone();
        async move { Some((Ok(Frame::data(next)), space)) }
    });
    StreamBody::new(frames).boxed_unsync()
}
