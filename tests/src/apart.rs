//! The shop in four processes, as in containers: three services, and `glyphfall watch`.

use std::process::Command;

use tempfile::TempDir;

use crate::{
    process::{Process, program, token},
    up::Ports,
};

/// A shop in separate processes. Dropping it ends them.
#[derive(Debug)]
pub struct Apart {
    /// Its ports.
    pub ports: Ports,
    /// The editor's token.
    pub editor_token: String,
    /// The operators' token.
    pub operator_token: String,
    _processes: [Process; 4],
    _data: TempDir,
}

impl Apart {
    /// Starts all four processes, which report at `level` to the evidence store, and waits until customers can come.
    ///
    /// # Panics
    ///
    /// When they do not open in time.
    pub async fn start(level: &str) -> Self {
        let (ports, editor_token, operator_token) = (Ports::free(), token(), token());
        let notification_token = token();
        let data = tempfile::tempdir().expect("a folder can be made");
        let start = |name: &str, port: u16, operator: u16, arguments: &[&str]| {
            let mut command = Command::new(program(name));
            command.args(arguments).env("GLYPHFALL_LEVEL", level).env("GLYPHFALL_DATA", data.path());
            command
                .env("GLYPHFALL_EDITOR_TOKEN", &editor_token)
                .env("GLYPHFALL_OPERATOR_TOKEN", &operator_token)
                .env("GLYPHFALL_NOTIFICATION_TOKEN", &notification_token);
            let at = |port: u16| format!("127.0.0.1:{port}");
            command.env("GLYPHFALL_CACHE", at(ports.cache)).env("GLYPHFALL_CONTENT_STORE", at(ports.store));
            command.env("GLYPHFALL_WEB_FRONT", at(ports.front));
            command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://127.0.0.1:{}", ports.otlp[0]));
            if port != 0 {
                command.env("GLYPHFALL_BIND", at(port)).env("GLYPHFALL_OPERATOR_BIND", at(operator));
            }
            Process::start(&mut command)
        };
        let doors = ports.doors();
        let watch: Vec<_> = ["watch"].into_iter().chain(doors.iter().map(String::as_str)).collect();
        let mut processes = [
            start("glyphfall", 0, 0, &watch),
            start("content-store", ports.store, ports.operators + 1, &[]),
            start("cache", ports.cache, ports.operators, &[]),
            start("web-front", ports.front, ports.operators + 2, &[]),
        ];
        for (process, port) in processes.iter_mut().zip([ports.room, ports.store, ports.cache, ports.front]) {
            process.until_listening(port).await;
        }
        Self { ports, editor_token, operator_token, _processes: processes, _data: data }
    }
}
