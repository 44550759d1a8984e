//! The client for programs that have no runtime of their own.

use super::call::{Client, Wait};
use super::connection::Connection;
use super::error::{Cause, ClientError};
use tokio::runtime::{Builder, Runtime};

/// A [`Client`] with a runtime of one thread.
#[derive(Debug)]
pub struct Blocking {
    // Before the runtime, which its connection lives in.
    client: Client,
    runtime: Runtime,
}

impl Blocking {
    /// Connects; `on_wait` is told of every wait before a call is made again.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub fn connect(
        connection: &Connection,
        on_wait: impl Fn(&Wait) + Send + Sync + 'static,
    ) -> Result<Self, ClientError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Cause::Runtime(error).at(&connection.server))?;
        let connecting = Client::connect(connection);
        let client = wait(&runtime, &connection.server, connecting)?.telling(on_wait);
        Ok(Self { client, runtime })
    }

    /// The client, whose calls [`Self::wait`] waits for.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Waits for a call, at most until Ctrl-C, which cancels it.
    ///
    /// # Errors
    /// The call's own; [`Cause::Interrupted`].
    pub fn wait<T, E: From<ClientError>>(
        &self,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        wait(&self.runtime, self.client.server(), call)
    }
}

fn wait<T, E: From<ClientError>>(
    runtime: &Runtime,
    server: &str,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    runtime.block_on(async {
        tokio::select! {
            biased;
            result = call => result,
            Ok(()) = tokio::signal::ctrl_c() => Err(Cause::Interrupted.at(server).into()),
        }
    })
}
