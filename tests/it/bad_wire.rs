//! What is no message at all: bytes that are no text, bytes that are no gRPC, and more connections than anybody needs.

use std::time::Duration;

use dozvon::proto::v1::{
    EventBatch, GetSourceRequest, StreamEventsRequest, StreamOpen,
    stream_events_request::Message as Request,
};
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::harness::{PATIENCE, Server};
use crate::sender::{SECOND, Sender, answered, live, now, reason, request};

/// Bytes as they are, in both directions.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        use prost::bytes::BufMut as _;
        out.put_slice(&item);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::default()
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        use prost::bytes::Buf as _;
        Ok(Some(from.copy_to_bytes(from.remaining()).to_vec()))
    }
}

/// Sends these messages on a stream and returns the status that it ends with.
async fn stream(server: &Server, messages: Vec<Vec<u8>>) -> Status {
    let mut client = tonic::client::Grpc::new(server.channel().await);
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static("/dozvon.v1.IngestService/StreamEvents");
    let messages = tonic::Request::new(tokio_stream::iter(messages));
    let answers = client.streaming(messages, path, Raw).await;
    let mut answers = match answers {
        Ok(answers) => answers.into_inner(),
        Err(status) => return status,
    };
    loop {
        match tokio::time::timeout(PATIENCE, answers.message())
            .await
            .unwrap()
        {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream ended well"),
            Err(status) => return status,
        }
    }
}

/// Calls GetSource with these bytes.
async fn unary(server: &Server, message: Vec<u8>) -> Status {
    let mut client = tonic::client::Grpc::new(server.channel().await);
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static("/dozvon.v1.IngestService/GetSource");
    let answer = client.unary(tonic::Request::new(message), path, Raw).await;
    answer.map(|answer| answer.into_inner()).unwrap_err()
}

fn broken(text: &[u8]) -> Vec<u8> {
    let at = text.windows(4).position(|bytes| bytes == b"c1c1").unwrap();
    let mut broken = text.to_vec();
    broken[at] = 0xff;
    broken
}

#[track_caller]
fn assert_malformed(refused: &Status) {
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
    assert_eq!(reason(refused), "malformed_message");
    assert!(refused.message().contains("Protobuf"), "{refused}");
}

#[tokio::test]
async fn bytes_that_are_no_text_or_no_message_get_a_clear_error() {
    let server = Server::start().await;
    let open = |source: &str| {
        let open = Request::Open(StreamOpen {
            source: source.into(),
            ..live("")
        });
        request(open).encode_to_vec()
    };
    let first = broken(&open("c1c1"));
    assert_malformed(&stream(&server, vec![first]).await);
    assert_malformed(&stream(&server, vec![b"\xff\xff\xff".to_vec()]).await);

    let events = answered(1, "c1c1", now() - 600 * SECOND);
    let sent_at = None;
    let batch = Request::Batch(EventBatch { sent_at, events });
    let batch = StreamEventsRequest {
        message: Some(batch),
    };
    let later = broken(&batch.encode_to_vec());
    let refused = stream(&server, vec![open("pbx"), later]).await;
    assert_malformed(&refused);
    assert!(
        refused.message().contains("call_id"),
        "the field is named: {refused}"
    );

    let question = GetSourceRequest {
        source: "c1c1".into(),
        epoch: None,
    };
    assert_malformed(&unary(&server, broken(&question.encode_to_vec())).await);
    assert_lives(&server).await;
}

#[tokio::test]
async fn bytes_that_are_no_grpc_do_no_harm() {
    let server = Server::start().await;
    let http_1 = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".to_vec();
    let nonsense: Vec<u8> = (0..50_000_u32).map(|at| (at * at % 251) as u8).collect();
    let preface_then_nonsense = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        nonsense.clone(),
    ];
    for bytes in [http_1, nonsense, preface_then_nonsense.concat()] {
        let mut socket = TcpStream::connect(server.grpc_addr()).await.unwrap();
        // The server may hang up before it has read all of it.
        drop(socket.write_all(&bytes).await);
        let mut said = Vec::new();
        let read = socket.read_to_end(&mut said);
        let read = tokio::time::timeout(PATIENCE, read).await;
        drop(read.expect("the server hangs up"));
    }
    let path = format!(
        "http://{}/dozvon.v1.IngestService/Nothing",
        server.http_addr()
    );
    assert_eq!(reqwest::get(path).await.unwrap().status().as_u16(), 404);
    assert_lives(&server).await;
}

#[tokio::test]
async fn two_hundred_connections_are_served() {
    let mut server = Server::start().await;
    let at = now() - 600 * SECOND;
    let mut senders = Vec::new();
    let mut silent = Vec::new();
    for number in 0..200 {
        let source = format!("pbx-{number}");
        senders.push(Sender::open(&server, live(&source)).await.unwrap());
        silent.push(TcpStream::connect(server.grpc_addr()).await.unwrap());
    }
    for sender in &mut senders {
        assert_eq!(sender.batch(answered(1, "c1", at)).await.accepted, 4);
    }
    assert_lives(&server).await;
    // All of them still open, silent ones too, it stops in time.
    let stopped = tokio::time::timeout(Duration::from_secs(5), server.terminate()).await;
    assert!(stopped.expect("within 5 s").success());
}

/// The server answers and takes events.
async fn assert_lives(server: &Server) {
    let mut health = HealthClient::new(server.channel().await);
    health.check(HealthCheckRequest::default()).await.unwrap();
    let mut sender = Sender::open(server, live("alive")).await.unwrap();
    let next = sender.opened.mark + 1;
    let events = answered(next, &format!("c{next}"), now() - 600 * SECOND);
    assert_eq!(sender.batch(events).await.accepted, 4);
    sender.close().await;
}
