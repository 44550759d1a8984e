//! How is the service spoken to in ways that no client of the contract would?
//!
//! Bare TCP, TLS with or without a certificate, and HTTP/2 frame by frame.

use crate::clients::Directory;
use anyhow::anyhow;
use h2::client::{ResponseFuture, SendRequest};
use prost::bytes::Bytes;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tonic::codegen::http;

/// Longest wait for a connection or a handshake.
const WAIT: Duration = Duration::from_secs(15);

/// Ways to the service.
#[derive(Clone)]
pub(crate) struct Wire {
    address: SocketAddr,
    known: TlsConnector,
    stranger: TlsConnector,
}

/// An HTTP/2 connection; the socket is closed when it is dropped.
pub(crate) struct Http2 {
    pub(crate) sender: SendRequest<Bytes>,
    driver: JoinHandle<()>,
}

impl Drop for Http2 {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Http2 {
    /// Whether the connection has ended.
    pub(crate) fn ended(&self) -> bool {
        self.driver.is_finished()
    }
}

impl Wire {
    /// With the certificate of a laboratory, and without one.
    pub(crate) fn new(directory: &Directory, laboratory: usize) -> anyhow::Result<Self> {
        let [authority, certificate, key] = directory.pems(laboratory);
        let mut roots = RootCertStore::empty();
        for known in CertificateDer::pem_slice_iter(authority) {
            roots.add(known?)?;
        }
        let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<_, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(key)?;
        let builder = || {
            let provider = Arc::new(ring::default_provider());
            let builder = ClientConfig::builder_with_provider(provider);
            let builder = builder.with_safe_default_protocol_versions();
            builder.map(|builder| builder.with_root_certificates(roots.clone()))
        };
        let connector = |mut config: ClientConfig| {
            config.alpn_protocols = vec![b"h2".to_vec()];
            TlsConnector::from(Arc::new(config))
        };
        Ok(Self {
            address: directory.address(),
            known: connector(builder()?.with_client_auth_cert(chain, key)?),
            stranger: connector(builder()?.with_no_client_auth()),
        })
    }

    pub(crate) async fn tcp(&self) -> anyhow::Result<TcpStream> {
        Ok(tokio::time::timeout(WAIT, TcpStream::connect(self.address)).await??)
    }

    /// After the TLS handshake as the laboratory.
    pub(crate) async fn tls(&self) -> anyhow::Result<TlsStream<TcpStream>> {
        self.handshake(&self.known).await
    }

    /// After the TLS handshake as nobody.
    pub(crate) async fn strange_tls(&self) -> anyhow::Result<TlsStream<TcpStream>> {
        self.handshake(&self.stranger).await
    }

    async fn handshake(&self, connector: &TlsConnector) -> anyhow::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from("localhost")?;
        let stream = self.tcp().await?;
        Ok(tokio::time::timeout(WAIT, connector.connect(name, stream)).await??)
    }

    /// HTTP/2 as the laboratory; so many bytes of every answer are taken before the client says more.
    pub(crate) async fn http2(&self, window: u32) -> anyhow::Result<Http2> {
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(window);
        let stream = self.tls().await?;
        let (sender, connection) = builder.handshake::<_, Bytes>(stream).await?;
        let driver = tokio::spawn(async move {
            // However it ends, it has ended.
            let _ = connection.await;
        });
        let mut sender = sender.ready().await?;
        // The server's settings come with its first frames.
        for _ in 0..50 {
            if sender.current_max_send_streams() != usize::MAX {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
            sender = sender.ready().await?;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        Ok(Http2 { sender, driver })
    }
}

/// A call of the contract, before its messages.
pub(crate) fn request(method: &str) -> anyhow::Result<http::Request<()>> {
    let request = http::Request::builder()
        .method("POST")
        .uri(format!("https://localhost/casemark.v1.{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    request.body(()).map_err(|error| anyhow!(error))
}

/// A message in its gRPC frame.
pub(crate) fn frame(message: &[u8]) -> Bytes {
    let mut frame = vec![0];
    frame.extend_from_slice(&(message.len() as u32).to_be_bytes());
    frame.extend_from_slice(message);
    frame.into()
}

/// Reads an answer to its end: its gRPC status, or how the stream broke.
pub(crate) async fn ending(response: ResponseFuture) -> String {
    match status(response).await {
        Ok(said) => said,
        Err(error) => format!("HTTP/2: {error}"),
    }
}

/// The gRPC status in headers or trailers.
pub(crate) fn code(headers: &http::HeaderMap) -> Option<String> {
    let code = headers.get("grpc-status")?.to_str().ok()?.parse().ok()?;
    Some(format!("{:?}", tonic::Code::from_i32(code)))
}

async fn status(response: ResponseFuture) -> Result<String, h2::Error> {
    let (head, mut body) = response.await?.into_parts();
    if let Some(code) = code(&head.headers) {
        return Ok(code);
    }
    while let Some(data) = body.data().await {
        let length = data?.len();
        body.flow_control().release_capacity(length)?;
    }
    let trailers = body.trailers().await?;
    let code = trailers.as_ref().and_then(code);
    Ok(code.unwrap_or_else(|| format!("HTTP {}", head.status)))
}

/// Reads on until the other side ends the connection: how it ended it, or that it did not within so long.
pub(crate) async fn until_closed(
    stream: &mut (impl tokio::io::AsyncRead + Unpin),
    longest: Duration,
) -> &'static str {
    let reading = async {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match stream.read(&mut buffer).await {
                Ok(0) => return "closed",
                Ok(_) => {}
                Err(_) => return "closed by an error",
            }
        }
    };
    tokio::time::timeout(longest, reading).await.unwrap_or("left open")
}
