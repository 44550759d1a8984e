//! What do clients send that is no message, no frame, no TLS, or nothing at all?
//!
//! The attacks below the contract. What they got is how the service ended what they began.

use crate::attacks::{Front, breathe, hold, many};
use crate::wire;
use crate::world::Draws;
use prost::bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::task::JoinSet;
use tonic::codegen::http::HeaderValue;

/// Longest wait for the service to end a connection that makes no sense: its handshakes have ten seconds, its pings forty.
const PATIENCE: Duration = Duration::from_secs(12);
/// Methods of the contract, with and without a stream of messages.
const METHODS: [&str; 8] = [
    "ExtractionService/Extract",
    "ComparisonService/Compare",
    "ReferenceService/Enrol",
    "ReferenceService/Get",
    "ReferenceService/List",
    "SearchService/Search",
    "BatchService/Compare",
    "AdminService/Statistics",
];
/// What a client of HTTP/2 says first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// So many bytes of a sequence.
fn noise(draws: &mut Draws, length: usize) -> Vec<u8> {
    (0..length).map(|_| draws.below(256) as u8).collect()
}

pub(crate) fn reset(front: &Arc<Front>) -> JoinSet<()> {
    many(front, 4, |front, _| async move {
        while front.on() {
            let Ok(connection) = front.wire.http2(65_535).await else {
                front.got("no connection");
                breathe().await;
                continue;
            };
            while front.on() {
                let ready = connection.sender.clone().ready().await;
                let (Ok(mut sender), Ok(request)) =
                    (ready, wire::request("ReferenceService/Enrol"))
                else {
                    front.got("connection ended by the service");
                    break;
                };
                let Ok((response, mut body)) = sender.send_request(request, false) else { break };
                body.send_reset(h2::Reason::CANCEL);
                drop(response);
                front.got("opened and reset");
                tokio::task::yield_now().await;
            }
        }
    })
}

/// A message that is wrong in some way, and what is wrong with it.
fn wrong(draws: &mut Draws) -> (&'static str, Bytes) {
    let length = 1 + draws.index(200);
    match draws.below(6) {
        0 => ("noise in a frame", wire::frame(&noise(draws, length))),
        1 => ("no frame", Bytes::from(noise(draws, length))),
        // A field that says it is longer than the message.
        2 => ("a cut field", wire::frame(&[0x0a, 0xff, 0xff, 0xff, 0x7f, 1])),
        3 => ("a frame of 4 GiB", Bytes::from_static(&[0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3])),
        4 => ("a compressed frame", Bytes::from_static(&[1, 0, 0, 0, 3, 1, 2, 3])),
        _ => ("a cut frame", Bytes::from_static(&[0, 0, 0, 1, 0, 1, 2, 3])),
    }
}

pub(crate) fn protobuf(front: &Arc<Front>) -> JoinSet<()> {
    many(front, 4, |front, number| async move {
        let mut draws = Draws::new(front.mix.arguments.seed, 5000 + number as u64);
        let mut connection = None;
        for turn in number.. {
            if !front.on() {
                return hold(connection).await;
            }
            breathe().await;
            if connection.as_ref().is_none_or(wire::Http2::ended) {
                connection = front.wire.http2(65_535).await.ok();
            }
            let Some(http2) = &connection else {
                front.got("no connection");
                continue;
            };
            let Ok(mut request) = wire::request(METHODS[turn % METHODS.len()]) else { return };
            let (mut what, message) = wrong(&mut draws);
            let value = HeaderValue::from_static;
            match draws.below(8) {
                0 => {
                    what = "another content type";
                    request.headers_mut().insert("content-type", value("text/html"));
                }
                1 => {
                    what = "a timeout that is none";
                    request.headers_mut().insert("grpc-timeout", value("99999999999999H"));
                }
                2 => {
                    what = "a method that is none";
                    let Ok(none) = wire::request("ReferenceService/Drop") else { return };
                    request = none;
                }
                3 => {
                    what = "headers beyond the limit";
                    let Ok(long) = HeaderValue::from_str(&"x".repeat(20_000)) else { return };
                    request.headers_mut().insert("x-long", long);
                }
                _ => {}
            }
            let Ok(mut sender) = http2.sender.clone().ready().await else {
                connection = None;
                continue;
            };
            let ending = match sender.send_request(request, false) {
                Ok((response, mut body)) => {
                    // That it cannot be sent any more says the answer.
                    let _ = body.send_data(message, true);
                    tokio::time::timeout(PATIENCE, wire::ending(response)).await
                }
                Err(error) => Ok(format!("not sent: {error}")),
            };
            let ending = ending.unwrap_or_else(|_| "no answer".to_owned());
            front.got(format!("{what}: {ending}"));
        }
    })
}

