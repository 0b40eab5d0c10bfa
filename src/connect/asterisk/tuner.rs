//! Settings that the server wants of a PBX: taken one by one, made with a session of their own, reported on.
//!
//! It runs beside the connector and needs nothing of it. Nothing is kept: what could not be reported the server has given up
//! by then, and whoever wanted it asks again; what is so already is not sent twice.

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use crate::clock::Clock;
use crate::connect::client::Server;
use crate::proto::v1;
use crate::proto::v1::tuning_service_client::TuningServiceClient;

use super::session::Login;
use super::settings::{Change, Outcome, Setting, apply};

/// How long to wait before the server is asked again: at first, and at the most. Another connector may have the source
/// for days.
const PAUSE_MIN: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What a tuner needs.
#[derive(Clone, Debug)]
pub struct Options {
    /// The source's name.
    pub source: String,
    /// The PBX, and a user that may change it.
    pub login: Login,
    /// The server.
    pub server: Server,
}

/// Takes settings until told to stop.
pub async fn run(options: Options, clock: Clock, stop: CancellationToken) {
    let mut pause = PAUSE_MIN;
    let mut said = String::new();
    loop {
        let ended = stop.run_until_cancelled(watch(&options, &clock, &mut pause));
        let Some(ended) = ended.await else { return };
        let why = ended
            .err()
            .map_or_else(String::new, |error| error.to_string());
        // A server that is away for a night is worth one line.
        if !why.is_empty() && why != said {
            let source = &options.source;
            tracing::warn!(source, "no settings are taken: {why}; trying again");
        }
        said = why;
        if stop.run_until_cancelled(sleep(pause)).await.is_none() {
            return;
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Why a watch ended.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the server cannot be reached")]
    Unreachable(#[from] tonic::transport::Error),
    #[error("{}", .0.message())]
    Refused(#[from] tonic::Status),
}

/// Watches as long as the stream goes.
async fn watch(options: &Options, clock: &Clock, pause: &mut Duration) -> Result<(), Error> {
    let mut service = TuningServiceClient::new(options.server.connect().await?);
    let source = options.source.clone();
    let asked = v1::WatchSettingsRequest { source };
    let mut wanted = service.watch_settings(asked).await?.into_inner();
    tracing::info!(source = options.source, "settings are taken");
    *pause = PAUSE_MIN;
    while let Some(one) = wanted.message().await? {
        let setting = one.setting.unwrap_or_default();
        let report = make(options, clock, &setting, one.dry_run).await;
        tell(&mut service, &options.source, one.id, &setting, report).await;
    }
    Ok(())
}

async fn tell(
    service: &mut TuningServiceClient<Channel>,
    source: &str,
    id: u64,
    setting: &v1::Setting,
    report: v1::SettingReport,
) {
    let outcome = report.outcome().as_str_name();
    let v1::Setting { name, value } = setting;
    let (before, why) = (report.before.as_deref(), report.why.as_str());
    tracing::info!(
        source,
        id,
        setting = name,
        value,
        before,
        outcome,
        why,
        "a setting was made, or was not"
    );
    let told = v1::ReportSettingRequest {
        source: source.to_owned(),
        id,
        report: Some(report),
    };
    if let Err(status) = service.report_setting(told).await {
        tracing::warn!(
            source,
            id,
            "the server does not know what became of a setting: {}",
            status.message()
        );
    }
}

/// Makes a setting, or says why not.
async fn make(
    options: &Options,
    clock: &Clock,
    setting: &v1::Setting,
    dry_run: bool,
) -> v1::SettingReport {
    let refused = |why: String| v1::SettingReport {
        outcome: v1::SettingOutcome::Refused.into(),
        why,
        ..v1::SettingReport::default()
    };
    let wanted: [Setting; 1] = match format!("{}={}", setting.name, setting.value).parse() {
        Ok(setting) => [setting],
        Err(error) => return refused(format!("{error}")),
    };
    let mut report = None;
    let applied = apply(&options.login, &wanted, dry_run, clock, |change| {
        report = Some(report_of(change));
    });
    match (applied.await, report) {
        (Ok(()), Some(report)) => report,
        (Ok(()), None) => refused("nothing was done".to_owned()),
        (Err(error), _) => refused(error.to_string()),
    }
}

/// A change as the contract tells it.
fn report_of(change: Change) -> v1::SettingReport {
    use v1::SettingOutcome as O;
    let (outcome, after, why) = match change.outcome {
        Outcome::Unchanged => (O::Unchanged, None, String::new()),
        Outcome::WouldSet => (O::WouldSet, None, String::new()),
        Outcome::Set => (O::Set, None, String::new()),
        Outcome::Taken => (O::Taken, None, String::new()),
        Outcome::NotTaken(after) => (O::NotTaken, after, String::new()),
        Outcome::Refused(why) => (O::Refused, None, why),
    };
    v1::SettingReport {
        outcome: outcome.into(),
        before: change.before,
        after,
        why,
    }
}

/// What the contract tells, as a change.
pub fn change_of(setting: Setting, report: v1::SettingReport) -> Change {
    use v1::SettingOutcome as O;
    let outcome = match report.outcome() {
        O::Unchanged => Outcome::Unchanged,
        O::WouldSet => Outcome::WouldSet,
        O::Set => Outcome::Set,
        O::Taken => Outcome::Taken,
        O::NotTaken => Outcome::NotTaken(report.after),
        O::Refused => Outcome::Refused(report.why),
        O::Unspecified => Outcome::Refused("nobody said what became of it".to_owned()),
    };
    Change {
        setting,
        before: report.before,
        outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_as_it_was() {
        let outcomes = [
            Outcome::Unchanged,
            Outcome::WouldSet,
            Outcome::Set,
            Outcome::Taken,
            Outcome::NotTaken(Some("3".to_owned())),
            Outcome::NotTaken(None),
            Outcome::Refused("no such member".to_owned()),
        ];
        for outcome in outcomes {
            for before in [None, Some("1".to_owned())] {
                let setting: Setting = "variable:A=2".parse().unwrap();
                let outcome = outcome.clone();
                let change = Change {
                    setting: setting.clone(),
                    before,
                    outcome,
                };
                assert_eq!(change_of(setting, report_of(change.clone())), change);
            }
        }
    }
}
