//! What must fit together: checked once, before anything starts.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{self, Path, PathBuf};

use super::{Config, check_tables};

/// More in one batch would hold up the acks of everybody else.
const BATCH_EVENTS_MAX: u32 = 10_000;

/// Something that does not fit, and the key where to look.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) path: Vec<String>,
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn at<const N: usize>(path: [&str; N], message: impl Into<String>) -> Self {
        Self::new(path.map(str::to_owned).to_vec(), message)
    }

    /// At this key.
    pub(crate) fn new(path: Vec<String>, message: impl Into<String>) -> Self {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let message = format!("{}: {}", spelled(&parts), message.into());
        Self { path, message }
    }
}

/// `queue.0.name` is spelled `queue.name`: the line says which one.
fn spelled(path: &[&str]) -> String {
    let is_name = |part: &&&str| part.parse::<usize>().is_err();
    let names: Vec<&str> = path.iter().filter(is_name).copied().collect();
    names.join(".")
}

/// The first thing that does not fit.
pub(crate) fn check(config: &Config) -> Result<(), Problem> {
    check_tables::check(config)?;
    names(config)?;
    doors(config)?;
    ingest(config)?;
    calls(config)?;
    board(config)?;
    survey(config)?;
    super::asterisk::check(config)?;
    super::agi::check(config)?;
    super::retention::check(&config.retention)?;
    key_file(config).map(drop)
}

fn names(config: &Config) -> Result<(), Problem> {
    let mut queues = config.queues.iter().map(|queue| queue.name.as_str());
    distinct("queue", queues.clone())?;
    if let Some(place) = queues.position(|name| name == "ALL") {
        let message = "\"ALL\" is what reports call the row for all queues; choose another";
        return Err(Problem::at(["queue", &place.to_string(), "name"], message));
    }
    let sources = config.sources.iter().map(|source| source.name.as_str());
    distinct("source", sources)
}

fn distinct<'a>(list: &str, names: impl Iterator<Item = &'a str> + Clone) -> Result<(), Problem> {
    check_tables::named(list, "name", names.clone())?;
    for (place, name) in names.enumerate() {
        let place = place.to_string();
        let wrong = |message: String| Err(Problem::at([list, &place, "name"], message));
        // Metrics show the rest, and what has no queue, under these two.
        if name == "other" || name == "none" {
            return wrong(format!(
                "\"{name}\" is a label of the metrics; choose another"
            ));
        }
    }
    Ok(())
}

fn doors(config: &Config) -> Result<(), Problem> {
    let server = &config.server;
    let doors = [("grpc", server.grpc), ("http", server.http)];
    for (key, address) in doors {
        if !address.ip().is_loopback() && !server.plain_text_elsewhere {
            let message = format!(
                "{address} can be reached from elsewhere, and what is said there is neither encrypted nor asked who says \
                 it; stay on 127.0.0.1, or set server.plain_text_elsewhere = true behind a proxy that does both"
            );
            return Err(Problem::at(["server", key], message));
        }
    }
    if server.grpc == server.http && !is_any_port(server.grpc) {
        let message = format!("{} is already the address of gRPC", server.http);
        return Err(Problem::at(["server", "http"], message));
    }
    Ok(())
}

fn is_any_port(address: SocketAddr) -> bool {
    address.port() == 0
}

fn board(config: &Config) -> Result<(), Problem> {
    if config.board.wrap_up_max.is_zero() {
        let message = "must be longer than 0s, or whoever works after a call is at it for too long";
        return Err(Problem::at(["board", "wrap_up_max"], message));
    }
    Ok(())
}

fn ingest(config: &Config) -> Result<(), Problem> {
    let ingest = &config.ingest;
    if !(1..=BATCH_EVENTS_MAX).contains(&ingest.batch_events_max) {
        let message = format!("must be from 1 to {BATCH_EVENTS_MAX}");
        return Err(Problem::at(["ingest", "batch_events_max"], message));
    }
    if ingest.window_events < ingest.batch_events_max {
        let message = format!(
            "must hold a batch: at least batch_events_max, {}",
            ingest.batch_events_max
        );
        return Err(Problem::at(["ingest", "window_events"], message));
    }
    if ingest.store_lag_max < u64::from(ingest.batch_events_max) {
        let message = format!(
            "must hold a batch: at least batch_events_max, {}",
            ingest.batch_events_max
        );
        return Err(Problem::at(["ingest", "store_lag_max"], message));
    }
    if ingest.lease.is_zero() {
        let message = "must be longer than nothing";
        return Err(Problem::at(["ingest", "lease"], message));
    }
    Ok(())
}

fn calls(config: &Config) -> Result<(), Problem> {
    let calls = &config.calls;
    if calls.settle_events == 0 {
        return Err(Problem::at(
            ["calls", "settle_events"],
            "must be at least 1",
        ));
    }
    if calls.open_calls_max == 0 {
        return Err(Problem::at(
            ["calls", "open_calls_max"],
            "must be at least 1",
        ));
    }
    if calls.call_deadline <= calls.settle {
        let settle = humantime::format_duration(calls.settle);
        let message = format!("must be longer than settle, {settle}");
        return Err(Problem::at(["calls", "call_deadline"], message));
    }
    Ok(())
}

fn survey(config: &Config) -> Result<(), Problem> {
    let survey = &config.survey;
    if survey.sample_percent > 100 {
        let message = "must be from 0 to 100";
        return Err(Problem::at(["survey", "sample_percent"], message));
    }
    if survey.case_days > 366 {
        let message = "must be at most 366: nobody waits longer for an answer";
        return Err(Problem::at(["survey", "case_days"], message));
    }
    if survey.survey.as_deref() == Some("") {
        let message = "may not be empty; leave the line out, and nobody is asked";
        return Err(Problem::at(["survey", "survey"], message));
    }
    let mut seen = HashSet::new();
    for (place, line) in survey.lines.iter().enumerate() {
        let place = place.to_string();
        if line.line.is_empty() {
            let path = ["survey", "line", &place, "line"];
            return Err(Problem::at(path, "may not be empty"));
        }
        if !seen.insert(line.line.as_str()) {
            let message = format!("\"{}\" is there twice", line.line);
            return Err(Problem::at(["survey", "line", &place, "line"], message));
        }
    }
    Ok(())
}

/// The key of the pseudonyms: as configured, else beside the data folder; never inside it.
pub(crate) fn key_file(config: &Config) -> Result<PathBuf, Problem> {
    let wrong = |message: &str| Problem::at(["privacy", "key_file"], message);
    if let Some(file) = &config.privacy.key_file {
        if whole(file).starts_with(whole(&config.data_dir)) {
            return Err(wrong(
                "lies inside data_dir: whoever copies the databases would have the key as well",
            ));
        }
        return Ok(file.clone());
    }
    let data_dir = match config.data_dir.file_name() {
        Some(_) => config.data_dir.clone(),
        None => whole(&config.data_dir),
    };
    let Some(name) = data_dir.file_name() else {
        return Err(wrong(
            "must be said: data_dir has no name to put a folder beside",
        ));
    };
    let mut name = name.to_owned();
    name.push("-key");
    Ok(data_dir.with_file_name(name).join("pseudonym.key"))
}

/// The path from the root; as it is when there is no current folder.
fn whole(path: &Path) -> PathBuf {
    path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
