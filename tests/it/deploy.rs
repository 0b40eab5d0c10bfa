//! What lies in `deploy/`: systemd takes the unit, its very command lines serve, and what the containers are given is there.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::harness::{dozvon, signal};

const BINARY: &str = "/usr/bin/dozvon";

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

fn unit() -> String {
    fs::read_to_string(deploy().join("dozvon.service")).unwrap()
}

#[test]
#[ignore = "needs systemd-analyze: run tests/run"]
fn systemd_has_nothing_to_say_against_the_units() {
    for name in ["dozvon.service", "dozvon-connect.service"] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join(name);
        let verify = |text: &str| {
            fs::write(&path, text).unwrap();
            let mut verify = Command::new("systemd-analyze");
            let output = verify.arg("verify").arg(&path).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let of_ours = said.lines().filter(|line| line.contains(name));
            (
                output.status.success(),
                of_ours.collect::<Vec<_>>().join("\n"),
            )
        };
        // The program is where the build put it.
        let unit = fs::read_to_string(deploy().join(name)).unwrap();
        let here = unit.replace(BINARY, env!("CARGO_BIN_EXE_dozvon"));
        assert_eq!(verify(&here), (true, String::new()));
        let (_, said) = verify(&here.replace("ProtectSystem=strict", "ProtectSystem=much"));
        assert!(said.contains("much"), "{said}");
    }
}

/// The command of a line of the unit, with the unit's folders laid into this one.
fn command(unit: &str, key: &str, root: &Path) -> Command {
    let lines = unit.lines();
    let line = lines.filter_map(|line| line.strip_prefix(key)).next();
    let mut words = line.expect("the unit has this line").split(' ');
    assert_eq!(words.next(), Some(BINARY));
    // As the unit says: files of its own for nobody else.
    let mut command = Command::new("sh");
    command.args(["-c", "umask 0077; exec \"$0\" \"$@\""]);
    command.arg(dozvon().get_program());
    for word in words {
        let word = match word.strip_prefix('/') {
            Some(path) => root.join(path).into_os_string(),
            None => word.into(),
        };
        command.arg(word);
    }
    let environment = fs::read_to_string(root.join("etc/dozvon/environment")).unwrap();
    let variables = environment.lines().filter_map(|line| line.split_once('='));
    command.env_clear().envs(variables);
    command.current_dir(root.join("var/lib/dozvon"));
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_lines_of_the_unit_serve() {
    let root = TempDir::new().unwrap();
    let root = root.path();
    let (etc, state) = (root.join("etc/dozvon"), root.join("var/lib/dozvon"));
    fs::create_dir_all(&etc).unwrap();
    fs::create_dir_all(&state).unwrap();
    fs::set_permissions(&state, Permissions::from_mode(0o700)).unwrap();
    fs::copy(deploy().join("dozvon.toml"), etc.join("dozvon.toml")).unwrap();
    // Free ports, since tests run beside each other.
    let ports = "DOZVON_SERVER_GRPC=127.0.0.1:0\nDOZVON_SERVER_HTTP=127.0.0.1:0\n";
    fs::write(etc.join("environment"), ports).unwrap();

    let unit = unit();
    let before = command(&unit, "ExecStartPre=", root).output().unwrap();
    assert!(before.status.success(), "{before:?}");
    let mut serve = command(&unit, "ExecStart=", root);
    let mut child = serve.stdout(Stdio::piped()).spawn().unwrap();
    let stdout = child.stdout.take().unwrap();
    let mut line = String::new();
    tokio::task::block_in_place(|| BufReader::new(stdout).read_line(&mut line).unwrap());
    let ready: serde_json::Value = serde_json::from_str(&line).expect("the ready line is JSON");
    let url = format!("http://{}/metrics", ready["http"].as_str().unwrap());
    let metrics = reqwest::get(url).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("dozvon_build_info"), "{metrics}");
    for file in ["data/journal.db", "data/store.db", "data-key/pseudonym.key"] {
        let mode = fs::metadata(state.join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file} is for its owner alone");
    }
    signal(child.id(), Signal::TERM);
    let ended = tokio::task::block_in_place(|| child.wait().unwrap());
    assert!(ended.success(), "it stops in order: {ended}");
}

#[test]
fn what_the_containers_are_given_is_there() {
    let compose = fs::read_to_string(deploy().join("compose.yaml")).unwrap();
    let mounts: Vec<&str> = compose
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- ./")?.split(':').next())
        .collect();
    assert!(mounts.len() >= 5, "{mounts:?}");
    for mount in mounts {
        assert!(deploy().join(mount).exists(), "deploy/{mount}");
    }
    let words = |line: &str| line.replace(['[', ']', '"', ','], " ");
    let served = compose
        .lines()
        .map(words)
        .find(|line| line.contains(" serve "));
    let served = served.expect("dozvon serves there");
    let served = served
        .trim()
        .trim_start_matches("command:")
        .trim()
        .to_owned();
    let of_unit = unit();
    let of_unit = of_unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let of_unit = of_unit
        .unwrap()
        .trim_start_matches(BINARY)
        .split_whitespace();
    assert_eq!(
        served.split_whitespace().collect::<Vec<_>>(),
        of_unit.collect::<Vec<_>>(),
        "the same command as the unit's"
    );
}
