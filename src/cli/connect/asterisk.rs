//! `dozvon connect asterisk`: the connectors of the configuration's `[[asterisk]]` tables.

use std::path::PathBuf;

use crate::cli::failure::{Exit, Failure};
use crate::cli::log;
use crate::cli::serve::signalled;
use crate::config::{Asterisk, Config, Overrides, variables};

/// Arguments of `dozvon connect asterisk`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The configuration file: its `[[asterisk]]` tables say where the switches are.
    #[arg(long, value_name = "FILE", env = "DOZVON_CONFIG")]
    config: Option<PathBuf>,
    /// Only the switch of this source.
    #[arg(long, value_name = "ID")]
    source: Option<String>,
}

/// Runs the command until SIGTERM or Ctrl-C.
pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let config = Config::load(args.config.as_deref(), variables()?, &Overrides::default())?;
    log::start(&config.log);
    let chosen = chosen(&config, args.source.as_deref())?;
    let signalled = signalled()?;
    for pbx in chosen {
        tracing::info!(source = pbx.source, address = pbx.address, "connecting");
    }
    signalled.cancelled().await;
    Ok(())
}

/// The switches that are meant.
fn chosen<'a>(config: &'a Config, source: Option<&str>) -> Result<Vec<&'a Asterisk>, Failure> {
    let is_meant = |pbx: &&Asterisk| source.is_none_or(|source| pbx.source == source);
    let chosen: Vec<&Asterisk> = config.asterisk.iter().filter(is_meant).collect();
    if chosen.is_empty() {
        let message = match source {
            Some(source) => format!("the configuration has no [[asterisk]] with source \"{source}\""),
            None => "the configuration has no [[asterisk]]: say source, address, user and secret_file (docs/asterisk.md)".to_owned(),
        };
        return Err(Failure::new(Exit::Config, message));
    }
    Ok(chosen)
}
