//! Bodies on their way to the shopper: streamed, watched, and counted to their end.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::Sleep;

use super::backend::Exchange;
use super::upstream::Connection;

/// Breaking off an answer that was begun is all that can be done to tell that it is not whole.
pub(super) type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// What the edge answers with.
pub(super) enum EdgeBody {
    /// A target's answer.
    Streamed(StreamedBody),
    /// The edge's own words.
    Own(Option<Bytes>),
}

/// A target's answer on its way.
pub(super) struct StreamedBody {
    inner: Incoming,
    /// Taken when the end is reached.
    exchange: Option<(Exchange, Connection)>,
    /// Longest wait between two parts.
    patience: Duration,
    /// Made when a part lets us wait; small answers need none.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl StreamedBody {
    pub(super) fn new(
        inner: Incoming,
        exchange: Exchange,
        connection: Connection,
        patience: Duration,
    ) -> Self {
        let mut body = Self {
            inner,
            exchange: Some((exchange, connection)),
            patience,
            deadline: None,
        };
        body.settle_if_ended();
        body
    }

    fn settle_if_ended(&mut self) {
        if self.inner.is_end_stream() {
            self.settle();
        }
    }

    /// The end was reached: the connection can carry the next request.
    fn settle(&mut self) {
        if let Some((exchange, connection)) = self.exchange.take() {
            exchange.backend.upstream.keep(connection);
        }
    }

    /// The target broke off; the connection goes with it.
    fn fail(&mut self) {
        if let Some((mut exchange, _connection)) = self.exchange.take() {
            exchange.fail();
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Poll::Ready(part) = Pin::new(&mut self.inner).poll_frame(cx) {
            self.deadline = None;
            return Poll::Ready(match part {
                Some(Ok(frame)) => {
                    self.settle_if_ended();
                    Some(Ok(frame))
                }
                Some(Err(error)) => {
                    self.fail();
                    Some(Err(error.into()))
                }
                None => {
                    self.settle();
                    None
                }
            });
        }
        let patience = self.patience;
        let deadline = self
            .deadline
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(deadline.as_mut().poll(cx));
        self.fail();
        Poll::Ready(Some(Err(format!(
            "the target sent nothing for {patience:?} in the middle of its answer"
        )
        .into())))
    }
}

impl Body for EdgeBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Streamed(body) => body.poll(cx),
            Self::Own(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Streamed(body) => body.inner.is_end_stream(),
            Self::Own(bytes) => bytes.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Streamed(body) => body.inner.size_hint(),
            Self::Own(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
        }
    }
}
