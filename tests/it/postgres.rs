//! A PostgreSQL server of the tests' own, made of the machine's binaries: never a mock, never somebody's data.
//!
//! One server a test run, one database a test; a test that stops or damages a server has one to itself.

use std::io::Write as _;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// The name of a server's socket in its folder.
pub(crate) const SOCKET: &str = ".s.PGSQL.5432";

/// Whether this run's servers keep their data in PostgreSQL.
pub(crate) fn chosen() -> bool {
    match std::env::var("DOZVON_TEST_DATABASE").as_deref() {
        Ok("postgres") => true,
        Ok("sqlite") | Err(_) => false,
        Ok(other) => panic!("DOZVON_TEST_DATABASE is sqlite or postgres, not {other}"),
    }
}

/// A server; it ends with the process that started it, however that ends.
pub(crate) struct Postgres {
    folder: PathBuf,
    /// A shell that waits for the end of its input, which is the end of us, and then stops the server.
    watch: Child,
    databases: AtomicU32,
}

impl Postgres {
    /// The server of all tests that only want a database.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&[]))
    }

    /// A new server, with these settings (`fsync=off`).
    pub(crate) fn start(settings: &[&str]) -> Self {
        // Its path stays short: a socket's may have 107 bytes.
        let folder = TempDir::with_prefix_in("dozvon-pg-", "/tmp")
            .unwrap()
            .keep();
        if let Some((user, group)) = other_user() {
            chown(&folder, Some(user), Some(group)).unwrap();
        }
        let mut initdb = as_user(&folder, "initdb");
        initdb.args(["--auth=trust", "--username=postgres", "--no-sync"]);
        initdb.args(["--locale=C", "--encoding=UTF8", "--pgdata=data"]);
        finished(initdb);
        let ours = format!("unix_socket_directories={}", folder.display());
        let ours = [
            &*ours,
            "listen_addresses=",
            "max_connections=300",
            "max_wal_size=4GB",
        ];
        let lines = ours.iter().chain(settings).map(|setting| {
            let (name, value) = setting.split_once('=').unwrap();
            format!("{name} = '{value}'\n")
        });
        let file = folder.join("data/postgresql.auto.conf");
        std::fs::write(&file, lines.collect::<String>()).unwrap();
        let script = r#"cat >/dev/null; "$1" stop --mode=immediate --silent --pgdata="$2/data"; rm -rf "$2""#;
        let watch = Command::new("sh")
            .args(["-c", script, "sh"])
            .arg(wrapped("pg_ctl", &folder))
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What ends a terminal's processes is not to end this one before its work.
            .process_group(0)
            .spawn()
            .unwrap();
        let server = Self {
            folder,
            watch,
            databases: AtomicU32::new(0),
        };
        server.control(&["start"]);
        server
    }

    /// `pg_ctl` with these words: `["restart", "--mode=immediate"]` is a power cut for the server.
    pub(crate) fn control(&self, words: &[&str]) {
        let mut command = as_user(&self.folder, "pg_ctl");
        command.args(words);
        command.args(["--wait", "--silent", "--pgdata=data", "--log=log"]);
        finished(command);
    }

    /// Where its socket is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes a database.
    pub(crate) fn database(&self) -> Database<'_> {
        let name = format!("t{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut createdb = as_user(&self.folder, "createdb");
        createdb.args(["--username=postgres", "--host"]);
        createdb.arg(&self.folder).arg(&name);
        finished(createdb);
        Database { server: self, name }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        drop(self.watch.wait());
    }
}

/// A database, as long as its test needs it.
pub(crate) struct Database<'a> {
    server: &'a Postgres,
    name: String,
}

impl Database<'_> {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What `--database` takes.
    pub(crate) fn url(&self) -> String {
        let folder = self.server.folder.display();
        format!("postgres://postgres@localhost/{}?host={folder}", self.name)
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        let mut dropdb = as_user(&self.server.folder, "dropdb");
        dropdb.args(["--username=postgres", "--force", "--if-exists", "--host"]);
        dropdb.arg(&self.server.folder).arg(&self.name);
        // The server may be stopped; then its folder goes as a whole.
        drop(dropdb.stderr(Stdio::null()).status());
    }
}

/// Where the machine has the server's programs.
fn programs() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| {
        if let Some(folder) = std::env::var_os("DOZVON_TEST_POSTGRES") {
            return folder.into();
        }
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
        let of_debian = versions.map(|version| version.unwrap().path().join("bin"));
        let in_path = std::env::var_os("PATH").unwrap_or_default();
        let in_path: Vec<PathBuf> = std::env::split_paths(&in_path).collect();
        let has_all = |folder: &PathBuf| {
            let wanted = ["initdb", "pg_ctl", "createdb", "dropdb"];
            wanted.iter().all(|program| folder.join(program).exists())
        };
        let found = of_debian.chain(in_path).find(has_all);
        found.expect("PostgreSQL's initdb, pg_ctl, createdb and dropdb lie in /usr/lib/postgresql/*/bin, in PATH or where DOZVON_TEST_POSTGRES says: run tests/run")
    })
}

/// User and group that the server runs as, where we are root: it refuses to be.
pub(crate) fn other_user() -> Option<(u32, u32)> {
    static USER: OnceLock<Option<(u32, u32)>> = OnceLock::new();
    let id = |args: &[&str]| -> u32 {
        let output = Command::new("id").args(args).output().unwrap();
        String::from_utf8(output.stdout)
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    };
    *USER.get_or_init(|| {
        (id(&["-u"]) == 0).then(|| (id(&["-u", user_name()]), id(&["-g", user_name()])))
    })
}

/// Debian's package makes `postgres`; every machine has `nobody`.
fn user_name() -> &'static str {
    let there = Command::new("id")
        .args(["-u", "postgres"])
        .output()
        .unwrap();
    if there.status.success() {
        "postgres"
    } else {
        "nobody"
    }
}

/// A program of PostgreSQL, as the user that may run it, in the server's folder.
fn as_user(folder: &Path, program: &str) -> Command {
    let mut command = match other_user() {
        Some(_) => {
            let mut command = Command::new("runuser");
            command
                .args(["-u", user_name(), "--"])
                .arg(programs().join(program));
            command
        }
        None => Command::new(programs().join(program)),
    };
    command
        .current_dir(folder)
        .env_remove("PGPORT")
        .env("LC_ALL", "C");
    command
}

/// The same as a script, for a shell to call by one name.
fn wrapped(program: &str, folder: &Path) -> PathBuf {
    let path = folder.join(format!("{program}.sh"));
    let program = programs().join(program);
    let user = match other_user() {
        Some(_) => format!("runuser -u {} -- ", user_name()),
        None => String::new(),
    };
    let mut file = std::fs::File::create(&path).unwrap();
    writeln!(
        file,
        "#!/bin/sh\ncd / && exec {user}{} \"$@\"",
        program.display()
    )
    .unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    file.set_permissions(mode).unwrap();
    path
}

#[track_caller]
fn finished(mut command: Command) {
    let folder = command.get_current_dir().map(Path::to_owned);
    // Its descendants keep what they inherit: nothing of ours, or a reader of it would wait for the server.
    let status = command.stdin(Stdio::null()).stdout(Stdio::null());
    let status = status.status().unwrap();
    let log = folder.map(|folder| std::fs::read_to_string(folder.join("log")).unwrap_or_default());
    assert!(
        status.success(),
        "{command:?}: {status}\n{}",
        log.unwrap_or_default()
    );
}
