//! A terminal that gives each key at once. `stty` does it: it is on every Unix, and no unsafe code is needed here.

use std::io::Read as _;
use std::process::{Command, Stdio};

use tokio::sync::mpsc;

use super::{Exit, Failure};

/// A terminal in that state; put back when dropped.
pub(super) struct Terminal {
    before: String,
}

impl Terminal {
    /// Turns echo and line editing off. Ctrl-C stays a signal.
    pub(super) fn keys() -> Result<Self, Failure> {
        let before = stty(&["-g"])?;
        stty(&["-icanon", "-echo", "min", "1"])?;
        let before = before.trim().to_owned();
        Ok(Self { before })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        drop(stty(&[&self.before]));
    }
}

fn stty(args: &[&str]) -> Result<String, Failure> {
    let output = Command::new("stty")
        .args(args)
        .stdin(Stdio::inherit())
        .stderr(Stdio::null())
        .output();
    match output {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Ok(_) | Err(_) => Err(Failure::new(
            Exit::Failure,
            "the terminal cannot be read key by key (stty failed); use --script",
        )),
    }
}

/// How many keys may wait; nobody types faster than they are taken.
const WAITING_MAX: usize = 64;

/// What is typed, byte by byte; closed at the end of input. The reading thread ends with the process.
pub(super) fn typed() -> mpsc::Receiver<u8> {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    std::thread::spawn(move || {
        let (mut stdin, mut byte) = (std::io::stdin().lock(), [0]);
        while stdin.read_exact(&mut byte).is_ok() {
            if sender.blocking_send(byte[0]).is_err() {
                break;
            }
        }
    });
    receiver
}
