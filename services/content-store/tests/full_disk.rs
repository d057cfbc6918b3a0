//! The store as a process of its own whose disk becomes full, and has room again: nobody restarts it, and nothing is lost.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use chassis::{Answer, Chassis, Clock, Network, Peer, Wait};
use http::Request;
use tokio::time::{sleep, timeout};

/// Room on the disk: some publishes fit in, and not many.
const ROOM_BYTES: u64 = 6 * 1_024 * 1_024;

/// How long the store may take to notice that there is room again. It may be asked once a second.
const NOTICED: Duration = Duration::from_secs(20);

const WAIT: Wait = Wait::AtMost(Duration::from_secs(20));

/// A store in a process of its own, which ends with this value, also when a test fails.
struct Running {
    process: Child,
    peer: Peer,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Running {
    /// `command` ends in the store; its options are added here.
    fn start(mut command: Command, data: &Path) -> Self {
        let mut process = command
            .args(["--bind", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("GLYPHFALL_EDITOR_TOKEN", "secret")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = lines.by_ref().find_map(|line| {
            let line = line.expect("the store says where it listens");
            line.split_once("http://").map(|(_, address)| address.to_owned())
        });
        // Nobody may block on a full pipe: the rest is read and forgotten.
        std::thread::spawn(move || lines.for_each(drop));
        let address = address.expect("the store says where it listens").parse().unwrap();
        let peer = Peer::new(&Chassis::of_caller("test", Network::tcp(0), Clock::real(), 0), address);
        Self { process, peer }
    }

    async fn publish(&self, asset: &str, body: Bytes) -> Answer {
        let request = Request::put(format!("/assets/{asset}")).header("authorization", "Bearer secret");
        self.peer.send(request.body(body).unwrap(), WAIT).await.unwrap()
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let answer = self.peer.get(path, WAIT).await.unwrap();
        (answer.status.as_u16(), String::from_utf8(answer.body.to_vec()).unwrap())
    }
}

/// Publishes until nothing fits in any more, and again once `make_room` has been called.
async fn outlives_a_full_disk(store: &Running, make_room: impl FnOnce()) {
    assert_eq!(store.publish("footer", "one".into()).await.status, 201);
    assert_eq!(store.get("/readyz").await, (200, "ok\n".to_owned()));
    let large = Bytes::from(vec![b'x'; 1_048_576]);
    let mut kept = 0;
    let refused = loop {
        let answer = store.publish("large", large.clone()).await;
        if !answer.status.is_success() {
            break answer;
        }
        kept += 1;
        assert!(kept < 50, "the disk is never full");
    };
    let said = String::from_utf8(refused.body.to_vec()).unwrap();
    assert_eq!((refused.status.as_u16(), said.contains("disk is full")), (507, true), "{said}");
    // The process lives, readers are served, and whoever asks is told.
    assert_eq!(store.get("/healthz").await.0, 200);
    assert_eq!(store.get("/assets/footer/versions/1/body").await, (200, "one".to_owned()));
    let not_ready = async {
        loop {
            let (status, said) = store.get("/readyz").await;
            if status == 503 {
                return said;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    let said = timeout(NOTICED, not_ready).await.expect("the store says that it is full");
    assert!(said.contains("none can be published") && said.contains("no room on the disk"), "{said}");
    assert_eq!(store.publish("large", large.clone()).await.status, 507);

    make_room();
    let ready = async {
        while store.get("/readyz").await.0 != 200 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(NOTICED, ready).await.expect("the store notices that there is room");
    let answer = store.publish("large", large.clone()).await;
    let expected = format!("\"{}\"", kept + 1);
    assert_eq!((answer.status.as_u16(), answer.headers["etag"].to_str().unwrap()), (200, &*expected));
    for version in 1..=kept + 1 {
        let (status, body) = store.get(&format!("/assets/large/versions/{version}/body")).await;
        assert_eq!((status, body.len()), (200, large.len()), "version {version}");
    }
    assert_eq!(store.publish("footer", "two".into()).await.headers["etag"], "\"2\"");
}

/// A limit on the size of a process's files is met as a full disk is, and needs no rights.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_store_publishes_again_when_it_may_write_more() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    let limit_blocks = ROOM_BYTES / 512;
    // Told by the failed write alone, not by a signal that would end the process.
    let script = format!("trap '' XFSZ; ulimit -S -f {limit_blocks}; exec \"$0\" \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_content-store")]);
    let store = Running::start(command, folder.path());
    let process = i32::try_from(store.process.id()).unwrap();
    outlives_a_full_disk(&store, || {
        let (mut soft, mut hard) = (0, 0);
        rlimit::prlimit(process, rlimit::Resource::FSIZE, None, Some((&mut soft, &mut hard))).unwrap();
        assert_eq!(soft, ROOM_BYTES);
        rlimit::prlimit(process, rlimit::Resource::FSIZE, Some((hard, hard)), None).unwrap();
    })
    .await;
}

/// A small file system in memory, gone with this value.
struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Why there is none, if this user may not mount.
    fn mount(folder: &Path) -> Result<Self, String> {
        let size = format!("size={ROOM_BYTES}");
        let mut mount = Command::new("mount");
        let output = mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder).output();
        let output = output.map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(Self { folder: folder.to_owned() })
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.folder).status();
    }
}

#[tokio::test]
async fn a_store_publishes_again_when_its_disk_has_room() {
    let folder = tempfile::tempdir().unwrap();
    let disk = match SmallDisk::mount(folder.path()) {
        Ok(disk) => disk,
        Err(reason) => {
            eprintln!("NOT RUN: a small disk needs the right to mount one ({reason})");
            return;
        }
    };
    let ballast = disk.folder.join("ballast");
    fs::write(&ballast, vec![0; usize::try_from(ROOM_BYTES / 2).unwrap()]).unwrap();
    let command = Command::new(env!("CARGO_BIN_EXE_content-store"));
    let store = Running::start(command, &disk.folder.join("data"));
    outlives_a_full_disk(&store, || fs::remove_file(&ballast).unwrap()).await;
    drop(store);
}
