//! How do the messages of a stream reach a client that may not take them?
//!
//! A few wait in a queue; then the work waits, no longer than the limit. What nobody took by then is forgotten, so that a
//! client that does not read holds nothing but its stream.

use super::status::Fault;
use super::trail::Trail;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio_stream::Stream;
use tonic::Status;

/// Messages that wait for a client before its call waits too.
const AHEAD: usize = 8;

type Queue<T> = Mutex<Receiver<Result<T, Status>>>;

/// The stream of answers, as the transport reads it.
#[derive(Debug)]
pub(super) struct Answers<T> {
    queue: Arc<Queue<T>>,
}

impl<T> Answers<T> {
    /// The queue, for as long as the transport has it.
    pub(super) fn queue(&self) -> Weak<Queue<T>> {
        Arc::downgrade(&self.queue)
    }
}

impl<T> Stream for Answers<T> {
    type Item = Result<T, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).poll_recv(context)
    }
}

/// A queue with room for one message more than may wait: the last.
pub(super) fn channel<T>() -> (Sender<Result<T, Status>>, Answers<T>) {
    let (sender, receiver) = mpsc::channel(AHEAD + 1);
    (sender, Answers { queue: Arc::new(Mutex::new(receiver)) })
}

/// Drops what waits in a queue.
pub(super) fn forget<T>(queue: &Weak<Queue<T>>) {
    if let Some(queue) = queue.upgrade() {
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        while queue.try_recv().is_ok() {}
    }
}

/// Where answers will go, once the audit log has it that they do.
#[derive(Debug)]
pub(super) struct Unopened<T> {
    outbound: Outbound<T>,
    trail: Arc<Trail>,
}

impl<T> Unopened<T> {
    pub(super) fn new(outbound: Outbound<T>, trail: Arc<Trail>) -> Self {
        Self { outbound, trail }
    }

    /// Writes down that an answer begins.
    pub(super) async fn open(self) -> Result<Outbound<T>, Fault> {
        self.trail.begun().await?;
        Ok(self.outbound)
    }
}

/// Where answers go.
#[derive(Debug)]
pub(super) struct Outbound<T> {
    sender: Sender<Result<T, Status>>,
    idle: Duration,
}

impl<T> Clone for Outbound<T> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), idle: self.idle }
    }
}

impl<T> Outbound<T> {
    pub(super) fn new(sender: Sender<Result<T, Status>>, idle: Duration) -> Self {
        Self { sender, idle }
    }

    /// Sends an answer, as soon as the client takes those before it.
    pub(super) async fn send(&self, answer: T) -> Result<(), Fault> {
        match tokio::time::timeout(self.idle, self.sender.send(Ok(answer))).await {
            Ok(sent) => sent.map_err(|_| Fault::Cancelled),
            Err(_) => Err(Fault::NotTaken { idle: self.idle }),
        }
    }

    /// Sends an answer if the client takes it at once: for news that the next ones outdate. Whether it was sent.
    pub(super) fn offer(&self, answer: T) -> bool {
        self.sender.try_send(Ok(answer)).is_ok()
    }
}
