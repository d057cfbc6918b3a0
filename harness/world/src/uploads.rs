//! Uploads that never end. Teaches that a slow client occupies a request slot, and that valid credentials do not make a client
//! fast.

use std::{io, time::Duration};

use chassis::Chassis;
use http::uri::Authority;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::sleep,
};

/// The `Content-Length` of an upload. It never sends that much.
const ANNOUNCED_BYTES: usize = 1_000_000;

/// How often an upload sends one byte.
const TRICKLE: Duration = Duration::from_secs(5);

/// How long an upload waits to retry when the store had no slot for it.
const COMES_BACK_AFTER: Duration = Duration::from_secs(1);

/// Begins `count` uploads. Each starts over when the store gives up on it, and stops for good when its connection breaks: somebody
/// will look at the import tomorrow.
pub fn begin(uploader: &Chassis, store: &Authority, token: &str, count: usize) {
    for number in 0..count {
        let (network, service, store) = (uploader.network.clone(), uploader.service, store.clone());
        let head = format!(
            "PUT /assets/import-{number} HTTP/1.1\r\nHost: {store}\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: {ANNOUNCED_BYTES}\r\n\r\n"
        );
        uploader.tasks.spawn(async move {
            while let Ok(mut connection) = network.connect(service, &store).await {
                if upload(&mut connection, head.as_bytes()).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// Sends one byte at a time until the store answers.
async fn upload(connection: &mut chassis::network::Connection, head: &[u8]) -> io::Result<()> {
    connection.write_all(head).await?;
    let mut answer = [0; 1_024];
    loop {
        tokio::select! {
            biased;
            read = connection.read(&mut answer) => {
                return match read? {
                    0 => Err(io::ErrorKind::UnexpectedEof.into()),
                    // 503 means no free slot: retry in a moment. Any other answer means the upload took too long: start over at
                    // once.
                    _ if answer.starts_with(b"HTTP/1.1 503") => { sleep(COMES_BACK_AFTER).await; Ok(()) }
                    _ => Ok(()),
                };
            }
            // Ignore a failed write: the store has given up on the upload, and its answer is on the way.
            () = sleep(TRICKLE) => {
                let _ = connection.write_all(b" ").await;
            }
        }
    }
}
