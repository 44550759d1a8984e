//! What is the same for every call: its time, and whether it is made again.

use super::connection::{Connection, channel};
use super::error::{Cause, ClientError, Refused};
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Code, Request};

/// Longest message taken from a server: a page of records with long notes.
pub(super) const MESSAGE_LIMIT: usize = 64 << 20;
/// Longest wait that is waited for; a server that asks for more gets no second call.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Why a call waits before it is made again.
#[derive(Clone, Debug)]
pub struct Wait {
    /// What the server said.
    pub refused: Refused,
    /// How long.
    pub wait: Duration,
}

/// Is told of every wait.
type OnWait = Arc<dyn Fn(&Wait) + Send + Sync>;

/// A connection to a casemark service. Cheap to clone; its clones share the connection.
#[derive(Clone)]
pub struct Client {
    pub(super) channel: Channel,
    server: String,
    timeout: Option<Duration>,
    retries: u32,
    /// Whether the connection is private and says nothing of who we are.
    uncertified: bool,
    on_wait: OnWait,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("server", &self.server).finish_non_exhaustive()
    }
}

/// Whether a call that was made twice does the same as one that was made once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    Harmless,
    Never,
}

impl Client {
    /// Connects to a server.
    ///
    /// # Errors
    /// An address or certificates that cannot be used; no connection.
    pub async fn connect(connection: &Connection) -> Result<Self, ClientError> {
        let channel = channel(connection).await.map_err(|cause| cause.at(&connection.server))?;
        Ok(Self {
            channel,
            server: connection.server.clone(),
            timeout: connection.timeout,
            retries: connection.retries,
            uncertified: connection.authority.is_some() && connection.identity.is_none(),
            on_wait: Arc::new(|_| {}),
        })
    }

    /// The same client, that tells of every wait before a call is made again.
    #[must_use]
    pub fn telling(self, on_wait: impl Fn(&Wait) + Send + Sync + 'static) -> Self {
        Self { on_wait: Arc::new(on_wait), ..self }
    }

    /// The server, as the caller named it.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// A request with the time that it may take.
    pub(super) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(timeout) = self.timeout {
            request.set_timeout(timeout);
        }
        request
    }

    /// Waits for a call, from its request to the end of its answer, no longer than it may take.
    pub(super) async fn timed<T>(
        &self,
        call: impl Future<Output = Result<T, Cause>>,
    ) -> Result<T, Cause> {
        let Some(after) = self.timeout else { return call.await };
        match tokio::time::timeout(after, call).await {
            Ok(result) => result.map_err(|cause| overdue(cause, after)),
            Err(_) => Err(Cause::TimedOut { after }),
        }
    }

    pub(super) const fn attempts(&self, repeat: Repeat) -> Attempts<'_> {
        let left = if matches!(repeat, Repeat::Harmless) { self.retries } else { 0 };
        Attempts { client: self, left }
    }
}

/// How many times a call may still be made again.
pub(super) struct Attempts<'a> {
    client: &'a Client,
    left: u32,
}

impl Attempts<'_> {
    /// Ends the call with its result; or waits, if the server has no room and the call is to be made again.
    pub(super) async fn conclude<T>(
        &mut self,
        result: Result<T, Cause>,
    ) -> ControlFlow<Result<T, ClientError>> {
        let cause = match result {
            Ok(answer) => return ControlFlow::Break(Ok(answer)),
            Err(cause) => cause,
        };
        let hint = cause.refused().and_then(|refused| Some((refused, wait(refused)?)));
        let Some((refused, wait)) = hint.filter(|_| self.left > 0) else {
            let cause = if self.client.uncertified { cause.uncertified() } else { cause };
            return ControlFlow::Break(Err(cause.at(&self.client.server)));
        };
        self.left -= 1;
        (self.client.on_wait)(&Wait { refused: refused.clone(), wait });
        tokio::time::sleep(wait).await;
        ControlFlow::Continue(())
    }
}

/// Makes a call, and makes it again where the server has no room: an expression for `async` functions of [`Client`].
/// (No function that takes a closure, since its futures could not be sent between threads.)
macro_rules! call {
    ($client:expr, $repeat:expr, $body:block) => {{
        let mut attempts = $client.attempts($repeat);
        loop {
            let result = $client.timed(async { $body }).await;
            if let std::ops::ControlFlow::Break(result) = attempts.conclude(result).await {
                break result;
            }
        }
    }};
}
pub(super) use call;

/// How long to wait before the same is asked again; `None` where that is of no use.
fn wait(refused: &Refused) -> Option<Duration> {
    let full = matches!(refused.code, Code::ResourceExhausted | Code::Unavailable);
    refused.retry_after.filter(|wait| full && *wait <= LONGEST_WAIT)
}

/// The transport keeps the time too, and has another word for it.
fn overdue(cause: Cause, after: Duration) -> Cause {
    match cause.refused() {
        Some(Refused {
            code: Code::Cancelled | Code::DeadlineExceeded, request_id: None, ..
        }) => Cause::TimedOut { after },
        _ => cause,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: Code, retry_after: Option<u64>) -> Refused {
        Refused {
            code,
            message: String::new(),
            reason: String::new(),
            violations: Vec::new(),
            retry_after: retry_after.map(Duration::from_secs),
            request_id: None,
        }
    }

    #[test]
    fn only_a_server_that_says_when_to_come_back_is_asked_again() {
        let two = Some(Duration::from_secs(2));
        assert_eq!(wait(&refused(Code::ResourceExhausted, Some(2))), two);
        assert_eq!(wait(&refused(Code::Unavailable, Some(2))), two);
        assert_eq!(wait(&refused(Code::Unavailable, None)), None);
        assert_eq!(wait(&refused(Code::InvalidArgument, Some(2))), None);
        assert_eq!(wait(&refused(Code::ResourceExhausted, Some(3600))), None);
    }
}
