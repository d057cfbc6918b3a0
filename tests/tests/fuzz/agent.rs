//! An external program's input, line by line: the Model Context Protocol over streams.

use std::{
    io::{self, Read, Write},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

use agent::{desk::Desk, lines::Lines, server::Server};
use incident::Level;
use serde_json::{Value, json};
use tokio::runtime::Builder;

/// The client's first message.
const HELLO: &str = concat!(
    r#"{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"a","version":"1"}}}"#,
    "\n",
    r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
    "\n"
);

/// The id of the last request. A server that still answers it works.
const LAST: &str = "the-last-question-of-all";

/// After this time an answer counts as lost. Only a stalled machine could delay it so long.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);

/// The server's output so far, and a signal that it grew.
#[derive(Default)]
struct Stream {
    written: Mutex<Vec<u8>>,
    grew: Condvar,
}

/// The client's input. It ends once the last request has been answered.
struct Sends {
    rest: io::Cursor<Vec<u8>>,
    stream: Arc<Stream>,
}

struct Receives(Arc<Stream>);

impl Read for Sends {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.rest.read(buffer)?;
        if read == 0 {
            let written = self.stream.written.lock().unwrap();
            let waits =
                |written: &mut Vec<u8>| !written.windows(LAST.len()).any(|part| part == LAST.as_bytes());
            let (_written, waited) =
                self.stream.grew.wait_timeout_while(written, ANSWERS_WITHIN, waits).unwrap();
            if waited.timed_out() {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        Ok(read)
    }
}

impl Write for Receives {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.written.lock().unwrap().extend_from_slice(bytes);
        self.0.grew.notify_all();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn agent_lines() {
    let call = |name: &str, arguments: Value| {
        json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": { "name": name, "arguments": arguments } }).to_string()
    };
    let honest = [
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }).to_string(),
        call("situation", json!({})),
        call("check", json!({ "name": "probe-home" })),
        call("logs", json!({ "text": "error", "severity": "warn", "from": "-15m", "limit": 20 })),
        call("metrics", json!({ "name": "shop.fills", "function": "rate", "step": "30s" })),
        call("traces", json!({ "failed": true, "limit": 5 })),
        call("remedy", json!({ "steps": [{ "remedy": "roll-back", "asset": "promo-banner" }] })),
        call("hypothesis", json!({ "text": "the cache waits" })),
        call(
            "explain",
            json!({ "cause": "special-character", "path": ["content-store"], "factors": ["invalid-rendering"], "confidence": 0.8 }),
        ),
        call("wait", json!({ "minutes": 1.5 })),
        call("finish", json!({ "input_tokens": 1, "output_tokens": 2, "usd": 0.5 })),
        json!({ "jsonrpc": "2.0", "id": 2, "method": "ping" }).to_string() + "\n\n{\"id\": 3}\n[]\nnull",
    ];
    let honest = honest.map(String::into_bytes);
    target!("agent-lines", &honest, |input| {
        let last = json!({ "jsonrpc": "2.0", "id": LAST, "method": "ping" }).to_string();
        let sent = [HELLO.as_bytes(), input, b"\n", last.as_bytes(), b"\n"].concat();
        let questions =
            sent.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
        let stream = Arc::new(Stream::default());
        let (desk, asks) = Desk::new(Level::Changes);
        // A world that accepts every call.
        let world = thread::spawn(move || {
            for ask in asks {
                let _ = ask.reply.send(Ok(json!({ "done": true })));
            }
        });
        let desk = Arc::new(desk);
        let reads = Sends { rest: io::Cursor::new(sent), stream: Arc::clone(&stream) };
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let served = runtime.block_on(async {
            let lines = Lines::over(reads, Receives(Arc::clone(&stream))).unwrap();
            lines.serve(Server::new(Arc::clone(&desk))).await
        });
        desk.close();
        drop(runtime);
        world.join().unwrap();
        let written = String::from_utf8(stream.written.lock().unwrap().clone()).expect("answers are text");
        served.unwrap_or_else(|error| panic!("{error}; answered was {written}"));
        let answers: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(
            answers.iter().any(|answer| answer["id"] == LAST),
            "the last question is not answered: {written}"
        );
        assert!(answers.len() <= questions, "{} answers to {questions} lines: {written}", answers.len());
        assert!(answers.iter().all(|answer| answer["jsonrpc"] == "2.0"), "{written}");
    });
}
