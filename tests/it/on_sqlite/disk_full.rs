//! A full disk: refused with a reason and a time to wait, reports still served, healed by itself when there is room.
//!
//! The disk is a small tmpfs, mounted for the test; so these need root.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use dozvon::proto::v1::{Event, StreamOpen};
use tempfile::TempDir;
use tonic::Code;

use crate::harness::Server;
use crate::sender::{
    SECOND, Sender, all_queues, answered, history, live, newest, now, reason, retry_after, source,
    stored, until,
};
use crate::start::{on_files, refused, serve};

/// A disk of this many megabytes, until it is dropped.
struct SmallDisk {
    path: PathBuf,
    // Dropped after the mount is gone.
    _folder: TempDir,
}

impl SmallDisk {
    fn mount(megabytes: u32) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("disk");
        fs::create_dir(&path).unwrap();
        let mut command = Command::new("mount");
        let size = format!("size={megabytes}m");
        command.args(["-t", "tmpfs", "-o", &size, "tmpfs"]);
        let mounted = command.arg(&path).status().unwrap();
        assert!(mounted.success(), "mounting a tmpfs needs root");
        Self {
            path,
            _folder: folder,
        }
    }

    /// Fills what room there is, but for this much.
    fn fill(&self, left: usize) -> Filling {
        let path = self.path.join("filling");
        let mut block = vec![0; 1024 * 1024];
        let mut bytes = Vec::new();
        // The last write that fits tells the size.
        loop {
            bytes.append(&mut block.clone());
            if fs::write(&path, &bytes).is_err() {
                break;
            }
        }
        block.clear();
        let written = fs::metadata(&path).unwrap().len() as usize;
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_len(written.saturating_sub(left) as u64).unwrap();
        Filling(path)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a server that is being killed may still hold files.
        drop(
            Command::new("umount")
                .arg("--lazy")
                .arg(&self.path)
                .status(),
        );
    }
}

/// What fills the disk, until it is dropped.
struct Filling(PathBuf);

