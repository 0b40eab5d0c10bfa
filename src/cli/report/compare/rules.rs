//! What queues are measured by in two periods, and where it differs: a figure that rests on it is not compared, for the
//! difference would be that of the rule.

use std::collections::HashMap;

use crate::proto::v1::{ReportContext, RulesInForce};

use super::super::columns::{Cell, Rule};
use super::super::grid::Head;
use super::super::text::seconds;
use super::pairs::{Pair, text};

/// The row of all queues.
const ALL: &str = "ALL";

/// Which rules differ between the periods, by queue.
pub(super) struct Unlike<'a> {
    /// The rules that differ; those of queues without their own under an empty name.
    by_queue: HashMap<&'a str, Vec<Rule>>,
    /// Those that differ in any queue.
    anywhere: Vec<Rule>,
}

impl<'a> Unlike<'a> {
    /// Compares what two reports say they measured by.
    pub(super) fn of([now, before]: [Option<&'a ReportContext>; 2]) -> Self {
        let rules =
            |context: Option<&'a ReportContext>| context.map_or(&[][..], |context| &context.rules);
        let (now, before) = (by_queue(rules(now)), by_queue(rules(before)));
        let differ = |queue: &str, rule: &Rule| {
            let values = |all: &HashMap<&str, Vec<&RulesInForce>>| {
                let versions = all.get(queue).map_or(&[][..], |versions| versions);
                let mut values: Vec<_> = versions.iter().map(|one| value(one, *rule)).collect();
                values.dedup();
                values
            };
            let (now, before) = (values(&now), values(&before));
            now != before
        };
        let by_queue: HashMap<_, Vec<_>> = now
            .keys()
            .map(|queue| {
                let rules = RULES.iter().filter(|rule| differ(queue, rule));
                (*queue, rules.copied().collect())
            })
            .collect();
        let anywhere = RULES.iter().filter(|rule| {
            let mut all = by_queue.values();
            all.any(|rules| rules.contains(rule))
        });
        Self {
            anywhere: anywhere.copied().collect(),
            by_queue,
        }
    }

    /// The rules that differ for a row: by what the row itself says, else by the rules of its queue.
    pub(super) fn rules(&self, heads: &[Head], pair: &Pair<'_>) -> Vec<Rule> {
        let of_queue = self.of_queue(queue(heads, pair));
        let differs = |rule: &Rule| match said(*rule, heads, pair) {
            Some([now, before]) => now != before,
            None => of_queue.contains(rule),
        };
        RULES.into_iter().filter(differs).collect()
    }

    fn of_queue(&self, queue: Option<&str>) -> &[Rule] {
        match queue {
            None | Some(ALL) => &self.anywhere,
            Some(queue) => {
                let own = self.by_queue.get(queue);
                own.or_else(|| self.by_queue.get(""))
                    .map_or(&[], |rules| rules)
            }
        }
    }
}

/// Every rule.
const RULES: [Rule; 4] = [
    Rule::ServiceLevel,
    Rule::ShortAbandon,
    Rule::Headline,
    Rule::ExcessiveLimit,
];

fn value(version: &RulesInForce, rule: Rule) -> String {
    match rule {
        Rule::ServiceLevel => seconds(version.service_level.as_ref()),
        Rule::ShortAbandon => seconds(version.short_abandon.as_ref()),
        Rule::Headline => version.headline.clone(),
        Rule::ExcessiveLimit => version.excessive_limit.to_string(),
    }
}

fn by_queue(rules: &[RulesInForce]) -> HashMap<&str, Vec<&RulesInForce>> {
    let mut by_queue = HashMap::<_, Vec<_>>::new();
    for version in rules {
        let versions = by_queue.entry(version.queue.as_str()).or_default();
        versions.push(version);
    }
    by_queue
}

/// What both rows say of a rule; `None` where either does not.
fn said<'a>(rule: Rule, heads: &[Head], pair: &Pair<'a>) -> Option<[&'a Cell; 2]> {
    let at = heads.iter().position(|head| head.says == Some(rule))?;
    let cell = |cells: Option<&'a [Cell]>| {
        let cell = cells?.get(at)?;
        let is_said = *cell != Cell::Empty && text(cell).is_none_or(|text| !text.is_empty());
        is_said.then_some(cell)
    };
    Some([cell(pair.row)?, cell(pair.before)?])
}

/// The queue of a row; `None` where it is of something else.
fn queue<'a>(heads: &[Head], pair: &Pair<'a>) -> Option<&'a str> {
    let at = heads.iter().position(|head| head.name == "queue")?;
    let cells = pair.row.or(pair.before)?;
    cells.get(at).and_then(text).map(String::as_str)
}
