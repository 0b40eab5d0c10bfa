//! The program: a runtime, and the command line on it.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Events are allocated by one thread and freed by another all day: the system's allocator takes a quarter of the time
/// for that.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    dozvon::cli::run().await
}
