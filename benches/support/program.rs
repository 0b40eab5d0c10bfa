//! The program itself, as its users run it.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use super::machine::now;

/// The binary that the bench was built with, deaf to the environment.
pub(crate) fn dozvon() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dozvon"));
    for (name, _) in std::env::vars() {
        if name.starts_with("DOZVON_") {
            command.env_remove(name);
        }
    }
    command
}

/// A running `dozvon serve`; killed when it is forgotten.
pub(crate) struct Server {
    child: Child,
    pub(crate) grpc: String,
}

impl Server {
    /// Starts it over a folder; how long its ready line took.
    pub(crate) fn start(data: &Path) -> (Self, Duration) {
        Self::start_on(data, "127.0.0.1:0")
    }

    pub(crate) fn start_on(data: &Path, grpc: &str) -> (Self, Duration) {
        let mut command = dozvon();
        command.arg("serve").arg("--data").arg(data);
        command.args(["--grpc", grpc, "--http", "127.0.0.1:0"]);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::null());
        let began = now();
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let took = began.elapsed();
        let ready: serde_json::Value = serde_json::from_str(&line).expect("it says it is ready");
        let grpc = ready["grpc"].as_str().unwrap().to_owned();
        (Self { child, grpc }, took)
    }

    /// As a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// In order, by SIGTERM.
    pub(crate) fn terminate(mut self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
