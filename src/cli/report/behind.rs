//! What a report's figures rest on: which calls, and up to when these are settled.

use crate::proto::v1;

use super::lang::Lang;
use super::text::{local, when};

/// What there is to say of it, a line each; a set of calls is said by its digest, which equal sets have alike.
pub(super) fn behind(lang: Lang, context: Option<&v1::ReportContext>) -> Vec<String> {
    let Some(context) = context else {
        return Vec::new();
    };
    let calls = match context.calls_digest.as_str() {
        "" => context.from_rollups.then(|| {
            lang.say("which calls of these queues are behind the sums is not known; --exact reads them and has their digest")
                .to_owned()
        }),
        digest => {
            let calls = context.calls.to_string();
            Some(lang.fill("calls behind the figures: {}, digest {}", &[&calls, digest]))
        }
    };
    calls.into_iter().chain(settled(lang, context)).collect()
}

/// Up to when all is settled: as far as the slowest source. What was never live is settled from the beginning.
fn settled(lang: Lang, context: &v1::ReportContext) -> Option<String> {
    let live = context.sources.iter();
    let live = live.filter_map(|source| Some((source.settled_until?, source.source.as_str())));
    let live: Vec<_> = live.collect();
    let slowest = live.iter().min_by_key(|(at, _)| (at.seconds, at.nanos));
    let (at, source) = slowest?;
    let at = when(&local(at, &context.zone));
    Some(match live.len() {
        1 => lang.fill(
            "settled up to {}: of calls that ended before, nothing is awaited",
            &[&at],
        ),
        _ => lang.fill(
            "settled up to {}, where the slowest source {} stands: of calls that ended before, nothing is awaited",
            &[&at, source],
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::super::text::timestamp;
    use super::*;

    fn source(name: &str, settled_until: Option<&str>) -> v1::SourceCompleteness {
        v1::SourceCompleteness {
            source: name.into(),
            settled_until: settled_until.map(|at| timestamp(at.parse().unwrap())),
            ..v1::SourceCompleteness::default()
        }
    }

    #[test]
    fn calls_are_named_by_number_and_digest() {
        let mut context = v1::ReportContext {
            calls: 3,
            calls_digest: "0f".repeat(16),
            ..v1::ReportContext::default()
        };
        let said = format!("calls behind the figures: 3, digest {}", "0f".repeat(16));
        assert_eq!(behind(Lang::En, Some(&context)), [said]);
        // Sums of chosen queues know no single calls.
        context.calls_digest.clear();
        assert_eq!(behind(Lang::En, Some(&context)), [""; 0]);
        context.from_rollups = true;
        assert!(behind(Lang::En, Some(&context))[0].contains("--exact"));
    }

    #[test]
    fn settled_is_what_the_slowest_source_has_settled() {
        let mut context = v1::ReportContext {
            zone: "Europe/Samara".into(),
            sources: vec![source("archive", None)],
            ..v1::ReportContext::default()
        };
        assert_eq!(behind(Lang::En, Some(&context)), [""; 0]);
        let pbx = source("pbx", Some("2026-03-02T11:00:00+04:00"));
        context.sources.push(pbx);
        assert_eq!(
            behind(Lang::En, Some(&context)),
            [
                "settled up to 2026-03-02 11:00 +04:00: of calls that ended before, nothing is awaited"
            ]
        );
        let branch = source("branch", Some("2026-03-02T10:59:00+04:00"));
        context.sources.push(branch);
        let said = &behind(Lang::En, Some(&context))[0];
        assert!(
            said.starts_with(
                "settled up to 2026-03-02 10:59 +04:00, where the slowest source branch"
            ),
            "{said}"
        );
    }
}
