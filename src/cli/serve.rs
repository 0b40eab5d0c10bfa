//! `dozvon serve`: the service.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::app::{self, Patience};
use crate::clock::Clock;
use crate::config::{Config, Overrides, variables};

use super::connect::asterisk;
use super::failure::{Exit, Failure};
use super::log;

/// Runs the service until SIGTERM or Ctrl-C.
///
/// When it is ready it prints one line on stdout: {"grpc":"127.0.0.1:7440","http":"127.0.0.1:7441"}.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  dozvon serve                                 SQLite in ./dozvon-data, loopback only
  dozvon serve --config /etc/dozvon.toml
  dozvon serve --database postgres://dozvon@db.example/dozvon    PostgreSQL instead of SQLite
  dozvon serve --data D --grpc 127.0.0.1:0 --http 127.0.0.1:0    free ports, named on stdout

Exit codes: 0 stopped, 1 failure, 3 wrong configuration, 6 the disk could not be trusted (the next start recovers).")]
pub struct Args {
    /// The configuration file.
    #[arg(long, value_name = "FILE", env = "DOZVON_CONFIG")]
    config: Option<PathBuf>,
    /// Where the databases lie.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A PostgreSQL database to take instead; a password in it is better said by DOZVON_DATABASE or PGPASSFILE.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Where gRPC listens; port 0 picks a free one.
    #[arg(long, value_name = "ADDR")]
    grpc: Option<SocketAddr>,
    /// Where /metrics and /healthz listen; port 0 picks a free one.
    #[arg(long, value_name = "ADDR")]
    http: Option<SocketAddr>,
    /// Wait for ever for another dozvon to let go of the data folder or database, then take over.
    #[arg(long)]
    standby: bool,
}

/// Runs the command.
///
/// # Errors
/// When the configuration is wrong, the start fails, or a part fails later.
pub async fn run(args: Args) -> Result<(), Failure> {
    let overrides = Overrides {
        data_dir: args.data,
        database: args.database,
        grpc: args.grpc,
        http: args.http,
    };
    let config = Config::load(args.config.as_deref(), variables()?, &overrides)?;
    log::start(&config.log);
    raise_open_files();
    let signalled = signalled()?;
    let patience = if args.standby {
        Patience::Standby
    } else {
        Patience::Short
    };
    let running = tokio::select! {
        started = app::start(&config, Clock::system(), patience) => started?,
        () = signalled.cancelled() => return Ok(()),
    };
    let ready = serde_json::json!({
        "grpc": running.grpc.to_string(),
        "http": running.http.to_string(),
    });
    let mut out = std::io::stdout();
    // Nobody need read it: a closed stdout does not stop the service.
    drop(writeln!(out, "{ready}").and_then(|()| out.flush()));
    let stopping = running.stopping();
    // Switches first: what they say last is still taken.
    let hang_up = CancellationToken::new();
    let connectors = asterisk::start_in_serve(&config, running.grpc, &hang_up)?;
    let told = hang_up.clone();
    tokio::spawn(async move {
        let connected = tokio::spawn(async move { asterisk::ended(connectors, &hang_up).await });
        tokio::select! {
            () = signalled.cancelled() => {}
            () = stopping.cancelled() => {}
        }
        told.cancel();
        match connected.await {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => tracing::error!(%failure, "a switch was not connected to the end"),
            Err(error) => tracing::error!(%error, "a connector failed"),
        }
        stopping.cancel();
    });
    running.wait().await
}

/// Lets as many connections and files be open as the system allows: the 1,024 that a shell hands on are used up by a
/// thousand idle connections, and then nobody is let in, no switch either.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, open_files = limit.current, "the limit of open files stays as it is");
    }
}

/// Cancelled at the first SIGTERM or Ctrl-C.
pub(super) fn signalled() -> Result<CancellationToken, Failure> {
    let failed = |error| Failure::new(Exit::Failure, format!("cannot listen for signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let signalled = CancellationToken::new();
    let told = signalled.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        told.cancel();
    });
    Ok(signalled)
}
