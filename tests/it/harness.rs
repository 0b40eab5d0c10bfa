//! A real server on free ports in a temporary folder, that can be killed and started again. Its data lie in SQLite files, or
//! in PostgreSQL when the run says so (`DOZVON_TEST_DATABASE=postgres`).

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use dozvon::proto::v1::GetSourceRequest;
use dozvon::proto::v1::ingest_service_client::IngestServiceClient;
use dozvon::proto::v1::report_service_client::ReportServiceClient;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

use crate::postgres::{self, Database, Postgres};

/// How long anything may take before a test gives up waiting: a debug build on a machine with other work.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Sends a signal to a process of ours. A machine may lack the program `kill`.
pub(crate) fn signal(id: u32, signal: Signal) {
    let pid = Pid::from_raw(id.cast_signed()).expect("a process has a number");
    kill_process(pid, signal).expect("it is there, and ours");
}

/// The binary under test.
pub(crate) fn dozvon() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dozvon"));
    // A developer's own settings must not reach a test.
    for (name, _) in std::env::vars() {
        if name.starts_with("DOZVON_") && name != "DOZVON_SHARED" {
            command.env_remove(name);
        }
    }
    command
}

/// The shared data; without it a machine of the CI fails, and any other says loudly what was left out.
pub(crate) fn shared() -> Option<PathBuf> {
    let named = std::env::var_os("DOZVON_SHARED").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = named
        .or(Some(beside))
        .filter(|path| path.join("data/anonymous-bank").is_dir());
    if shared.is_none() {
        let is_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
        assert!(
            !is_ci,
            "no shared data: DOZVON_SHARED names no folder with data/anonymous-bank"
        );
        // Past the capturing of tests' output: nobody shall take these tests for passed.
        let words = "\nLEFT OUT: no shared data; name its folder by DOZVON_SHARED\n";
        std::io::stderr().write_all(words.as_bytes()).unwrap();
    }
    shared
}

/// A running server and its folder.
pub(crate) struct Server {
    child: Option<Child>,
    folder: TempDir,
    /// Where the data lies, when it is not in the folder.
    elsewhere: Option<PathBuf>,
    database: Option<Database<'static>>,
    /// The URL of that, or of one that the test itself has.
    url: Option<String>,
    config: Option<PathBuf>,
    grpc: String,
    http: String,
}

impl Server {
    /// Starts a server with the default configuration in a new folder.
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// Starts a server with this configuration file in a new folder.
    pub(crate) async fn start_with(config: &str) -> Self {
        let database = postgres::chosen().then(|| Postgres::shared().database());
        let url = database.as_ref().map(Database::url);
        Self::start_at(None, database, url, config).await
    }

    /// Starts a server whose data lie in files in this folder.
    pub(crate) async fn start_on(data: &Path) -> Self {
        Self::start_at(Some(data.to_owned()), None, None, "").await
    }

    /// Starts a server on a PostgreSQL database that the test has.
    pub(crate) async fn start_at_url(url: &str) -> Self {
        Self::start_at(None, None, Some(url.to_owned()), "").await
    }

    /// Starts another server on the same data and key, as a standby's start goes on once it has the lock.
    pub(crate) async fn start_beside(other: &Self) -> Self {
        Self::start_at(Some(other.data()), None, other.url.clone(), "").await
    }

    async fn start_at(
        elsewhere: Option<PathBuf>,
        database: Option<Database<'static>>,
        url: Option<String>,
        config: &str,
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("dozvon.toml");
        std::fs::write(&path, config).unwrap();
        let mut server = Self {
            child: None,
            folder,
            elsewhere,
            database,
            url,
            config: Some(path),
            grpc: String::new(),
            http: String::new(),
        };
        server.restart().await;
        server
    }

    /// Gives it another configuration for its next start.
    pub(crate) fn reconfigure(&self, config: &str) {
        let path = self.config.as_ref().expect("it has one");
        std::fs::write(path, config).unwrap();
    }

