//! The tuning service: settings on their way to a switch, and what became of each.
//!
//! Nothing is kept here. A setting is wanted, the connector that watches its source makes it or says why not, and whoever
//! wanted it is told; what is not reported in time is forgotten, and a late report is refused. Each leaves a line in the
//! log: what, for whom, who wanted it, and what became of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::RngExt as _;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::proto::v1;
use crate::proto::v1::tuning_service_server::TuningService;
use crate::validate::caps;

use super::error::{RequestError, TuningError};
use super::ready;
use super::status;

/// Connectors that watch at the same time: one a switch.
const WATCHERS_MAX: usize = 100;
/// Settings on their way to one connector.
const WANTED_MAX: usize = 16;
/// A connector that does not report within this has lost its switch, or its life.
const REPORTED_WITHIN: Duration = Duration::from_secs(20);
/// What a setting's name and value may have.
const SETTING_BYTES_MAX: usize = 256;

/// Answers `TuningService`.
#[derive(Clone, Debug)]
pub struct Tuning {
    hub: Arc<Mutex<Hub>>,
    within: Duration,
    ready: watch::Receiver<bool>,
    stopping: CancellationToken,
}

/// Who watches, and what waits for a report.
#[derive(Debug)]
struct Hub {
    last_id: u64,
    watchers: HashMap<String, Watcher>,
}

/// The connector of one source.
#[derive(Debug)]
struct Watcher {
    wanted: mpsc::Sender<Result<v1::WatchSettingsResponse, Status>>,
    waiting: HashMap<u64, oneshot::Sender<v1::SettingReport>>,
}

impl Tuning {
    /// Works once the server is ready and until it stops.
    pub fn new(ready: watch::Receiver<bool>, stopping: CancellationToken) -> Self {
        // Numbers of an earlier life are reported under in vain.
        let last_id = rand::rng().random::<u32>().into();
        let watchers = HashMap::new();
        Self {
            hub: Arc::new(Mutex::new(Hub { last_id, watchers })),
            within: REPORTED_WITHIN,
            ready,
            stopping,
        }
    }

    fn check_ready(&self) -> Result<(), RequestError> {
        ready::check(&self.ready, &self.stopping)
    }

    fn hub(&self) -> MutexGuard<'_, Hub> {
        // Every change is whole before anything can panic.
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a setting to its source's connector, and waits for what becomes of it.
    async fn propose(
        &self,
        asked: v1::ProposeSettingRequest,
    ) -> Result<v1::SettingReport, TuningError> {
        let source = name("source", asked.source, caps::NAME_BYTES)?;
        let setting = asked.setting.unwrap_or_default();
        let setting = v1::Setting {
            name: name("setting.name", setting.name, SETTING_BYTES_MAX)?,
            value: text("setting.value", setting.value, SETTING_BYTES_MAX)?,
        };
        let by = text("by", asked.by, caps::NAME_BYTES)?;
        let (id, reported) = self.hub().want(&source, &setting, asked.dry_run)?;
        let v1::Setting { name, value } = &setting;
        let dry_run = asked.dry_run;
        tracing::info!(
            source,
            id,
            setting = name,
            value,
            dry_run,
            by,
            "a setting is wanted"
        );
        let report = timeout(self.within, reported).await;
        self.hub().forget(&source, id);
        let Ok(Ok(report)) = report else {
            tracing::warn!(
                source,
                id,
                setting = name,
                by,
                "nobody said what became of a setting"
            );
            return Err(TuningError::Unreported { source_id: source });
        };
        let outcome = report.outcome().as_str_name();
        let (before, why) = (report.before.as_deref(), &report.why);
        tracing::info!(
            source,
            id,
            setting = name,
            value,
            before,
            outcome,
            why,
            by,
            "a setting was reported on"
        );
        Ok(report)
    }

    /// Lets a connector watch until it is gone.
    fn watch(&self, source: String) -> Result<Wanted, TuningError> {
        let source = name("source", source, caps::NAME_BYTES)?;
        let (wanted, settings) = mpsc::channel(WANTED_MAX);
        self.hub().admit(&source, wanted.clone())?;
        let (hub, stopping) = (Arc::clone(&self.hub), self.stopping.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = wanted.closed() => {}
                () = stopping.cancelled() => {}
            }
            let mut hub = hub.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever waits for its reports learns that there will be none; the stream ends with its last sender. A newer
            // one may have come meanwhile.
            if (hub.watchers.get(&source)).is_some_and(|one| one.wanted.same_channel(&wanted)) {
                hub.watchers.remove(&source);
            }
        });
        Ok(ReceiverStream::new(settings))
    }
}

type Wanted = ReceiverStream<Result<v1::WatchSettingsResponse, Status>>;

impl Hub {
    fn want(
        &mut self,
        source: &str,
        setting: &v1::Setting,
        dry_run: bool,
    ) -> Result<(u64, oneshot::Receiver<v1::SettingReport>), TuningError> {
        let watcher = self.watchers.get_mut(source);
        let watcher = watcher.ok_or_else(|| TuningError::NotWatched {
            source_id: source.to_owned(),
        })?;
        self.last_id += 1;
        let wanted = v1::WatchSettingsResponse {
            id: self.last_id,
            setting: Some(setting.clone()),
            dry_run,
        };
        let sent = watcher.wanted.try_send(Ok(wanted));
        sent.map_err(|_| TuningError::TooManySettings { limit: WANTED_MAX })?;
        let (out, reported) = oneshot::channel();
        watcher.waiting.insert(self.last_id, out);
        Ok((self.last_id, reported))
    }

