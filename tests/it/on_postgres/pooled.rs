//! A pooler between dozvon and PostgreSQL: a real PgBouncer, by each way in which it lends its sessions.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::own;
use crate::harness::Server;
use crate::postgres::{Database, Postgres, other_user};
use crate::sender::{SECOND, Sender, all_queues, answered, live, newest, now, stored, until};
use crate::start::{on_files, refused, serve};

const PORT: u16 = 6432;

/// A PgBouncer before a server; it ends with the process that started it.
struct Pooler {
    folder: TempDir,
    /// A shell that waits for the end of its input, and then stops the pooler.
    watch: Child,
}

impl Pooler {
    async fn start(server: &Postgres, mode: &str) -> Self {
        let folder = TempDir::with_prefix_in("dozvon-pool-", "/tmp").unwrap();
        let path = folder.path();
        std::fs::write(path.join("users"), "\"postgres\" \"\"\n").unwrap();
        let settings = format!(
            "[databases]\n* = host={} port=5432\n[pgbouncer]\nlisten_addr =\nlisten_port = {PORT}\n\
             unix_socket_dir = {folder}\nauth_type = trust\nauth_file = {folder}/users\nlogfile = {folder}/log\n\
             pool_mode = {mode}\n",
            server.folder().display(),
            folder = path.display(),
        );
        std::fs::write(path.join("settings"), settings).unwrap();
        // It refuses to be root, and the user it is then may not see where ours lies.
        let program = path.join("pgbouncer");
        std::fs::copy(program_found(), &program).unwrap();
        let mut permissions = std::fs::metadata(&program).unwrap().permissions();
        permissions.set_mode(0o755);
        std::fs::set_permissions(&program, permissions).unwrap();
        let mut shell = Command::new("sh");
        let script = "\"$0\" -q settings & read -r _; kill $!; wait";
        shell.args(["-c", script]).arg(&program).current_dir(path);
        if let Some((user, group)) = other_user() {
            for name in [".", "users", "settings", "pgbouncer"] {
                chown(path.join(name), Some(user), Some(group)).unwrap();
            }
            shell.uid(user).gid(group);
        }
        let watch = shell
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let socket = path.join(format!(".s.PGSQL.{PORT}"));
        let pooler = Self { folder, watch };
        until("the pooler", || async { socket.exists().then_some(()) }).await;
        pooler
    }

    /// What `--database` takes to get to a database through it.
    fn url(&self, database: &Database<'_>) -> String {
        let (name, folder) = (database.name(), self.folder.path().display());
        format!("postgres://postgres@localhost:{PORT}/{name}?host={folder}")
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        drop(self.watch.wait());
    }
}

fn program_found() -> PathBuf {
    let named = std::env::var_os("DOZVON_TEST_PGBOUNCER").map(PathBuf::from);
    let found = named.or_else(|| {
        let of_debian = Path::new("/usr/sbin/pgbouncer");
        of_debian.exists().then(|| of_debian.to_owned())
    });
    found.expect("pgbouncer lies in /usr/sbin or where DOZVON_TEST_PGBOUNCER says: run tests/run")
}

#[tokio::test]
#[ignore = "needs PostgreSQL and PgBouncer: run tests/run"]
async fn a_pooler_that_lends_sessions_for_less_than_a_session_is_refused() {
    let (server, database) = own(&[]);
    for mode in ["transaction", "statement"] {
        let pooler = Pooler::start(server, mode).await;
        let folder = TempDir::new().unwrap();
        let mut command = on_files(&folder.path().join("data"));
        command.args(["--database", &pooler.url(&database)]);
        let said = serve(command, &[]).await;
        refused(&said, 1, &["behind a pooler", "pool_mode = session"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and PgBouncer: run tests/run"]
async fn a_pooler_in_session_mode_will_do() {
    let (server, database) = own(&[]);
    let pooler = Pooler::start(server, "session").await;
    let mut dozvon = Server::start_at_url(&pooler.url(&database)).await;
    let mut sender = Sender::open(&dozvon, live("pbx")).await.unwrap();
    sender.batch(answered(1, "a", now() - 600 * SECOND)).await;
    let mark = newest(&dozvon, "pbx").await.mark;
    stored(&dozvon, "pbx", mark).await;
    assert_eq!(all_queues(&dozvon).await.answered, 1);
    // Killed, its sessions are let go of by the pooler, and their locks with them.
    dozvon.kill();
    dozvon.restart().await;
    assert_eq!(all_queues(&dozvon).await.answered, 1);
}