    /// Starts it again in the same folder, on the same ports once they are known; it must not be running.
    pub(crate) async fn restart(&mut self) {
        assert!(self.child.is_none(), "the server still runs");
        let (grpc, http) = if self.grpc.is_empty() {
            ("127.0.0.1:0".to_owned(), "127.0.0.1:0".to_owned())
        } else {
            (self.grpc.clone(), self.http.clone())
        };
        let mut command = self.serve();
        command.args(["--grpc", &grpc, "--http", &http]);
        if let Some(config) = &self.config {
            command.arg("--config").arg(config);
        }
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).unwrap();
            line
        });
        let line = tokio::time::timeout(PATIENCE, line)
            .await
            .expect("ready in time")
            .unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).expect("the ready line is JSON");
        self.grpc = ready["grpc"].as_str().unwrap().to_owned();
        self.http = ready["http"].as_str().unwrap().to_owned();
        self.child = Some(child);
    }

    /// Gives it another configuration for its next start.
    pub(crate) fn configure(&self, config: &str) {
        let path = self.config.as_ref().expect("it has a configuration");
        std::fs::write(path, config).unwrap();
    }

    /// `dozvon serve` on its data; addresses are to be added.
    pub(crate) fn serve(&self) -> Command {
        let mut command = dozvon();
        command.arg("serve").arg("--data").arg(self.data());
        if let Some(url) = &self.url {
            command.args(["--database", url]);
        }
        command
    }

    /// The URL of its PostgreSQL database; none when its data are files.
    pub(crate) fn database(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        let own = || self.folder.path().join("data");
        self.elsewhere.clone().unwrap_or_else(own)
    }

    /// Where gRPC is served, `host:port`.
    pub(crate) fn grpc_addr(&self) -> String {
        self.grpc.clone()
    }

    /// Where HTTP is served, `host:port`.
    pub(crate) fn http_addr(&self) -> String {
        self.http.clone()
    }

    /// A channel to it.
    pub(crate) async fn channel(&self) -> Channel {
        let endpoint = Channel::from_shared(format!("http://{}", self.grpc)).unwrap();
        endpoint.connect().await.unwrap()
    }

    /// A client of its door for events.
    pub(crate) async fn ingest(&self) -> IngestServiceClient<Channel> {
        IngestServiceClient::new(self.channel().await)
    }

    /// A client of its reports.
    pub(crate) async fn reports(&self) -> ReportServiceClient<Channel> {
        let client = ReportServiceClient::new(self.channel().await);
        client.max_decoding_message_size(64 * 1024 * 1024)
    }

    /// The text of `/metrics`.
    pub(crate) async fn metrics(&self) -> String {
        let answer = reqwest::get(format!("http://{}/metrics", self.http))
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.text().await.unwrap()
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        let ended = tokio::task::spawn_blocking(move || child.wait().unwrap());
        let ended = tokio::time::timeout(PATIENCE, ended).await;
        ended.expect("it ends in time").unwrap()
    }

    /// Kills it as a power cut would (SIGKILL).
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asks it to stop (SIGTERM) and waits for it.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        signal(child.id(), Signal::TERM);
        tokio::task::spawn_blocking(move || child.wait().unwrap())
            .await
            .unwrap()
    }

    /// `dozvon import FORMAT` into it; files and further flags are to be added.
    pub(crate) fn import(&self, format: &str) -> Command {
        let mut command = dozvon();
        command
            .args(["import", format])
            .args(["--server", &self.grpc]);
        command
    }

    /// Runs `dozvon report …` against it and returns stdout; panics when it fails.
    pub(crate) async fn report(&self, args: &[&str]) -> String {
        let mut command = dozvon();
        command
            .arg("report")
            .args(args)
            .args(["--server", &self.grpc]);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "report {args:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
        drop(self.database.take());
    }
}

/// Everything a finished command said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command to its end without blocking the runtime.
pub(crate) async fn run(mut command: Command) -> Said {
    let output = tokio::task::spawn_blocking(move || {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let errors = std::thread::spawn(move || {
            let mut said = Vec::new();
            stderr.read_to_end(&mut said).unwrap();
            said
        });
        let output = child.wait_with_output().unwrap();
        (output.status, output.stdout, errors.join().unwrap())
    });
    let (status, stdout, stderr) = output.await.unwrap();
    Said {
        code: status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

/// Waits until a running import has brought so many events of a source into the journal.
pub(crate) async fn until_taken(
    server: &Server,
    source: &str,
    events: u64,
    import: &JoinHandle<Said>,
) {
    let mut client = server.ingest().await;
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            let asked = GetSourceRequest {
                source: source.to_owned(),
                epoch: None,
            };
            // Before its first event the source is not known.
            let taken = client.get_source(asked).await.map_or(0, |answer| {
                let epochs = answer.into_inner().epochs;
                epochs.iter().map(|epoch| epoch.mark).sum::<u64>()
            });
            if taken >= events {
                return;
            }
            assert!(!import.is_finished(), "the import ended at event {taken}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.expect("the import gets on");
}

/// Kills the server once a running import has brought so many events, and starts it again.
pub(crate) async fn kill_during(
    server: &mut Server,
    source: &str,
    events: u64,
    import: &JoinHandle<Said>,
) {
    until_taken(server, source, events, import).await;
    server.kill();
    server.restart().await;
}
