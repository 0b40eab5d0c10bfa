//! `dozvon connect asterisk`: the connectors of the configuration's `[[asterisk]]` tables.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use indicatif::{HumanBytes, ProgressBar};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::open_bridge;
use crate::cli::failure::{Exit, Failure};
use crate::cli::log;
use crate::cli::serve::signalled;
use crate::clock::Clock;
use crate::config::{Asterisk, Config, Overrides, variables};
use crate::connect::asterisk::agent_work::AgentWork;
use crate::connect::asterisk::check::{self, Expected, Grade};
use crate::connect::asterisk::connector::{self, Options};
use crate::connect::asterisk::record::{self, Recorded};
use crate::connect::asterisk::session::{Login, Secret};
use crate::connect::asterisk::settings::Setting;
use crate::connect::asterisk::tuner;
use crate::connect::asterisk::words::Words;
use crate::connect::client::{Server, address};

/// Arguments of `dozvon connect asterisk`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  dozvon connect asterisk --config /etc/dozvon.toml
  dozvon connect asterisk --config /etc/dozvon.toml --check
  dozvon connect asterisk --config /etc/dozvon.toml --record monday.log
  dozvon connect asterisk --config /etc/dozvon.toml --dry-run --set penalty:hotline:PJSIP/101=2

Exit codes: 0 stopped, or --check found nothing that does not work; 1 failure, or --check found something, or a setting
is not as asked; 3 wrong configuration; 4 --check or --set found no PBX, or it lets nobody in; 6 the spool could not be
written.")]
pub(super) struct Args {
    /// The configuration file: its `[[asterisk]]` tables say where the switches are.
    #[arg(long, value_name = "FILE", env = "DOZVON_CONFIG")]
    config: Option<PathBuf>,
    /// Only the switch of this source.
    #[arg(long, value_name = "ID")]
    source: Option<String>,
    /// Log in, look at every setting that can be seen, say for each what is wrong and the line to write; then end.
    #[arg(long)]
    check: bool,
    /// Write down what the switch says until Ctrl-C, with callers as pseudonyms; nothing is sent to a server. What came of
    /// it is shown by `dozvon import ami-log FILE --preview`.
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    record: Option<PathBuf>,
    /// Change a setting of the running switch, and say what it was: `penalty:QUEUE:MEMBER=N`, `ring_in_use:QUEUE:MEMBER=yes`,
    /// `database:FAMILY/KEY=VALUE` (AstDB), `variable:NAME=VALUE` (global). May be given several times; then end.
    #[arg(long, value_name = "SETTING", conflicts_with_all = ["check", "record"])]
    set: Vec<Setting>,
    /// With --set: change nothing, say what would be changed.
    #[arg(long, requires = "set")]
    dry_run: bool,
}

/// Runs the command until SIGTERM or Ctrl-C.
pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let config = Config::load(args.config.as_deref(), variables()?, &Overrides::default())?;
    log::start(&config.log);
    let chosen = chosen(&config, args.source.as_deref())?;
    if args.check {
        return check_all(&chosen).await;
    }
    if !args.set.is_empty() {
        let pbx = only_one(&chosen, "--set changes")?;
        return super::settings::set(&login(pbx)?, &args.set, args.dry_run).await;
    }
    let signalled = signalled()?;
    if let Some(path) = &args.record {
        return record_one(&chosen, path, &signalled).await;
    }
    let mut connectors = JoinSet::new();
    let mut bridges = Vec::new();
    for pbx in chosen {
        let server: Server = pbx.server.parse().map_err(|error| {
            let message = format!("asterisk.server of \"{}\": {error}", pbx.source);
            Failure::new(Exit::Config, message)
        })?;
        bridges.extend(open_bridge(pbx, server.clone(), signalled.clone()).await?);
        start_tuner(pbx, &server, &signalled)?;
        let options = options(&config, pbx, server)?;
        connectors.spawn(connector::run(options, Clock::system(), signalled.clone()));
    }
    let ended = ended(connectors, &signalled).await;
    // Whoever is being asked hears a goodbye.
    for bridge in bridges {
        drop(bridge.await);
    }
    ended
}

