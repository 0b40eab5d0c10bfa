//! What queues were measured by at each start, and when calendars were open: whole configurations, kept for ever.
//!
//! One is written when it differs from the last; a start that changes nothing writes nothing.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::database::{self, Bind, Columns as _, Db, Fetch, on};
use crate::model::{
    Calendar, Headline, QueueId, QueueRules, QueueTarget, RulesVersion, Targets, Timeline,
    Timestamp,
};

use super::rows::{Error, failed};
use super::writer::StoreWriter;

impl StoreWriter {
    /// Every configuration of rules that was seen, with the instant, in order of time; this one is written as the last
    /// when it is another.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn see_rules(
        &mut self,
        targets: &Targets,
        now: Timestamp,
    ) -> Result<Vec<(Timestamp, Targets)>, Error> {
        let begin = match &self.connection {
            Db::Sqlite(_) => "begin immediate",
            Db::Postgres(_) => "begin",
        };
        on!(self.connection.connection(), connection => {
            let seen = see(connection, begin, targets, now).await;
            if seen.is_err() {
                database::roll_back(connection).await;
            }
            seen
        })
    }
}

async fn see(
    connection: &mut impl Fetch,
    begin: &'static str,
    targets: &Targets,
    now: Timestamp,
) -> Result<Vec<(Timestamp, Targets)>, Error> {
    let run = failed("keep what queues are measured by");
    connection.fetch(begin, &[]).await.map_err(&run)?;
    let mut seen = read(connection).await?;
    let is_new = seen.last().is_none_or(|(_, last)| !same(last, targets));
    if is_new {
        // Two starts with a clock that was put back in between are still one after the other.
        let last = seen.last().map(|(at, _)| at.plus(Duration::from_micros(1)));
        let at = last.map_or(now, |last| now.max(last));
        write(connection, targets, at).await?;
        seen.push((at, targets.clone()));
    }
    connection.fetch("commit", &[]).await.map_err(&run)?;
    Ok(seen)
}

fn same(one: &Targets, other: &Targets) -> bool {
    let calendars = |targets: &Targets| {
        let all = targets.calendars.iter();
        all.map(|(name, calendar)| (name.clone(), calendar.text()))
            .collect::<Vec<_>>()
    };
    one.default == other.default && one.queues == other.queues && calendars(one) == calendars(other)
}

async fn read(connection: &mut impl Fetch) -> Result<Vec<(Timestamp, Targets)>, Error> {
    let sql = "select seen_at, queue, valid_from, target, short_abandon, headline,
        excessive_transfers, calendar from rules_seen order by seen_at, queue, valid_from";
    let rows = connection.fetch(sql, &[]).await;
    let rows = rows.map_err(failed("read what queues were measured by"))?;
    let mut seen: Vec<(Timestamp, Targets)> = Vec::new();
    let mut of_queue: Option<(Timestamp, String, Vec<RulesVersion>)> = None;
    for row in &rows {
        let at = Timestamp::from_micros(row.int(0));
        let version = RulesVersion {
            since: Timestamp::from_micros(row.int(2)),
            rules: QueueRules {
                target: QueueTarget {
                    service_level: Duration::from_micros(row.int(3) as u64),
                    short_abandon: Duration::from_micros(row.int(4) as u64),
                },
                headline: Headline::from_id(row.text(5)).ok_or(Error::Corrupt { what: "rules" })?,
                excessive_limit: row.int(6) as u32,
                calendar: row.maybe_text(7).map(Into::into),
            },
        };
        match &mut of_queue {
            Some((seen_at, queue, versions)) if *seen_at == at && queue == row.text(1) => {
                versions.push(version);
            }
            Some(_) | None => {
                let before = of_queue.replace((at, row.text(1).to_owned(), vec![version]));
                add(&mut seen, before);
            }
        }
    }
    add(&mut seen, of_queue);
    add_calendars(connection, &mut seen).await?;
    Ok(seen)
}

/// Adds what calendars held at the same starts; an earlier version kept none.
async fn add_calendars(
    connection: &mut impl Fetch,
    seen: &mut [(Timestamp, Targets)],
) -> Result<(), Error> {
    let sql = "select seen_at, name, content from calendars_seen order by seen_at, name";
    let rows = connection.fetch(sql, &[]).await;
    for row in rows.map_err(failed("read when calendars were open"))? {
        let at = Timestamp::from_micros(row.int(0));
        // A zone that is known no more leaves nothing to compare.
        let calendar = Calendar::read(row.text(2), |zone| TimeZone::get(zone).ok());
        let targets = seen.iter_mut().find(|(seen_at, _)| *seen_at == at);
        if let (Some((_, targets)), Some(calendar)) = (targets, calendar) {
            targets.calendars.insert(row.text(1).into(), calendar);
        }
    }
    Ok(())
}

