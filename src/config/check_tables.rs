//! What must fit together in the tables of queues, calendars, lines, agents, routes and plans.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::check::Problem;
use super::nearest::{nearest, suggestion};
use super::rules::{ALWAYS, Since};
use super::{Config, Queue, check_hours};
use crate::model::{Timeline, Timestamp};

/// How many different thresholds there may be: each is a line more in every histogram of every queue.
const THRESHOLDS_MAX: usize = 32;

/// The first thing that does not fit.
pub(super) fn check(config: &Config) -> Result<(), Problem> {
    thresholds(config)?;
    calendars(config)?;
    calendar_names(config)?;
    lines(config)?;
    agents(config)?;
    routes(config)?;
    plans(config)
}

/// A key's place in the file.
pub(super) fn place<'a>(path: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    path.into_iter().map(str::to_owned).collect()
}

fn thresholds(config: &Config) -> Result<(), Problem> {
    let zone = config.zone.time_zone();
    let all = &config.service_level;
    let table = place(["service_level"]);
    rising(&table, &all.since, config)?;
    let timeline = all.timeline(zone);
    fits(&table, None, &all.since, &timeline, config)?;
    let mut different: HashSet<Duration> = HashSet::new();
    count(&mut different, &timeline);
    for (index, queue) in config.queues.iter().enumerate() {
        let table = place(["queue", &index.to_string()]);
        rising(&table, &queue.since, config)?;
        let timeline = queue.timeline(&timeline, zone);
        fits(&table, Some(queue), &queue.since, &timeline, config)?;
        count(&mut different, &timeline);
        if different.len() > THRESHOLDS_MAX {
            let message = format!(
                "more than {THRESHOLDS_MAX} different thresholds in all: each is a bucket of every histogram"
            );
            return Err(Problem::new(table, message));
        }
    }
    Ok(())
}

fn count(different: &mut HashSet<Duration>, timeline: &Timeline) {
    for version in timeline.versions() {
        let target = version.rules.target;
        different.extend([target.service_level, target.short_abandon]);
    }
}

/// Changes stand in the order in which they count, each with something to say.
fn rising(table: &[String], since: &[Since], config: &Config) -> Result<(), Problem> {
    let zone = config.zone.time_zone();
    let mut last: Option<(Timestamp, String)> = None;
    for (index, change) in since.iter().enumerate() {
        let index = index.to_string();
        let at = change.valid_from.at(zone);
        let text = change.valid_from.text();
        if let Some((before, said)) = &last
            && at <= *before
        {
            let path = [table, &place(["since", &index, "valid_from"])].concat();
            return Err(Problem::new(
                path,
                format!("must be later than {said}, the one before"),
            ));
        }
        let silent = change.target.is_none()
            && change.short_abandon.is_none()
            && change.headline.is_none()
            && change.excessive_transfers.is_none()
            && change.calendar.is_none();
        if silent {
            let path = [table, &place(["since", &index])].concat();
            let message = "changes nothing: say target, short_abandon, headline, excessive_transfers or calendar";
            return Err(Problem::new(path, message));
        }
        last = Some((at, text));
    }
    Ok(())
}

/// The short threshold is something, and shorter than the target, in every version.
fn fits(
    table: &[String],
    queue: Option<&Queue>,
    since: &[Since],
    timeline: &Timeline,
    config: &Config,
) -> Result<(), Problem> {
    for version in timeline.versions() {
        let target = version.rules.target;
        // Who said a key last before this version.
        let zone = config.zone.time_zone();
        let said = |says: fn(&Since) -> bool, key: &str| {
            let mut changes = since.iter().enumerate().rev();
            let change = changes
                .find(|(_, change)| says(change) && change.valid_from.at(zone) <= version.since);
            let path = match change {
                Some((index, _)) => place(["since", &index.to_string(), key]),
                None => place([key]),
            };
            [table, &path].concat()
        };
        let says_target = |change: &Since| change.target.is_some();
        let says_short = |change: &Since| change.short_abandon.is_some();
        if target.short_abandon.is_zero() {
            let path = said(says_short, "short_abandon");
            return Err(Problem::new(path, "must be longer than nothing"));
        }
        if target.service_level <= target.short_abandon {
            // The key that the file says; the other one is that of all queues.
            let own_target = queue
                .is_none_or(|queue| queue.target.is_some() || queue.since.iter().any(says_target));
            return Err(if own_target {
                let short = humantime::format_duration(target.short_abandon);
                let message = format!("must be longer than short_abandon, {short}");
                Problem::new(said(says_target, "target"), message)
            } else {
                let level = humantime::format_duration(target.service_level);
                let message = format!("must be shorter than the target, {level}");
                Problem::new(said(says_short, "short_abandon"), message)
            });
        }
    }
    Ok(())
}

fn calendars(config: &Config) -> Result<(), Problem> {
    let names = config.calendars.iter().map(|table| table.name.as_str());
    named("calendar", "name", names)?;
    for (index, table) in config.calendars.iter().enumerate() {
        let index = index.to_string();
        if table.name == ALWAYS {
            let message = "\"always\" is the word for no calendar at all; choose another";
            return Err(Problem::at(["calendar", &index, "name"], message));
        }
        let days = table.weekly.days();
        if days.iter().all(|(_, spans)| spans.is_empty()) && table.exceptions.is_empty() {
            let message = "is never open: say weekly = { mon = [\"08:00-17:00\"], … }";
            return Err(Problem::at(["calendar", &index], message));
        }
        let path = place(["calendar", &index]);
        check_hours::check(&path, &table.weekly, &table.holidays, &table.exceptions)?;
    }
    Ok(())
}

