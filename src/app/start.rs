//! Start and stop, in order.

use std::fs::File;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::calls;
use crate::cli::failure::{Exit, Failure};
use crate::clock::Clock;
use crate::config::Config;
use crate::journal::{self, Committed};
use crate::live;
use crate::metrics;
use crate::model::{Position, SourceId};
use crate::pipeline::{self, Extent, Pipeline};
use crate::reports::{self, Folder, Reports, Zone};
use crate::store::{self, Write};
use crate::upkeep::{Retention, Upkeep};
use crate::validate::country_of;
use crate::wall::{self, Pictures};
use crate::wire;

use super::bridges::{open_bridge, own_server};
use super::databases::{self, Databases};
use super::key;
use super::lock::Patience;
use super::rules;
use super::surveys;
use super::usual;
use super::yielding::Yielding;

/// Rows that may wait to be applied: some seconds of work at the most.
const ROWS_WAITING: usize = 64;
/// How long open connections may take to end.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);
/// How long the journal's and the store's last writes may take.
const DRAIN_WITHIN: Duration = Duration::from_secs(2);

/// A running dozvon.
pub struct Running {
    /// Where gRPC is served.
    pub grpc: SocketAddr,
    /// Where HTTP is served.
    pub http: SocketAddr,
    stopping: CancellationToken,
    ended: JoinHandle<Result<(), Failure>>,
}

impl Running {
    /// Stops in order; returns when everything taken is answered and written.
    ///
    /// # Errors
    /// When something failed while it ran, or now.
    pub async fn stop(self) -> Result<(), Failure> {
        self.stopping.cancel();
        self.wait().await
    }

    /// Asks to stop, without waiting for it.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Returns when it has stopped.
    ///
    /// # Errors
    /// When something failed while it ran.
    pub async fn wait(self) -> Result<(), Failure> {
        let failed = |error| Failure::new(Exit::Failure, format!("dozvon failed: {error}"));
        self.ended.await.map_err(failed)?
    }
}

/// Everything that runs, for the one who waits for its end.
struct Parts {
    lock: Option<File>,
    yielding: Yielding,
    server: JoinHandle<Result<(), wire::ServerError>>,
    http: JoinHandle<std::io::Result<()>>,
    writer: JoinHandle<Result<(), journal::Error>>,
    pipeline: JoinHandle<Result<(), crate::store::Error>>,
    store: JoinHandle<Result<(), crate::store::Error>>,
}