    fn admit(
        &mut self,
        source: &str,
        wanted: mpsc::Sender<Result<v1::WatchSettingsResponse, Status>>,
    ) -> Result<(), TuningError> {
        let known = self.watchers.get(source);
        if known.is_some_and(|known| !known.wanted.is_closed()) {
            let source_id = source.to_owned();
            return Err(TuningError::Watched { source_id });
        }
        if known.is_none() && self.watchers.len() >= WATCHERS_MAX {
            let limit = WATCHERS_MAX;
            return Err(TuningError::TooManyWatchers { limit });
        }
        let waiting = HashMap::new();
        let watcher = Watcher { wanted, waiting };
        self.watchers.insert(source.to_owned(), watcher);
        Ok(())
    }

    fn forget(&mut self, source: &str, id: u64) -> Option<oneshot::Sender<v1::SettingReport>> {
        self.watchers.get_mut(source)?.waiting.remove(&id)
    }
}

#[tonic::async_trait]
impl TuningService for Tuning {
    type WatchSettingsStream = Wanted;

    async fn propose_setting(
        &self,
        request: Request<v1::ProposeSettingRequest>,
    ) -> Result<Response<v1::ProposeSettingResponse>, Status> {
        self.check_ready()?;
        let report = self.propose(request.into_inner()).await;
        let report = Some(report.map_err(|error| status::tuning(&error))?);
        Ok(Response::new(v1::ProposeSettingResponse { report }))
    }

    async fn watch_settings(
        &self,
        request: Request<v1::WatchSettingsRequest>,
    ) -> Result<Response<Wanted>, Status> {
        self.check_ready()?;
        let wanted = self.watch(request.into_inner().source);
        wanted
            .map(Response::new)
            .map_err(|error| status::tuning(&error))
    }

    async fn report_setting(
        &self,
        request: Request<v1::ReportSettingRequest>,
    ) -> Result<Response<v1::ReportSettingResponse>, Status> {
        self.check_ready()?;
        let v1::ReportSettingRequest { source, id, report } = request.into_inner();
        let refused = |error: TuningError| status::tuning(&error);
        let report = report.unwrap_or_default();
        if report.outcome() == v1::SettingOutcome::Unspecified {
            let field = "report.outcome";
            return Err(RequestError::FieldMissing { field }.into());
        }
        let waits = self.hub().forget(&source, id);
        let told = waits.is_some_and(|waits| waits.send(report).is_ok());
        if !told {
            return Err(refused(TuningError::UnknownSetting { id }));
        }
        Ok(Response::new(v1::ReportSettingResponse {}))
    }
}

fn name(field: &'static str, value: String, bytes_max: usize) -> Result<String, RequestError> {
    match value.is_empty() {
        true => Err(RequestError::FieldMissing { field }),
        false => text(field, value, bytes_max),
    }
}

fn text(field: &'static str, value: String, bytes_max: usize) -> Result<String, RequestError> {
    let fault = if value.len() > bytes_max {
        format!("has {} bytes: it may have {bytes_max}", value.len())
    } else if value.contains(char::is_control) {
        "holds a control character".to_owned()
    } else {
        return Ok(value);
    };
    Err(RequestError::invalid(field, fault))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served() -> Tuning {
        Tuning::new(watch::channel(true).1, CancellationToken::new())
    }

    fn wanted(source: &str) -> v1::ProposeSettingRequest {
        v1::ProposeSettingRequest {
            source: source.to_owned(),
            setting: Some(v1::Setting {
                name: "variable:A".to_owned(),
                value: "1".to_owned(),
            }),
            ..v1::ProposeSettingRequest::default()
        }
    }

    #[tokio::test]
    async fn a_connector_that_goes_leaves_nobody_waiting() {
        let tuning = served();
        let stream = tuning.watch("pbx".to_owned()).unwrap();
        let waits = tokio::spawn({
            let tuning = tuning.clone();
            async move { tuning.propose(wanted("pbx")).await }
        });
        while tuning.hub().watchers["pbx"].waiting.is_empty() {
            tokio::task::yield_now().await;
        }
        let second = tuning.watch("pbx".to_owned()).unwrap_err();
        assert!(matches!(second, TuningError::Watched { .. }), "{second}");
        drop(stream);
        let error = waits.await.unwrap().unwrap_err();
        assert!(matches!(error, TuningError::Unreported { .. }), "{error}");
        let error = tuning.propose(wanted("pbx")).await.unwrap_err();
        assert!(matches!(error, TuningError::NotWatched { .. }), "{error}");
        tuning.watch("pbx".to_owned()).unwrap();
    }

    #[tokio::test]
    async fn what_is_not_reported_in_time_is_forgotten() {
        let tuning = Tuning {
            within: Duration::from_millis(20),
            ..served()
        };
        let _stream = tuning.watch("pbx".to_owned()).unwrap();
        let error = tuning.propose(wanted("pbx")).await.unwrap_err();
        assert!(matches!(error, TuningError::Unreported { .. }), "{error}");
        assert!(tuning.hub().watchers["pbx"].waiting.is_empty());
        // One lies in the channel still: so many more may follow it.
        for _ in 1..WANTED_MAX {
            drop(
                tuning
                    .hub()
                    .want("pbx", &v1::Setting::default(), true)
                    .unwrap(),
            );
        }
        let error = tuning.propose(wanted("pbx")).await.unwrap_err();
        assert!(
            matches!(error, TuningError::TooManySettings { .. }),
            "{error}"
        );
    }
}