/// Every calendar that is named is there.
fn calendar_names(config: &Config) -> Result<(), Problem> {
    let known: Vec<&str> = config
        .calendars
        .iter()
        .map(|table| table.name.as_str())
        .chain([ALWAYS])
        .collect();
    let check = |table: Vec<String>, name: &Option<String>| match name {
        Some(name) if !known.contains(&name.as_str()) => {
            let near = suggestion(nearest(name, known.iter().copied()));
            let path = [table, place(["calendar"])].concat();
            let message = format!("there is no [[calendar]] \"{name}\"{near}");
            Err(Problem::new(path, message))
        }
        Some(_) | None => Ok(()),
    };
    let tables = |table: Vec<String>, name: &Option<String>, since: &[Since]| {
        check(table.clone(), name)?;
        for (index, change) in since.iter().enumerate() {
            let path = place(["since", &index.to_string()]);
            check([table.clone(), path].concat(), &change.calendar)?;
        }
        Ok(())
    };
    let all = &config.service_level;
    tables(place(["service_level"]), &all.calendar, &all.since)?;
    for (index, queue) in config.queues.iter().enumerate() {
        let table = place(["queue", &index.to_string()]);
        tables(table, &queue.calendar, &queue.since)?;
    }
    Ok(())
}

/// Names are something that can be written, each once.
pub(super) fn named<'a>(
    list: &str,
    key: &str,
    names: impl Iterator<Item = &'a str>,
) -> Result<(), Problem> {
    let mut seen = HashSet::new();
    for (index, name) in names.enumerate() {
        let index = index.to_string();
        printable([list, &index, key], name)?;
        if !seen.insert(name) {
            let message = format!("\"{name}\" is there twice");
            return Err(Problem::at([list, &index, key], message));
        }
    }
    Ok(())
}

fn printable(path: [&str; 3], name: &str) -> Result<(), Problem> {
    if name.is_empty() {
        return Err(Problem::at(path, "may not be empty"));
    }
    if name.chars().any(char::is_control) {
        let message = format!("{name:?} holds a control character");
        return Err(Problem::at(path, message));
    }
    Ok(())
}

fn lines(config: &Config) -> Result<(), Problem> {
    let numbers = config.lines.iter().map(|line| line.number.as_str());
    named("line", "number", numbers)?;
    for (index, line) in config.lines.iter().enumerate() {
        printable(["line", &index.to_string(), "name"], &line.name)?;
    }
    Ok(())
}

fn agents(config: &Config) -> Result<(), Problem> {
    let zone = config.zone.time_zone();
    let mut seen = HashMap::<&str, Vec<(Timestamp, Option<Timestamp>)>>::new();
    for (index, agent) in config.agents.iter().enumerate() {
        let index = index.to_string();
        printable(["agent", &index, "id"], &agent.id)?;
        for (key, name) in [("name", &agent.name), ("team", &agent.team)] {
            if let Some(name) = name {
                printable(["agent", &index, key], name)?;
            }
        }
        let post = agent.post(zone);
        if post.until.is_some_and(|until| until <= post.since) {
            let message = "must be later than from: it is the first day that no longer counts";
            return Err(Problem::at(["agent", &index, "to"], message));
        }
        let posts = seen.entry(agent.id.as_str()).or_default();
        let before = |until: Option<Timestamp>, since| until.is_none_or(|until| since < until);
        let overlaps = posts
            .iter()
            .any(|(since, until)| before(*until, post.since) && before(post.until, *since));
        if overlaps {
            let message = format!(
                "\"{}\" is there twice for the same time: say from and to, so that each has its own",
                agent.id
            );
            return Err(Problem::at(["agent", &index, "id"], message));
        }
        posts.push((post.since, post.until));
    }
    Ok(())
}

fn routes(config: &Config) -> Result<(), Problem> {
    let mut seen = HashSet::new();
    for (index, route) in config.planned_routes.iter().enumerate() {
        let index = index.to_string();
        for (key, name) in [("from", &route.from), ("to", &route.to)] {
            printable(["planned_route", &index, key], name)?;
        }
        if route.from == route.to {
            let message = "leads nowhere else: from and to are the same queue";
            return Err(Problem::at(["planned_route", &index, "to"], message));
        }
        if !seen.insert((&route.from, &route.to)) {
            let message = "this route is there twice";
            return Err(Problem::at(["planned_route", &index, "from"], message));
        }
    }
    Ok(())
}

fn plans(config: &Config) -> Result<(), Problem> {
    let zone = config.zone.time_zone();
    let mut seen = HashSet::new();
    for (index, table) in config.plans.iter().enumerate() {
        let index = index.to_string();
        let path = place(["plan", &index]);
        if let Some(queue) = &table.queue {
            printable(["plan", &index, "queue"], queue)?;
        }
        let days = table.weekly.days();
        if days.iter().all(|(_, shifts)| shifts.is_empty()) && table.exceptions.is_empty() {
            let message = "never plans anybody: say weekly = { mon = [\"08:00-12:00 = 6\"], … }";
            return Err(Problem::new(path, message));
        }
        check_hours::check(&path, &table.weekly, &table.holidays, &table.exceptions)?;
        if !seen.insert((&table.queue, table.since(zone))) {
            let of = match &table.queue {
                Some(queue) => format!("the queue \"{queue}\""),
                None => "the whole hotline".to_owned(),
            };
            let message =
                format!("is the second one of {of} from the same time on: say queue or valid_from");
            return Err(Problem::new(path, message));
        }
    }
    Ok(())
}