impl Drop for Filling {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

fn calls(first: u64, count: u64, at: i64) -> Vec<Event> {
    let calls = (0..count).map(|call| first + call * 4);
    calls
        .flat_map(|first| answered(first, &format!("c{first}"), at))
        .collect()
}

/// Sends calls until the journal refuses; the last number acked.
async fn send_until_refused(server: &Server, open: StreamOpen, at: i64) -> (u64, tonic::Status) {
    let mut sender = Sender::open(server, open).await.unwrap();
    let mut acked = sender.opened.mark;
    for _ in 0..2_000 {
        match sender.try_batch(calls(acked + 1, 100, at)).await {
            Ok(ack) => acked = ack.sequence,
            Err(refused) => return (acked, refused),
        }
    }
    panic!("the disk never was full: {acked} events");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root to mount a small disk: run tests/run"]
async fn a_full_disk_refuses_and_heals_and_loses_nothing() {
    let disk = SmallDisk::mount(16);
    let mut server = Server::start_on(&disk.path.join("data")).await;
    let at = now() - 600 * SECOND;
    let (acked, refused) = {
        let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
        let ack = sender.batch(calls(1, 100, at)).await;
        stored(&server, "pbx", ack.position).await;
        let _filling = disk.fill(256 * 1024);
        let (acked, refused) = send_until_refused(&server, live("pbx"), at).await;
        assert!(acked >= 400);

        // Reads go on: what the journal knows, the report, the metrics.
        let known = newest(&server, "pbx").await;
        assert_eq!((known.mark, known.gaps.len()), (acked, 0));
        assert!(all_queues(&server).await.visits_offered >= 100);
        assert!(server.metrics().await.contains("dozvon_build_info"));
        // Still full, still said.
        let again = Sender::open(&server, live("pbx")).await;
        let again = again.unwrap().try_batch(calls(acked + 1, 100, at)).await;
        assert_eq!(reason(&again.unwrap_err()), "disk_full");
        let new = Sender::open(&server, live("new-source")).await;
        assert_eq!(reason(&new.err().unwrap()), "disk_full");
        (acked, refused)
    };
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    assert_eq!(reason(&refused), "disk_full");
    let wait = retry_after(&refused).expect("it says how long to wait");
    assert!(wait > Duration::ZERO && wait <= Duration::from_secs(10));
    assert!(refused.message().contains("disk"), "{refused}");

    // There is room: by itself it takes on, the very next events.
    let mut sender = until("the disk to heal", || async {
        let mut sender = Sender::open(&server, live("pbx")).await.ok()?;
        assert_eq!(sender.opened.mark, acked, "what was refused is not known");
        let ack = sender.try_batch(calls(acked + 1, 100, at)).await.ok()?;
        assert_eq!((ack.accepted, ack.duplicates), (400, 0));
        Some(sender)
    })
    .await;
    let ack = sender.batch(calls(acked + 401, 1, at)).await;
    let all = acked + 404;
    stored(&server, "pbx", ack.position).await;
    assert_eq!(all_queues(&server).await.visits_offered, all / 4);

    server.kill();
    server.restart().await;
    let known = newest(&server, "pbx").await;
    assert_eq!((known.mark, known.gaps.len()), (all, 0));
    assert_eq!(all_queues(&server).await.visits_offered, all / 4);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root to mount a small disk: run tests/run"]
async fn a_start_on_a_full_disk_serves_what_is_there_and_heals() {
    let disk = SmallDisk::mount(16);
    let mut server = Server::start_on(&disk.path.join("data")).await;
    let at = now() - 600 * SECOND;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let ack = sender.batch(calls(1, 100, at)).await;
    stored(&server, "pbx", ack.position).await;
    server.kill();
    {
        let _filling = disk.fill(0);
        server.restart().await;
        assert_eq!(newest(&server, "pbx").await.mark, 400);
        assert_eq!(all_queues(&server).await.visits_offered, 100);
        assert!(server.metrics().await.contains("dozvon_build_info"));
        let refused = send_until_refused(&server, live("pbx"), at).await;
        assert_eq!((refused.0, reason(&refused.1)), (400, "disk_full".into()));
    }
    let ack = until("the disk to heal", || async {
        let mut sender = Sender::open(&server, live("pbx")).await.ok()?;
        sender.try_batch(calls(401, 100, at)).await.ok()
    })
    .await;
    assert_eq!((ack.accepted, ack.duplicates), (400, 0));
    stored(&server, "pbx", ack.position).await;
    assert_eq!(all_queues(&server).await.visits_offered, 200);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root to mount a small disk: run tests/run"]
async fn a_first_start_on_a_full_disk_says_so() {
    let disk = SmallDisk::mount(1);
    let _filling = disk.fill(0);
    let data = disk.path.join("data");
    let said = serve(on_files(&data), &[]).await;
    let name = data.display().to_string();
    refused(
        &said,
        1,
        &["cannot open", &name, "the disk is full", "make room"],
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root to mount a small disk: run tests/run"]
async fn a_store_without_room_is_waited_for_and_catches_up() {
    // The journal has all the room it wants; the store lies on a small disk of its own.
    let disk = SmallDisk::mount(8);
    let mut server = Server::start_with("[ingest]\nstore_lag_max = 20000\n").await;
    assert!(server.terminate().await.success());
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        let path = server.data().join(name);
        if path.exists() {
            fs::remove_file(&path).unwrap();
        }
    }
    // SQLite keeps its log beside the real file, so a link moves all of the store.
    std::os::unix::fs::symlink(disk.path.join("store.db"), server.data().join("store.db")).unwrap();
    server.restart().await;

    let at = now() - 7_200 * SECOND;
    let mut sender = Sender::open(&server, history("bank", 1)).await.unwrap();
    let mut acked = 0;
    let mut position = sender.batch(calls(1, 100, at)).await.position;
    acked += 400;
    stored(&server, "bank", position).await;
    let filling = disk.fill(128 * 1024);

    // Acks go on while the store stands still, up to the lag that is allowed; then the sender has to wait.
    let waiting = loop {
        let next = sender.try_batch(calls(acked + 1, 250, at));
        match tokio::time::timeout(Duration::from_secs(3), next).await {
            Ok(ack) => {
                let ack = ack.unwrap();
                acked = ack.sequence;
                position = ack.position;
            }
            Err(_) => break acked,
        }
        assert!(acked < 200_000, "it takes without end");
    };
    assert!(waiting >= 20_000, "{waiting}");
    // Reports are served, of what the store holds, and where a sender is to resume.
    assert_eq!(source(&server, "bank").await.epochs[0].mark, acked);
    let offered = all_queues(&server).await.visits_offered;
    assert!((100..acked / 4).contains(&offered), "{offered}");

    drop(filling);
    // The batch that had to wait is answered, and everything is in the report.
    let ack = sender.heartbeat(now()).await;
    acked = ack.sequence;
    position = position.max(ack.position);
    let known = stored(&server, "bank", position).await;
    assert_eq!(known.epochs[0].mark, acked);
    let finished = sender.finish(true).await;
    stored(&server, "bank", finished.position).await;
    let row = all_queues(&server).await;
    assert_eq!(row.visits_offered, acked / 4);
    assert_eq!(row.conservation_residual, 0);

    server.kill();
    server.restart().await;
    assert_eq!(source(&server, "bank").await.epochs[0].mark, acked);
    assert_eq!(all_queues(&server).await.visits_offered, acked / 4);
}