/// Starts dozvon; returns when it is ready.
///
/// # Errors
/// In words, with what to do: the folder cannot be written or is in use, an address is taken, a database is damaged or
/// from a newer version, the key is lost.
pub async fn start(config: &Config, clock: Clock, patience: Patience) -> Result<Running, Failure> {
    let grpc = bind(config.server.grpc, "gRPC").await?;
    let http = bind(config.server.http, "HTTP").await?;
    let yielding = Yielding::start().map_err(failure)?;
    let after_ack = yielding.handle().clone();
    let Databases {
        journal: mut database,
        store,
        mut store_writer,
        lock,
    } = databases::open(config, patience, &after_ack).await?;
    let end = database.end().await.map_err(failure)?;
    let trimmed = database.trimmed().await.map_err(failure)?;
    let privacy = Arc::new(key::load(&config.key_file()?, end > Position(0))?);
    let targets = config.targets();
    let altered = rules::see(&mut store_writer, config, &targets, clock.now()).await?;
    let checkpoint = store_writer.load().await.map_err(failure)?;
    let options = pipeline::Options {
        calls: calls_options(config),
        surveys: surveys::plan(config, &privacy),
        live: live::Options {
            targets: targets.clone(),
            zone: config.zone.time_zone().clone(),
            plans: config.agent_plans(),
            wrap_up_max: config.board.wrap_up_max,
        },
    };
    let started = Pipeline::start(
        options,
        checkpoint,
        Extent { trimmed, end },
        store.clone(),
        clock.clone(),
    );
    let (mut pipeline, from) = started.map_err(failure)?;

    let stopping = CancellationToken::new();
    let (ready_sender, ready) = watch::channel(false);
    let (stored_sender, mut stored) = watch::channel(pipeline.stored());
    let (committed_sender, committed) = mpsc::channel::<Committed>(ROWS_WAITING);
    let (writes, writes_receiver) = mpsc::channel::<Write>(1);
    let process = pipeline.board().process().clone();
    process.stored(pipeline.stored());
    let (chores, asked) = store::chores();
    let store_task =
        pipeline::store_task(store_writer, writes_receiver, asked, stored_sender, process);
    let store_task = after_ack.spawn(store_task);

    let reader = database.reader();
    let writer_options = journal::Options {
        store_lag_max: config.ingest.store_lag_max,
        ..journal::Options::default()
    };
    let writer = journal::Writer::new(
        database,
        writer_options,
        clock.clone(),
        committed_sender,
        stored.clone(),
    );
    let (writer, handle) = writer.await.map_err(failure)?;
    let grpc_address = address(&grpc)?;
    let http_address = address(&http)?;
    let pictures = Pictures::new(pipeline.live().clone());
    let live_board = pipeline.live().clone();
    let http_stop = CancellationToken::new();
    let http = after_ack.spawn(metrics::serve(
        http,
        pipeline.board().clone(),
        Arc::new(move |now| live_board.agents_at(now)),
        ready.clone(),
        clock.clone(),
        wall::routes(pictures.clone(), ready.clone()),
        http_stop.clone().cancelled_owned(),
    ));
    let surveys = wire::Surveys::new(wire::Parts {
        plan: surveys::plan(config, &privacy),
        cases: wire::CasePlan {
            zone: config.zone.time_zone().clone(),
            days: config.survey.case_days,
        },
        journal: handle.clone(),
        lookup: pipeline.lookup(),
        store: store.clone(),
        stored: stored.clone(),
        status: pipeline.status().clone(),
        ready: ready.clone(),
        stopping: stopping.clone(),
        clock: clock.clone(),
    });
    let (forgetter, forgetting) = pipeline::forgetter();
    let upkeep = Upkeep::new(
        (store.clone(), chores.clone()),
        (reader.clone(), handle.chores()),
        forgetter,
        pipeline.status().clone(),
        stored.clone(),
        clock.clone(),
    );
    let admin = wire::Admin::new(
        upkeep.clone(),
        privacy.clone(),
        ready.clone(),
        stopping.clone(),
    );
    let ingest = wire::Ingest::new(
        ingest_options(config),
        handle.clone(),
        reader.clone(),
        pipeline.status().clone(),
        stored.clone(),
        ready.clone(),
        stopping.clone(),
        clock.clone(),
        privacy,
    );
    let report_options = reports::Options {
        zone: Zone::find(config.zone.name()).map_err(failure)?,
        targets,
        floor: Arc::new(config.floor()),
        altered: altered.into(),
    };
    let folder = Folder::new(store.clone(), chores, &report_options);
    let reports = Reports::new(store.clone(), pipeline.status().clone(), report_options);
    let usual = usual::keep(
        reports.clone(),
        pipeline.live().clone(),
        config.zone.time_zone().clone(),
    );
    let closing = CancellationToken::new();
    let (health, health_service) = wire::health().await;
    let server = wire::Server {
        health: health_service,
        ingest,
        reports,
        admin,
        live: wire::Live::new(pictures.clone(), ready.clone(), stopping.clone()),
        surveys: surveys.clone(),
        tuning: wire::Tuning::new(ready.clone(), stopping.clone()),
    };
    let server = tokio::spawn(server.serve(grpc, closing.clone()));

    let sources = writer.summarize();
    pipeline.note_sources(&sources);
    pipeline.restore_live().await.map_err(failure)?;
    let replayed = pipeline.replay(from, &reader, &writes, &mut stored).await;
    replayed.map_err(failure)?;
    let texts = store.surveys().await.map_err(failure)?;
    surveys.restore(texts, pipeline.sessions().all());
    let writer = tokio::spawn(writer.run());
    drop(handle);
    pipeline.note_sources(&sources);
    let stored_now = stored.clone();
    let pipeline = after_ack.spawn(pipeline.run(committed, writes, stored, forgetting));
    surveys::put(&surveys, &config.survey.files).await?;
    tokio::spawn(surveys.keep());
    after_ack.spawn(upkeep.keep(retention(config), stopping.clone()));
    let publishing = wall::publish(pictures);
    after_ack.spawn(stopping.clone().run_until_cancelled_owned(publishing));
    ready_sender.send_replace(true);
    health.say(true).await;
    for pbx in config.asterisk.iter().filter(|pbx| pbx.serve) {
        open_bridge(pbx, own_server(grpc_address)?, stopping.clone()).await?;
    }
    after_ack.spawn(stopping.clone().run_until_cancelled_owned(usual));
    let looking = journal::look_over(reader, stored_now.clone(), clock);
    after_ack.spawn(stopping.clone().run_until_cancelled_owned(looking));
    let folding = folder.run(stored_now);
    after_ack.spawn(stopping.clone().run_until_cancelled_owned(folding));

    let parts = Parts {
        lock,
        yielding,
        server,
        http,
        writer,
        pipeline,
        store: store_task,
    };
    let ended = tokio::spawn(run(
        parts,
        health,
        ready_sender,
        stopping.clone(),
        Closing {
            grpc: closing,
            http: http_stop,
        },
    ));
    Ok(Running {
        grpc: grpc_address,
        http: http_address,
        stopping,
        ended,
    })
}

