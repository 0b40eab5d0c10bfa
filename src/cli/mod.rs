//! The command line: one file a command, each with its `Args` and its `run`.

pub mod failure;
pub mod report;