/// Starts the connectors that belong to a server of this process.
pub(crate) fn start_in_serve(
    config: &Config,
    grpc: std::net::SocketAddr,
    stop: &CancellationToken,
) -> Result<JoinSet<Result<(), connector::Error>>, Failure> {
    let mut connectors = JoinSet::new();
    for pbx in config.asterisk.iter().filter(|pbx| pbx.serve) {
        let mut address = grpc;
        if address.ip().is_unspecified() {
            address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        let server = address.to_string().parse();
        let server = server
            .map_err(|error: address::Error| Failure::new(Exit::Failure, error.to_string()))?;
        start_tuner(pbx, &server, stop)?;
        let options = options(config, pbx, server)?;
        connectors.spawn(connector::run(options, Clock::system(), stop.clone()));
    }
    Ok(connectors)
}

/// Takes settings from the server, where the configuration says so.
fn start_tuner(pbx: &Asterisk, server: &Server, stop: &CancellationToken) -> Result<(), Failure> {
    if pbx.tune {
        let options = tuner::Options {
            source: pbx.source.clone(),
            login: login(pbx)?,
            server: server.clone(),
        };
        tokio::spawn(tuner::run(options, Clock::system(), stop.clone()));
    }
    Ok(())
}

/// Waits for the end of all connectors; one that fails ends the others.
pub(crate) async fn ended(
    mut connectors: JoinSet<Result<(), connector::Error>>,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    let mut result = Ok(());
    while let Some(ended) = connectors.join_next().await {
        let failed = match ended {
            Ok(Ok(())) => None,
            Ok(Err(error)) => {
                let exit = match &error {
                    connector::Error::Spool(_) => Exit::Failure,
                    connector::Error::Disk(_) => Exit::SyncFailed,
                };
                let message = format!("{:#}", anyhow::Error::from(error));
                Some(Failure::new(exit, message))
            }
            Err(error) => Some(Failure::new(
                Exit::Failure,
                format!("a connector failed: {error}"),
            )),
        };
        if let Some(failure) = failed {
            tracing::error!(%failure, "a switch is no longer connected");
            stop.cancel();
            result = result.and(Err(failure));
        }
    }
    result
}

/// What a connector is told, from the configuration.
fn options(config: &Config, pbx: &Asterisk, server: Server) -> Result<Options, Failure> {
    let wrap_up = pbx.wrap_up.iter();
    let wrap_up = wrap_up.map(|(queue, span)| (queue.clone(), span.0));
    Ok(Options {
        source: pbx.source.clone(),
        login: login(pbx)?,
        server,
        spool: pbx.spool_folder(config),
        spool_bytes_max: pbx.spool_mib.saturating_mul(1024 * 1024),
        trunk_contexts: pbx.trunk_contexts.clone(),
        survey_contexts: pbx.survey_contexts.clone(),
        queue_log: pbx.queue_log.clone(),
        agents: pbx.agents.keys().cloned().collect(),
        work: AgentWork::new(wrap_up, &pbx.desk_reasons),
        words: Words::new(&pbx.queues, &pbx.agents, &pbx.test_numbers),
    })
}

fn login(pbx: &Asterisk) -> Result<Login, Failure> {
    Ok(Login {
        address: pbx.address.clone(),
        user: pbx.user.clone(),
        secret: secret(pbx)?,
    })
}

/// The secret, from where the configuration says that it is.
fn secret(pbx: &Asterisk) -> Result<Secret, Failure> {
    let source = &pbx.source;
    let wrong =
        |why: String| Failure::new(Exit::Config, format!("the secret of \"{source}\": {why}"));
    let secret = match (&pbx.secret_file, &pbx.secret_variable) {
        (Some(file), _) => {
            let text = std::fs::read_to_string(file)
                .map_err(|error| wrong(format!("{}: {error}", file.display())))?;
            text.lines().next().unwrap_or_default().trim().to_owned()
        }
        (None, Some(name)) => std::env::var(name)
            .map_err(|_| wrong(format!("there is no environment variable {name}")))?,
        (None, None) => String::new(),
    };
    match secret.is_empty() {
        true => Err(wrong("is empty".to_owned())),
        false => Ok(Secret::new(secret)),
    }
}

/// Looks at every switch, and prints what was found.
async fn check_all(chosen: &[&Asterisk]) -> Result<(), Failure> {
    let mut bad = 0;
    for pbx in chosen {
        let login = login(pbx)?;
        let named = pbx.queues.keys().chain(pbx.wrap_up.keys());
        let expected = Expected {
            queues: named.cloned().collect(),
            wrap_ups: pbx.wrap_up.keys().cloned().collect(),
            trunk_contexts: pbx.trunk_contexts.clone(),
            survey_contexts: pbx.survey_contexts.clone(),
            log_readable: pbx
                .queue_log
                .as_ref()
                .map(|path| std::fs::File::open(path).is_ok()),
        };
        let looked = check::look(&login, &expected, &Clock::system()).await;
        let findings =
            looked.map_err(|error| Failure::new(Exit::Unreachable, error.to_string()))?;
        let mut out = std::io::stdout().lock();
        let failed =
            |error| Failure::new(Exit::Failure, format!("cannot write to stdout: {error}"));
        for finding in &findings {
            let word = match finding.grade {
                Grade::Good => "ok   ",
                Grade::Note => "note ",
                Grade::Bad => "wrong",
            };
            writeln!(out, "{word} {}: {}", pbx.source, finding.what).map_err(failed)?;
            if !finding.fix.is_empty() {
                writeln!(out, "        -> {}", finding.fix).map_err(failed)?;
            }
            bad += usize::from(finding.grade == Grade::Bad);
        }
    }
    match bad {
        0 => Ok(()),
        1 => Err(Failure::new(Exit::Failure, "one thing does not work")),
        bad => Err(Failure::new(
            Exit::Failure,
            format!("{bad} things do not work"),
        )),
    }
}

/// Records what one switch says.
async fn record_one(
    chosen: &[&Asterisk],
    path: &Path,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    let pbx = only_one(chosen, "--record listens to")?;
    let bar = match std::io::stderr().is_terminal() {
        true => ProgressBar::new_spinner(),
        false => ProgressBar::hidden(),
    };
    let words = |so_far: Recorded| {
        let Recorded { messages, bytes } = so_far;
        format!("{messages} messages, {}; Ctrl-C ends", HumanBytes(bytes))
    };
    let each = |so_far| bar.set_message(words(so_far));
    let recorded = record::record(&login(pbx)?, path, &Clock::system(), stop, each).await;
    bar.finish_and_clear();
    let recorded = recorded.map_err(|error| {
        let exit = match &error {
            record::Error::Session(_) => Exit::Unreachable,
            record::Error::File(_) | record::Error::Full => Exit::Failure,
        };
        Failure::new(exit, format!("{}: {error}", path.display()))
    })?;
    let mut out = std::io::stdout().lock();
    let Recorded { messages, bytes } = recorded;
    writeln!(
        out,
        "{messages} messages, {} in {}",
        HumanBytes(bytes),
        path.display()
    )
    .map_err(|error| Failure::new(Exit::Failure, format!("cannot write to stdout: {error}")))
}

/// The one switch that is meant.
fn only_one<'a>(chosen: &[&'a Asterisk], does: &str) -> Result<&'a Asterisk, Failure> {
    let [pbx] = chosen else {
        let message = format!("{does} one switch: say which with --source");
        return Err(Failure::new(Exit::Usage, message));
    };
    Ok(pbx)
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
