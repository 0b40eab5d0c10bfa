//! The program: a runtime, and the command line on it.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    dozvon::cli::run().await
}