/// A frame of HTTP/2: length, type, flags, stream, payload.
fn http2_frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Bytes after a handshake that agreed on HTTP/2, and what is wrong with them.
fn wrong_http2(draws: &mut Draws) -> (&'static str, Vec<u8>) {
    let settings = http2_frame(4, 0, 0, &[]);
    let begun = [PREFACE, &settings].concat();
    let after = |frames: Vec<u8>| [begun.clone(), frames].concat();
    match draws.below(9) {
        0 => ("noise", noise(draws, 4096)),
        1 => ("noise after the preface", [PREFACE, &noise(draws, 4096)].concat()),
        2 => ("HTTP/1.1", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec()),
        3 => ("headers on no stream", after(http2_frame(1, 4, 0, &noise(draws, 40)))),
        4 => ("headers that are no HPACK", after(http2_frame(1, 4, 1, &noise(draws, 400)))),
        5 => ("a continuation of nothing", after(http2_frame(9, 4, 1, &noise(draws, 40)))),
        6 => {
            // Headers that never end: each frame is as long as may be.
            let first = http2_frame(1, 0, 1, &[0x40; 16_000]);
            let more = http2_frame(9, 0, 1, &[0x40; 16_000]);
            ("headers that never end", after([first, more.repeat(200)].concat()))
        }
        7 => ("pings without end", after(http2_frame(6, 0, 0, &[0; 8]).repeat(100_000))),
        _ => ("settings without end", after(settings.repeat(100_000))),
    }
}

/// Sends bytes and waits for the service to end the connection.
async fn send(
    front: &Front,
    what: &str,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    bytes: &[u8],
) {
    // That it is not taken to the end says the answer.
    let _ = tokio::time::timeout(PATIENCE, stream.write_all(bytes)).await;
    let _ = tokio::time::timeout(PATIENCE, stream.flush()).await;
    let closed = wire::until_closed(&mut stream, PATIENCE).await;
    front.got(format!("{what}: {closed}"));
}

pub(crate) fn http2(front: &Arc<Front>) -> JoinSet<()> {
    many(front, 8, |front, number| async move {
        let mut draws = Draws::new(front.mix.arguments.seed, 6000 + number as u64);
        while front.on() {
            match front.wire.tls().await {
                Ok(stream) => {
                    let (what, bytes) = wrong_http2(&mut draws);
                    send(&front, what, stream, &bytes).await;
                }
                Err(_) => front.got("no connection"),
            }
            breathe().await;
        }
    })
}

pub(crate) fn tls(front: &Arc<Front>) -> JoinSet<()> {
    many(front, 16, |front, number| async move {
        let mut draws = Draws::new(front.mix.arguments.seed, 7000 + number as u64);
        while front.on() {
            breathe().await;
            let (what, bytes) = match draws.below(5) {
                0 => ("noise", noise(&mut draws, 2000)),
                1 => {
                    ("HTTP/1.1 without TLS", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec())
                }
                2 => ("HTTP/2 without TLS", [PREFACE, &http2_frame(4, 0, 0, &[])].concat()),
                // A record that says it is a long greeting, and does not come.
                3 => ("a greeting that is cut", vec![22, 3, 1, 0x3f, 0xff, 1, 0, 0x3f, 0xfb, 3, 3]),
                _ => {
                    match front.wire.strange_tls().await {
                        Ok(stream) => send(&front, "no certificate", stream, PREFACE).await,
                        Err(_) => front.got("no certificate: no handshake"),
                    }
                    continue;
                }
            };
            match front.wire.tcp().await {
                Ok(stream) => send(&front, what, stream, &bytes).await,
                Err(_) => front.got("no connection"),
            }
        }
    })
}

pub(crate) fn silent(front: &Arc<Front>) -> JoinSet<()> {
    many(front, front.silent, |front, _| async move {
        while front.on() {
            match front.wire.tcp().await {
                Ok(mut stream) => {
                    let closed = wire::until_closed(&mut stream, PATIENCE).await;
                    front.got(closed);
                }
                Err(_) => front.got("no connection"),
            }
            // Those beyond the limit are closed at once, and come again.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    })
}