/// Adds one queue's versions to those of the same start.
fn add(
    seen: &mut Vec<(Timestamp, Targets)>,
    of_queue: Option<(Timestamp, String, Vec<RulesVersion>)>,
) {
    let Some((at, queue, mut versions)) = of_queue else {
        return;
    };
    if seen.last().is_none_or(|(last, _)| *last != at) {
        seen.push((at, Targets::default()));
    }
    let first = versions.remove(0);
    let timeline = Timeline::with_changes(first.rules, versions);
    if let Some((_, targets)) = seen.last_mut() {
        if queue.is_empty() {
            targets.default = timeline;
        } else {
            targets.queues.insert(QueueId::new(queue), timeline);
        }
    }
}

async fn write(connection: &mut impl Fetch, targets: &Targets, at: Timestamp) -> Result<(), Error> {
    let own = targets.queues.iter();
    let own = own.map(|(queue, timeline)| (queue.as_str(), timeline));
    for (queue, timeline) in own.chain([("", &targets.default)]) {
        for RulesVersion { since, rules } in timeline.versions() {
            let micros = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
            let mut values: Vec<Bind<'_>> = vec![
                at.as_micros().into(),
                queue.into(),
                since.as_micros().into(),
                micros(rules.target.service_level).into(),
                micros(rules.target.short_abandon).into(),
                rules.headline.as_str().into(),
                i64::from(rules.excessive_limit).into(),
            ];
            // No calendar is null: a statement of its own, since values are never missing.
            let sql = match &rules.calendar {
                Some(calendar) => {
                    values.push((&**calendar).into());
                    "insert into rules_seen (seen_at, queue, valid_from, target, short_abandon,
                        headline, excessive_transfers, calendar) values ($1, $2, $3, $4, $5, $6, $7, $8)"
                }
                None => {
                    "insert into rules_seen (seen_at, queue, valid_from, target, short_abandon,
                        headline, excessive_transfers) values ($1, $2, $3, $4, $5, $6, $7)"
                }
            };
            let written = connection.fetch(sql, &values).await;
            written.map_err(failed("keep what queues are measured by"))?;
        }
    }
    for (name, calendar) in &targets.calendars {
        let sql = "insert into calendars_seen (seen_at, name, content) values ($1, $2, $3)";
        let content = calendar.text();
        let values = [
            at.as_micros().into(),
            (&**name).into(),
            content.as_str().into(),
        ];
        let written = connection.fetch(sql, &values).await;
        written.map_err(failed("keep when calendars are open"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Readers, Store};

    fn targets(own: u64) -> Targets {
        let rules = |seconds| QueueRules {
            calendar: (seconds > 20).then(|| "office".into()),
            headline: Headline::Journey,
            excessive_limit: 3,
            target: QueueTarget {
                service_level: Duration::from_secs(seconds),
                ..QueueTarget::default()
            },
        };
        let changes = vec![RulesVersion {
            since: Timestamp::from_micros(7),
            rules: rules(own),
        }];
        Targets {
            queues: [(
                QueueId::new("jobs"),
                Timeline::with_changes(rules(20), changes),
            )]
            .into(),
            ..Targets::default()
        }
    }

    #[tokio::test]
    async fn a_configuration_is_kept_when_it_differs_from_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let reading = Readers::OF_NOTHING;
        let at = Timestamp::from_micros;
        let with = |own, monday| {
            let zone = |name: &str| TimeZone::get(name).ok();
            let text = format!("zone Europe/Samara\nmon {monday}\n2026-02-23\n");
            let calendar = Calendar::read(&text, zone).unwrap();
            Targets {
                calendars: [("office".into(), calendar)].into(),
                ..targets(own)
            }
        };
        let (nine, ten) = ("09:00-18:00", "10:00-18:00");
        let mut seen = Vec::new();
        // Each start opens the file anew; the last has a clock that was put back.
        for (targets, now) in [
            (targets(30), 100),
            (targets(30), 200),
            (with(40, nine), 300),
            (with(40, nine), 400),
            (with(40, ten), 500),
            (with(30, ten), 50),
        ] {
            let (_, mut writer) = Store::open(&path, reading).await.unwrap();
            seen = writer.see_rules(&targets, at(now)).await.unwrap();
        }
        let expected = [
            (at(100), targets(30)),
            (at(300), with(40, nine)),
            (at(500), with(40, ten)),
            (at(501), with(30, ten)),
        ];
        assert_eq!(seen, expected);
    }
}
