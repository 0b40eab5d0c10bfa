//! espeak-ng, the speech program: whether it is there, whether it speaks a language, and what it says.

use std::ffi::OsString;
use std::io::{ErrorKind, Write as _};
use std::process::{Child, Command, Output, Stdio};

use super::wave::Sound;
use super::{Exit, Failure};
use crate::survey::limits::WORDS_A_MINUTE;

/// Another program than the one in PATH.
const PROGRAM: &str = "DOZVON_ESPEAK";

/// A voice that speaks one language.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    language: String,
    /// The program's own version: another one speaks otherwise.
    version: String,
}

impl Voice {
    /// The voice of a language.
    ///
    /// # Errors
    /// When the program or the voice is missing, with what to install.
    pub(super) fn find(language: &str) -> Result<Self, Failure> {
        let version = said(&output(&["--version"])?);
        let voices = said(&output(&[&format!("--voices={language}")])?);
        // Below the header stands a line a voice.
        if voices.lines().nth(1).is_none() {
            let message = format!(
                "espeak-ng has no voice for \"{language}\": install the newest espeak-ng-data, or record these prompts and \
                 leave the language out by --lang"
            );
            return Err(Failure::new(Exit::Failure, message));
        }
        Ok(Self {
            language: language.to_owned(),
            version: version.lines().next().unwrap_or("").to_owned(),
        })
    }

    /// What makes this voice sound as it does.
    pub(super) fn name(&self) -> String {
        format!(
            "{}, {}, {WORDS_A_MINUTE} words a minute",
            self.version, self.language
        )
    }

    /// Speaks aloud until it is done or killed.
    pub(super) fn speak(&self, text: &str) -> Result<Child, Failure> {
        self.tell(&[], text, Stdio::null())
    }

    /// The sound of a text, as telephones have it.
    pub(super) fn sound(&self, text: &str) -> Result<Sound, Failure> {
        let child = self.tell(&["--stdout"], text, Stdio::piped())?;
        let output = child.wait_with_output().map_err(|error| failed(&error))?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            let message = format!("espeak-ng failed: {}", why.trim());
            return Err(Failure::new(Exit::Failure, message));
        }
        let sound = Sound::read(&output.stdout).map_err(|why| {
            Failure::new(
                Exit::Failure,
                format!("what espeak-ng said cannot be used: {why}"),
            )
        })?;
        Ok(sound.for_telephones())
    }

    /// Starts the program on a text, which comes by stdin: it may begin with a dash.
    fn tell(&self, args: &[&str], text: &str, stdout: Stdio) -> Result<Child, Failure> {
        let speed = WORDS_A_MINUTE.to_string();
        let mut child = Command::new(program())
            .args(["-v", &self.language, "-s", &speed, "-b", "1", "--stdin"])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(&error))?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin
                .write_all(text.as_bytes())
                .map_err(|error| failed(&error))?;
        }
        Ok(child)
    }
}

fn program() -> OsString {
    std::env::var_os(PROGRAM).unwrap_or_else(|| "espeak-ng".into())
}

fn output(args: &[&str]) -> Result<Output, Failure> {
    let output = Command::new(program())
        .args(args)
        .stdin(Stdio::null())
        .output();
    output.map_err(|error| failed(&error))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn failed(error: &std::io::Error) -> Failure {
    let message = if error.kind() == ErrorKind::NotFound {
        "espeak-ng is not installed: sudo apt-get install espeak-ng (Debian, Ubuntu), dnf install espeak-ng (Fedora), \
         brew install espeak-ng (macOS)"
            .to_owned()
    } else {
        format!("espeak-ng cannot be run: {error}")
    };
    Failure::new(Exit::Failure, message)
}
