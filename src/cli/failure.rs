//! How a command ends when it does not end well: one line for a person, one code for a program.

use std::fmt;

/// Exit codes of every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Something went wrong that no other code names.
    Failure = 1,
    /// The command line was wrong.
    Usage = 2,
    /// The configuration was wrong.
    Config = 3,
    /// The server could not be reached, or is no dozvon.
    Unreachable = 4,
    /// Some input was not taken; everything else was acked.
    Partial = 5,
    /// The disk could not be trusted to keep what was written; recovery happens at the next start.
    SyncFailed = 6,
}

/// One line that says what went wrong and what to do, with its exit code.
#[derive(Debug)]
pub struct Failure {
    /// The process's exit code.
    pub exit: Exit,
    /// What went wrong and what to do.
    pub message: String,
}

impl Failure {
    /// Makes a failure with the given code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { exit, message }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(Exit::Failure, format!("{error:#}"))
    }
}