/// Closes the doors, one after the other.
struct Closing {
    grpc: CancellationToken,
    http: CancellationToken,
}

/// Waits for the end: asked for, or because a part failed; then stops the rest in the order of the flow.
async fn run(
    mut parts: Parts,
    health: wire::Health,
    ready: watch::Sender<bool>,
    stopping: CancellationToken,
    closing: Closing,
) -> Result<(), Failure> {
    let asked = stopping.cancelled();
    let failed = tokio::select! {
        () = asked => None,
        ended = &mut parts.writer => Some(writer_failure(ended)),
        ended = &mut parts.pipeline => Some(part_failure("the pipeline", ended)),
        ended = &mut parts.store => Some(part_failure("the store", ended)),
        ended = &mut parts.server => Some(part_failure("the gRPC server", ended)),
        ended = &mut parts.http => Some(part_failure("the HTTP server", ended)),
    };
    health.say(false).await;
    closing.grpc.cancel();
    if let Some(failure) = failed {
        tracing::error!(%failure, "dozvon stops");
        stopping.cancel();
        return Err(failure);
    }
    tracing::info!("stopping: nothing more is taken in");
    if tokio::time::timeout(CLOSE_WITHIN, &mut parts.server)
        .await
        .is_err()
    {
        tracing::warn!("some connections did not end in time");
        parts.server.abort();
    }
    let drained = tokio::time::timeout(DRAIN_WITHIN, async {
        let writer = parts.writer.await;
        let pipeline = parts.pipeline.await;
        let store = parts.store.await;
        (writer, pipeline, store)
    });
    let result = match drained.await {
        Err(_) => {
            tracing::warn!(
                "the store did not catch up in time; the next start makes up for it from the journal"
            );
            Ok(())
        }
        Ok((writer, pipeline, store)) => ended("the journal", writer)
            .and(ended("the pipeline", pipeline))
            .and(ended("the store", store)),
    };
    ready.send_replace(false);
    closing.http.cancel();
    drop(parts.yielding);
    drop(parts.lock);
    result
}

type Ended<E> = Result<Result<(), E>, tokio::task::JoinError>;

fn ended<E: Into<anyhow::Error>>(part: &str, ended: Ended<E>) -> Result<(), Failure> {
    match ended {
        Ok(Ok(())) => Ok(()),
        other => Err(part_failure(part, other)),
    }
}

fn part_failure<E: Into<anyhow::Error>>(part: &str, ended: Ended<E>) -> Failure {
    let why = match ended {
        Ok(Ok(())) => "it ended by itself".to_owned(),
        Ok(Err(error)) => format!("{:#}", error.into()),
        Err(error) => error.to_string(),
    };
    Failure::new(Exit::Failure, format!("{part} failed: {why}"))
}

/// A commit that failed may not be on disk though the system says so: nothing is promised until a start has recovered.
fn writer_failure(ended: Ended<journal::Error>) -> Failure {
    use journal::Error::{Open, TakenOver};
    if let Ok(Err(error @ (TakenOver | Open(_)))) = ended {
        return failure(error);
    }
    let failure = part_failure("the journal", ended);
    Failure::new(Exit::SyncFailed, failure.message)
}

fn failure(error: impl Into<anyhow::Error>) -> Failure {
    Failure::from(error.into())
}

pub(super) async fn bind(address: SocketAddr, what: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let flag = what.to_lowercase();
        let why = if error.kind() == ErrorKind::AddrInUse {
            "it is in use by another program".to_owned()
        } else {
            error.to_string()
        };
        let message = format!("cannot serve {what} on {address}: {why}; choose another with --{flag} (port 0 picks a free one)");
        Failure::new(Exit::Failure, message)
    })
}

fn address(listener: &TcpListener) -> Result<SocketAddr, Failure> {
    listener.local_addr().map_err(failure)
}

fn calls_options(config: &Config) -> calls::Options {
    calls::Options {
        targets: config.targets(),
        settle: config.calls.settle,
        settle_events: config.calls.settle_events.into(),
        call_deadline: config.calls.call_deadline,
        open_calls_max: config.calls.open_calls_max as usize,
    }
}

fn retention(config: &Config) -> Retention {
    Retention {
        journal: config.retention.journal,
        calls: config.retention.calls,
        rollups: config.retention.rollups,
        pseudonyms: config.retention.pseudonyms,
    }
}

fn ingest_options(config: &Config) -> wire::IngestOptions {
    let countries = config
        .sources
        .iter()
        .map(|source| (SourceId::new(source.name.as_str()), source.country.id()));
    wire::IngestOptions {
        window_events: config.ingest.window_events,
        batch_events_max: config.ingest.batch_events_max,
        lease: config.ingest.lease,
        countries: countries.collect(),
        country: country_of("RU"),
    }
}
