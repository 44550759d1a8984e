//! Which connections are let in?
//!
//! No more at once than the limit, and no more from one address than its own. Where all places are taken, the oldest
//! connection that has not said a word yet is closed to make room: whoever opens many and says nothing keeps nobody out.
//! Each counts for as long as it lives, through the TLS handshake too.

use super::limits::Limits;
use super::metrics::{Counted, Metrics};
use super::quota::{Quota, Share};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::{Connected, TcpConnectInfo};

/// How long accepting rests after a failure.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a new connection waits for the place of one that was closed for it.
const HANDOVER: Duration = Duration::from_secs(1);

/// A connection that has a place.
pub(super) struct Connection {
    stream: TcpStream,
    voice: Arc<Voice>,
    /// Ready when it has to make room.
    closing: Pin<Box<dyn Future<Output = ()> + Send>>,
    closed: bool,
    _place: OwnedSemaphorePermit,
    _share: Share,
    _counted: Counted,
}

/// Whether a connection has said anything.
#[derive(Debug, Default)]
struct Voice {
    heard: AtomicBool,
    close: Notify,
}

/// The places there are.
struct Places {
    all: Arc<Semaphore>,
    by_address: Arc<Quota>,
    metrics: Arc<Metrics>,
    /// Connections that had said nothing when last looked at, oldest first.
    silent: VecDeque<Weak<Voice>>,
}

/// The connections of a listener that find a place.
pub(super) fn connections(
    listener: TcpListener,
    limits: &Limits,
    metrics: Arc<Metrics>,
) -> ReceiverStream<io::Result<Connection>> {
    let (sender, receiver) = mpsc::channel(1);
    let mut places = Places {
        all: Arc::new(Semaphore::new(limits.connections.max(1))),
        by_address: Arc::new(Quota::new(limits.connections_per_address)),
        metrics,
        silent: VecDeque::new(),
    };
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = sender.closed() => break,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                // The next one may be well: this client was gone before it was accepted, or too many files are open.
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            match places.seat(stream).await {
                Ok(Some(connection)) => {
                    if sender.send(Ok(connection)).await.is_err() {
                        break;
                    }
                }
                Ok(None) => {
                    places.metrics.connections_refused.inc();
                }
                Err(error) => tracing::debug!(%error, "a connection was closed at once"),
            }
        }
    });
    ReceiverStream::new(receiver)
}

impl Places {
    /// Gives a connection a place, if there is one or can be.
    async fn seat(&mut self, stream: TcpStream) -> io::Result<Option<Connection>> {
        stream.set_nodelay(true)?;
        let address = stream.peer_addr()?.ip().to_string();
        let Some(share) = self.by_address.take(&address) else { return Ok(None) };
        let Some(place) = self.place().await else { return Ok(None) };
        let voice = Arc::new(Voice::default());
        self.silent.push_back(Arc::downgrade(&voice));
        // Those that spoke or are gone need not be looked at again.
        if self.silent.len() > 2 * self.all.available_permits().max(64) {
            self.silent.retain(|voice| voice.upgrade().is_some_and(|voice| !voice.is_heard()));
        }
        let closed = Arc::clone(&voice);
        Ok(Some(Connection {
            stream,
            voice,
            closing: Box::pin(async move { closed.close.notified().await }),
            closed: false,
            _place: place,
            _share: share,
            _counted: Counted::begin(&self.metrics, |metrics| &metrics.connections),
        }))
    }

    /// A place, that of a silent connection if need be.
    async fn place(&mut self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.all).try_acquire_owned() {
            return Some(place);
        }
        let mut oldest = std::iter::from_fn(|| self.silent.pop_front());
        let silent = oldest.find_map(|voice| voice.upgrade().filter(|voice| !voice.is_heard()))?;
        silent.close.notify_one();
        self.metrics.connections_evicted.inc();
        let place = Arc::clone(&self.all).acquire_owned();
        tokio::time::timeout(HANDOVER, place).await.ok()?.ok()
    }
}

impl Voice {
    fn is_heard(&self) -> bool {
        self.heard.load(Ordering::Relaxed)
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.stream.connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.voice.is_heard() && !self.closed {
            self.closed = self.closing.as_mut().poll(context).is_ready();
        }
        if self.closed {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.voice.heard.store(true, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
