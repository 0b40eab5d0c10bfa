//! What was told of agents, written to a real file in stretches and read again, beside a look at everything.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnection;

use crate::model::fixture::Chance;
use crate::model::{
    AgentEvent, AgentId, AgentState, AgentTold, Mode, QueueId, SourceId, Timestamp,
};

use super::agents_told;
use super::fixture::{SOURCES, opened, stretch};
use super::sqlite::MIGRATIONS;
use super::{Rows as _, StoreWriter, Write};

/// A first instant of a quarter of an hour, in seconds.
const QUARTER: u64 = 1_800_000_900;

fn at(second: u64) -> Timestamp {
    Timestamp::from_micros((QUARTER + second) as i64 * 1_000_000)
}

async fn write(writer: &mut StoreWriter, position: u64, agents: Vec<AgentTold>) {
    let write = Write {
        agents,
        ..stretch(position)
    };
    writer.write(&write).await.unwrap();
}

/// Tellings by chance, the same one now and then twice.
fn told_by_chance(chance: &mut Chance) -> AgentTold {
    let agent = AgentId::new(chance.of(&["ann", "bob", "eve", "joe"]));
    let is_end = chance.below(3) == 0;
    let queues = &["jobs", "help"][..chance.below(3) as usize];
    AgentTold {
        source: SourceId::new(chance.of(&SOURCES)),
        at: at(chance.below(10_000)),
        told: match is_end {
            true => AgentEvent::WrapUpEnded { agent },
            false => AgentEvent::StateChanged {
                agent,
                state: chance.of(&[AgentState::Paused, AgentState::WrapUp]),
                reason: chance.of(&["", "a \"break\", or so"]).into(),
                queues: queues.iter().map(|queue| QueueId::new(*queue)).collect(),
            },
        },
        mode: chance.of(&[Mode::Live, Mode::Live, Mode::Backfill]),
    }
}

/// What makes two tellings the same, in the order in which they are read.
fn key(told: &AgentTold) -> (Timestamp, SourceId, AgentId, u8, u8) {
    let (kind, state) = match &told.told {
        AgentEvent::StateChanged { state, .. } => (0, state.code()),
        AgentEvent::WrapUpEnded { .. } => (1, 0),
    };
    (
        told.at,
        told.source.clone(),
        told.told.agent().clone(),
        kind,
        state,
    )
}

#[tokio::test]
async fn what_was_told_of_agents_in_any_number_of_stretches_is_read_once_and_in_order() {
    let mut chance = Chance(5);
    let folder = tempfile::tempdir().unwrap();
    let (store, mut writer) = opened(&folder).await;
    let mut first = BTreeMap::new();
    let mut all = Vec::new();
    for stretch in 1..=40 {
        let mut agents: Vec<_> = (0..30).map(|_| told_by_chance(&mut chance)).collect();
        if let Some(again) = all.get(chance.below(all.len() as u64 + 1) as usize) {
            agents.push(Clone::clone(again));
        }
        for told in &agents {
            first.entry(key(told)).or_insert_with(|| told.clone());
        }
        all.extend(agents.clone());
        write(&mut writer, stretch, agents).await;
    }
    for (start, end) in [
        (0, 10_000),
        (0, 1),
        (899, 901),
        (1_800, 2_700),
        (3_333, 9_001),
        (20_000, 30_000),
    ] {
        let period = (at(start), at(end));
        let inside = first
            .values()
            .filter(|told| (period.0..period.1).contains(&told.at));
        let expected: Vec<_> = inside.cloned().collect();
        let told = store.told(period).await.unwrap().agents;
        assert_eq!(told, expected, "{start} to {end}");
    }
    for source in SOURCES.into_iter().chain(["west"]) {
        let source = SourceId::new(source);
        let mut latest = BTreeMap::<AgentId, [Option<AgentTold>; 2]>::new();
        let live = |told: &&AgentTold| told.source == source && told.mode == Mode::Live;
        let mut told: Vec<_> = all.iter().filter(live).collect();
        told.sort_by_key(|told| key(told));
        for told in told {
            let is_end = matches!(told.told, AgentEvent::WrapUpEnded { .. });
            let last = latest.entry(told.told.agent().clone()).or_default();
            last[usize::from(is_end)] = Some(told.clone());
        }
        let known = latest.into_values().flat_map(|[state, end]| {
            let end = end.filter(|end| state.as_ref().is_some_and(|state| state.at <= end.at));
            [state, end].into_iter().flatten()
        });
        let mut known: Vec<_> = known.collect();
        known.sort_by_key(key);
        let told = store.agents_told_last(&source).await.unwrap();
        let keys = |told: &[AgentTold]| told.iter().map(key).collect::<Vec<_>>();
        assert_eq!(keys(&told), keys(&known), "{source:?}");
    }
}

