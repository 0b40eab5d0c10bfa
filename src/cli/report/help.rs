//! What `--help` of each report shows beside the flags: examples, and flags left out that mean nothing to it.

pub(super) const QUEUES_EXAMPLES: &str = "\
Examples:
  dozvon report queues                                        # today, in the hotline's own zone
  dozvon report queues --from 2026-01 --to 2026-02            # January
  dozvon report queues --from 2026-01-12 --bucket 30m --output csv > monday.csv
  dozvon report queues --from 2026-01 --to 2026-02 --bucket day --out january.xlsx
  dozvon report queues --from 2026-01 --queue jobs --service-level 30s --wait-over 2min
  dozvon report queues --from 2026-01 --bucket hour-of-day --basis event   # at which hours are callers lost?
  dozvon report queues --from 2026-01 --compat cisco,asterisk   # as the old exchange would say it
  dozvon report queues --from 2026-01 --hours office --headline answered_only
  dozvon report queues --from 2026-01 --line 'jobs line' --team first --bucket day
  dozvon report queues --from 2026-02 --to 2026-03 --compare previous      # February beside January
  dozvon report queues --from 2026-01 --lens journey          # each call once, whatever queues it went through";

pub(super) const TRANSFERS_EXAMPLES: &str = "\
Examples:
  dozvon report transfers --from 2026-01 --to 2026-02         # January, with the paths most used
  dozvon report transfers --from 2026-01 --bucket week --queue jobs --excessive-limit 1
  dozvon report transfers --from 2026-01 --part matrix --output csv   # from where to where, by queue and by agent
  dozvon report transfers --from 2026-01 --part loops         # the worst ways, with calls for `report call`
  dozvon report transfers --from 2026-01 --output json        # everything";

pub(super) const WAITS_EXAMPLES: &str = "\
Examples:
  dozvon report waits --from 2026-01 --to 2026-02             # January, with a chart
  dozvon report waits --from 2026-01 --bucket day --queue jobs --output csv-ru --out waits.csv
  dozvon report waits --from 2026-01 --edges 40s,75s          # two further edges";

pub(super) const AGENTS_EXAMPLES: &str = "\
Examples:
  dozvon report agents --from 2026-01 --to 2026-02            # January
  dozvon report agents --from 2026-01-12 --bucket hour --queue jobs --output csv
  dozvon report agents --from 2026-01 --output xlsx --out agents.xlsx";

pub(super) const REPEATS_EXAMPLES: &str = "\
Examples:
  dozvon report repeats --from 2026-01 --to 2026-02           # January; looks back before it
  dozvon report repeats --from 2026-01 --bucket week --windows 30min,24h
  dozvon report repeats --from 2026-01 --shared-over 10       # numbers of institutions are left out";

pub(super) const UNSERVED_EXAMPLES: &str = "\
Examples:
  dozvon report unserved --from 2026-01-12                    # who tried that day and was not served
  dozvon report unserved --from 2026-01 --queue jobs --output csv-ru --out unserved.csv";

pub(super) const SURVEY_EXAMPLES: &str = "\
Examples:
  dozvon report survey --from 2026-01 --to 2026-02            # January, by queue
  dozvon report survey --from 2026-01 --by wait --part scores # do those who waited longer say otherwise?
  dozvon report survey --from 2026-01 --by none --bucket week --output csv
  dozvon report survey --from 2026-01 --part coverage         # of whom it speaks
  dozvon report survey --from 2026-01 --part steering         # who lets callers be asked
  dozvon report survey --from 2026-02 --to 2026-03 --compare previous --survey two-questions";

pub(super) const LINES_EXAMPLES: &str = "\
Examples:
  dozvon report lines --from 2026-01 --to 2026-02             # January, by line
  dozvon report lines --from 2026-01-12 --bucket hour --output csv";

pub(super) const CALLS_EXAMPLES: &str = "\
Examples:
  dozvon report calls --from 2026-01-12                       # the first 50 since that day
  dozvon report calls --from 2026-01 --to 2026-02 --output csv > january.csv
  dozvon report calls --from 2026-01 --queue jobs --wait-over 5min --outcome abandoned
  dozvon report calls --from 2026-01 --transfers-over 2 --output xlsx --out passed-on.xlsx";

pub(super) const CALL_EXAMPLES: &str = "\
Examples:
  dozvon report call 1767225600.17                            # everything told of it, and what was concluded
  dozvon report call 1767225600.17 --explain strict,T8        # where it is counted, and why
  dozvon report call 1767225600.17 --explain R1,R4            # whether its caller had called before, and did again
  dozvon report call 1767225600.17 --source pbx --explain all --output json";

/// What of the flags of all reports says something else, or nothing, in a list of calls.
pub(super) fn of_calls(arg: clap::Arg) -> clap::Arg {
    const SILENT: [&str; 15] = [
        "compare",
        "part",
        "bucket",
        "compat",
        "headline",
        "service_level",
        "short_abandon",
        "short_answered",
        "edges",
        "excessive_limit",
        "windows",
        "shared_over",
        "lens",
        "basis",
        "exact",
    ];
    match arg.get_id().as_str() {
        "wait_over" => arg.help("Only calls with a visit that waited longer than this"),
        "queue" => arg.help(
            "Only calls that visited this queue, were answered from it or turned away by it; may be given several times",
        ),
        id if SILENT.contains(&id) => arg.hide(true),
        _ => arg,
    }
}

/// What of the flags of all reports says nothing about one call.
pub(super) fn of_call(arg: clap::Arg) -> clap::Arg {
    const SILENT: [&str; 15] = [
        "compare", "part", "compat", "headline", "hours", "line", "team", "from", "to", "bucket",
        "queue", "edges", "lens", "basis", "exact",
    ];
    let is_silent = SILENT.contains(&arg.get_id().as_str());
    arg.hide(is_silent)
}
