//! The protocol over two streams, one message per line. Teaches that an unreadable line deserves an answer, because its sender waits for
//! one.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    thread,
};

use rmcp::{
    RoleServer, ServiceExt,
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::server::Server;

/// The longest message, in bytes: a call holds a few sentences.
pub const LINE_BYTES_MAX: u64 = 1_024 * 1_024;

/// The most messages in the queue of either direction.
const LINES: usize = 16;

/// JSON-RPC's error codes: for text that is not JSON, and for JSON that is not a message.
const PARSE_ERROR: i32 = -32_700;
const INVALID_REQUEST: i32 = -32_600;

/// Incoming and outgoing lines, each on a thread of its own.
pub struct Lines {
    incoming: mpsc::Receiver<Vec<u8>>,
    outgoing: mpsc::Sender<Vec<u8>>,
}

impl Lines {
    /// Starts to read and to write. The threads end with the streams.
    pub fn over(reads: impl Read + Send + 'static, writes: impl Write + Send + 'static) -> io::Result<Self> {
        let (received, incoming) = mpsc::channel(LINES);
        let (outgoing, to_send) = mpsc::channel(LINES);
        thread::Builder::new().name("lines-in".to_owned()).spawn(move || read(reads, &received))?;
        thread::Builder::new().name("lines-out".to_owned()).spawn(move || write(writes, to_send))?;
        Ok(Self { incoming, outgoing })
    }

    /// Serves the protocol until the other end goes away.
    pub async fn serve(self, server: Server) -> io::Result<()> {
        let serving = server.serve(self).await.map_err(io::Error::other)?;
        serving.waiting().await.map_err(io::Error::other)?;
        Ok(())
    }
}

fn read(reads: impl Read, received: &mpsc::Sender<Vec<u8>>) {
    let mut reads = BufReader::new(reads);
    loop {
        let mut line = Vec::new();
        match reads.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) if line.ends_with(b"\n") => {}
            // The line was cut off at the limit, or at the end of the stream. The next read would begin in the middle of a message.
            Ok(_) => return,
        }
        if received.blocking_send(line).is_err() {
            return;
        }
    }
}

fn write(mut writes: impl Write, mut to_send: mpsc::Receiver<Vec<u8>>) {
    while let Some(mut line) = to_send.blocking_recv() {
        line.push(b'\n');
        if writes.write_all(&line).and_then(|()| writes.flush()).is_err() {
            return;
        }
    }
}

/// The answer to an unreadable line.
fn refusal(line: &[u8], error: &serde_json::Error) -> Value {
    let (id, code, message) = match serde_json::from_slice::<Value>(line) {
        Err(_) => (
            Value::Null,
            PARSE_ERROR,
            format!("This line is no JSON: {error}. Send one JSON-RPC message a line."),
        ),
        Ok(message) => {
            let why = "This is no message of the protocol: it needs 'jsonrpc', a 'method' that is known, and its 'params'.";
            (message["id"].clone(), INVALID_REQUEST, why.to_owned())
        }
    };
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}

impl Transport<RoleServer> for Lines {
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let outgoing = self.outgoing.clone();
        async move {
            let line = serde_json::to_vec(&message)?;
            outgoing.send(line).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            let line = self.incoming.recv().await?;
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match serde_json::from_slice(&line) {
                Ok(message) => return Some(message),
                Err(error) => {
                    self.outgoing.send(refusal(&line, &error).to_string().into_bytes()).await.ok()?;
                }
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.incoming.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cannot_be_read_is_answered_with_what_is_wrong() {
        let refused = |line: &str| {
            let error = serde_json::from_str::<RxJsonRpcMessage<RoleServer>>(line).unwrap_err();
            refusal(line.as_bytes(), &error)
        };
        let answer = refused("{\"jsonrpc\": ");
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&Value::Null, &json!(PARSE_ERROR)));
        let answer = refused("{\"id\": 7, \"method\": \"tools/list\"}");
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(7), &json!(INVALID_REQUEST)));
    }
}