#[tokio::test]
async fn a_stretch_told_again_takes_nothing_from_one_that_ended_where_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mut writer) = opened(&folder).await;
    let mut chance = Chance(7);
    let all: Vec<_> = (0..20).map(|_| told_by_chance(&mut chance)).collect();
    for agents in [&all[..], &all[10..]] {
        write(&mut writer, 9, agents.to_vec()).await;
    }
    let told = store.told((at(0), at(10_000))).await.unwrap().agents;
    let keys: BTreeSet<_> = all.iter().map(key).collect();
    assert_eq!(
        told.iter().map(key).collect::<Vec<_>>(),
        Vec::from_iter(keys)
    );
}

/// A row as it was before there were quarters.
async fn insert(connection: &mut SqliteConnection, told: &AgentTold) {
    let (at, source, agent, kind, state) = key(told);
    let (reason, queues) = match &told.told {
        AgentEvent::StateChanged { reason, queues, .. } => {
            let queues: Vec<_> = queues.iter().map(QueueId::as_str).collect();
            (reason.to_string(), queues.join("\n"))
        }
        AgentEvent::WrapUpEnded { .. } => Default::default(),
    };
    let source = SOURCES.iter().position(|known| *known == source.as_str());
    let sql = "insert into agent_events (source_id, agent, at, kind, state, reason, queues, mode)
        values (?, ?, ?, ?, ?, ?, ?, ?)";
    let insert = sqlx::query(sql)
        .bind(source.unwrap() as i64 + 1)
        .bind(agent.as_str().to_owned())
        .bind(at.as_micros());
    let insert = insert.bind(kind).bind(state).bind(reason).bind(queues);
    let insert = insert.bind(told.mode.code());
    insert.execute(connection).await.unwrap();
}

#[tokio::test]
async fn tellings_of_an_older_database_are_there_after_it_is_opened() {
    let options = sqlx::sqlite::SqliteConnectOptions::new().in_memory(true);
    let mut connection = options.connect().await.unwrap();
    let number = MIGRATIONS
        .iter()
        .position(|(name, _)| *name == "agents' quarters");
    let (older, later) = MIGRATIONS.split_at(number.unwrap());
    for (_, sql) in older {
        sqlx::raw_sql(*sql).execute(&mut connection).await.unwrap();
    }
    let sql =
        "insert into sources (source_id, name, state) values (1, 'north', x''), (2, 'south', x'')";
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    let mut chance = Chance(3);
    let mut expected = BTreeMap::new();
    for _ in 0..300 {
        let told = told_by_chance(&mut chance);
        expected.entry(key(&told)).or_insert(told);
    }
    for told in expected.values() {
        insert(&mut connection, told).await;
    }
    for (_, sql) in later {
        sqlx::raw_sql(*sql).execute(&mut connection).await.unwrap();
    }
    let told = agents_told::read(&mut connection, (at(0), at(10_000))).await;
    assert_eq!(told.unwrap(), Vec::from_iter(expected.values().cloned()));
    let north = agents_told::last(&mut connection, 1).await.unwrap();
    let newest = expected.values().rfind(|told| {
        told.source.as_str() == SOURCES[0] && told.mode == Mode::Live && key(told).3 == 0
    });
    let mut states = north.iter().filter(|told| key(told).3 == 0);
    assert_eq!(states.clone().count(), 4, "one an agent");
    assert_eq!(states.next_back().map(key), newest.map(key));
}
