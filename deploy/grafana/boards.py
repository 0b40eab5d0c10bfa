"""The boards: what each panel shows, by which definition, in which unit and from when on it looks bad.

This table is the one place to change a board. `python deploy/grafana/boards.py` writes the JSON files beside it (needs
grafana-foundation-sdk, see tests/python/requirements.txt); how a row becomes Grafana's JSON stands in render.py.

In a query `@S` stands for the matchers of job and instance, `@Q` for these and the queues chosen, `@R` for these and the
sources chosen. `$window` is chosen on the board. A panel whose metrics this version does not publish is left out.

No query divides the service level by visits *ended*: while nobody answers nothing ends, and a stuck queue would look
perfect. A share of nothing is no data (`> 0`), never 0 % or 100 %.
"""

import sys
from pathlib import Path

from render import Board, bars, heat, lines, row, stat, text, write

# The colour is said as a word, because the wall is read by people who see no difference between red and green, too.
WAIT = [("green", None), ("orange", 20), ("red", 40)]
TARGETS = [("green", None), ("orange", 1), ("red", 2)]
ANY_IS_BAD = [("green", None), ("red", 1)]
LEVEL = [("red", None), ("orange", 0.6), ("green", 0.8)]
LOST = [("green", None), ("orange", 0.05), ("red", 0.1)]
PASSED_ON = [("green", None), ("orange", 0.15), ("red", 0.3)]
PLAIN = [("blue", None)]
OPEN = {0: ("closed", "orange"), 1: ("open", "green")}
ALIVE = {0: ("NOT ANSWERING", "red"), 1: ("alive", "green")}

ABANDONED = 'exit=~"abandoned_.*"'
VISITS = "dozvon_queue_visits_offered_total{@Q}"
ENDED = "dozvon_queue_visits_ended_total{@Q%s}"
WITHIN = "dozvon_queue_answered_within_target_total{@Q}"
DECIDED = "dozvon_queue_service_level_decided_total{@Q}"


def increase(series, window="$window", by=""):
    """How much counters rose in the window, added up."""
    return f"sum{f' by ({by}) ' if by else ''}(increase({series}[{window}]))"


def share(part, whole, window="$window", by=""):
    """A share of what rose in the window; no data where the whole did not rise."""
    return f"{increase(part, window, by)} / ({increase(whole, window, by)} > 0)"


def mean(histogram, matchers, window="$window"):
    """The mean of what a histogram took in in the window."""
    return share(f"{histogram}_sum{{{matchers}}}", f"{histogram}_count{{{matchers}}}", window)


def quantile(q, histogram, matchers, window="$window"):
    """A quantile of what a histogram took in in the window; without observations (NaN) there is none."""
    return f"histogram_quantile({q}, {increase(f'{histogram}_bucket{{{matchers}}}', window, 'le')}) >= 0"


def usual(series):
    """The median of the same hour of the same weekday in the last four weeks, as far as there are any."""
    weeks = [f'label_replace(sum(increase({series}[1h] offset {n}w)), "week", "{n}", "", "")' for n in range(1, 5)]
    return f"quantile(0.5, {' or '.join(weeks)})"


def ended(matchers=""):
    """Visits ended, of some exits."""
    return ENDED % (f",{matchers}" if matchers else "")


FLOOR = Board(
    "floor", "Floor", "The line now, in the order in which a supervisor looks: ten seconds, a minute, an hour.",
    ["queue", "window"], "10s", "now-1h",
    row("In the first ten seconds: is the line alive, who waits"),
    stat("dozvon", "dozvon_build_info", [("(count(dozvon_build_info{@S}) > bool 0) or vector(0)", "dozvon")], "bool", PLAIN,
         "Whether dozvon answers Prometheus. When it does not, nothing below is true any more: tell the administrator.",
         w=4, h=4, words=ALIVE),
    stat("Open", "dozvon_queue_open", [("max by (queue) (dozvon_queue_open{@Q})", "{{queue}}")], "bool", PLAIN,
         "Each queue by its business calendar; alerts are silent while it is closed.", w=8, h=4, words=OPEN),
    stat("Waiting", "V2", [("sum by (queue) (dozvon_queue_waiting{@Q})", "{{queue}}")], "short",
         [("green", None), ("orange", 3), ("red", 6)],
         "Visits begun and not ended. Many may be well if they are answered soon: judge by the oldest wait.", w=6, h=4),
    stat("Waiting beyond the target", "strict",
         [(f"sum by (queue) ({DECIDED}) - sum by (queue) ({ended()})", "{{queue}}")], "short", ANY_IS_BAD,
         "Visits that wait for longer than their target: decided against us, and not ended. This is what turns red when "
         "nobody answers.", w=6, h=4),
    stat("Oldest wait", "W8", [("max by (queue) (dozvon_queue_oldest_wait_seconds{@Q})", "{{queue}}")], "s", WAIT,
         "Since the oldest visit entered this queue. Colours: the default target of 20 s (T) and 2 T; for each queue's own "
         "target see beside.", w=8, h=5),
    stat("Oldest, as the caller lives it", "W8",
         [("max by (queue) (dozvon_queue_oldest_journey_seconds{@Q})", "{{queue}}")], "s", WAIT,
         "Since the first queue that the call entered: moving a caller on does not set the clock back. Colours at 20 s and "
         "40 s.", w=8, h=5),
    bars("Oldest wait, in targets", "W8",
         [("max by (queue) (dozvon_queue_oldest_wait_seconds{@Q}) / "
           "max by (queue) (dozvon_queue_service_level_target_seconds{@Q})", "{{queue}}")],
         "suffix: × T", TARGETS, "The oldest wait ÷ the queue's own target: orange from T on, red from 2 T on.", w=8, h=5),
    bars("Refused", "V4", [(increase("dozvon_calls_refused_total{@S}", "5m", "reason"), "{{reason}}")], "short", ANY_IS_BAD,
         "Calls turned away and not queued, in the last 5 minutes, by reason (all queues); known when they have settled.", w=8, h=5),
    bars("Agents of the queue", "agent_states",
         [("sum by (state) (dozvon_queue_agents{@Q})", "{{state}}")], "short", PLAIN,
         "Agents who serve the chosen queues, by state. One who serves two is in both, so choose one queue to count heads.",
         w=8, h=5),
    bars("Channels in use", "blocking",
         [("sum by (line) (dozvon_lines_busy{@S}) / (sum by (line) (dozvon_lines{@S}) > 0)", "{{line}}")], "percentunit",
         [("green", None), ("orange", 0.8), ("red", 1)],
         "Channels busy ÷ channels there are, line by line. Where all lines of a switch are at 100 % callers hear a busy tone, and "
         "no switch tells of them.", w=8, h=5),
    row("In the first minute: what has been wrong for a while"),
    stat("Service level", "strict", [(share(WITHIN, DECIDED), "")], "percentunit", LEVEL,
         "Answered within the target ÷ visits decided (ended, or waiting beyond the target) in the window.", w=4, h=4),
    stat("Gave up", "AB1", [(share(ended(ABANDONED), ended()), "")], "percentunit", LOST,
         "Abandoned ÷ visits ended in the window. Low while a queue is stuck: nobody has given up yet.", w=4, h=4),
    stat("Mean wait of answered", "W5",
         [(mean("dozvon_queue_wait_seconds", '@Q,exit="answered"'), "")], "s", WAIT,
         "ASA: of answered visits alone, so never look at it without the oldest wait. Colours at 20 s and 40 s.", w=4, h=4),
    stat("Missed by agents", "agent_answer_rate",
         [(increase('dozvon_agent_offers_total{@Q,result=~"no_answer|busy|rejected"}'), "")], "short",
         [("green", None), ("orange", 3), ("red", 10)],
         "Ringings that an agent did not take in the window; who it was says `dozvon report agents`, never a wall.", w=4, h=4),
    stat("Passed on twice or more", "T4",
         [(f"""{increase('dozvon_call_transfers_count{@Q}')} - {increase('dozvon_call_transfers_bucket{@Q,le=~"1|1.0"}')}""", "")],
         "short", ANY_IS_BAD, "Calls of the window, settled, with two transfers or more, by the queue that answered first.",
         w=4, h=4),
    stat("Calls in progress", "outcomes", [("sum(dozvon_calls_open{@S})", "")], "short", PLAIN,
         "Inbound calls that have arrived and not ended, all queues; tests are left out.", w=4, h=4),
    lines("Waiting, and waiting beyond the target", "strict",
          [("sum(dozvon_queue_waiting{@Q})", "waiting"), (f"sum({DECIDED}) - sum({ended()})", "beyond the target"),
           ("sum(dozvon_queue_waiting_uncertain{@Q})", "uncertain")],
          "short", ANY_IS_BAD, "A healthy queue touches 0 again and again; a stuck one climbs. Uncertain are those of a silent switch: "
          "nobody knows whether they still wait.", w=12),
    lines("Oldest wait", "W8", [("max by (queue) (dozvon_queue_oldest_wait_seconds{@Q})", "{{queue}}"),
                                ("max(dozvon_queue_service_level_target_seconds{@Q})", "target")], "s", WAIT,
          "A straight climb is a caller whom nobody takes. Colours at 20 s and 40 s.", w=12),
    row("In the first hour: today"),
    stat("Offered today", "V2", [(increase(VISITS, "$__range"), "")], "short", PLAIN, "Visits begun since midnight.", w=4, h=4,
         today=True),
    stat("Answered today", "V2", [(increase(ended('exit="answered"'), "$__range"), "")], "short", PLAIN,
         "Visits answered since midnight.", w=4, h=4, today=True),
    stat("Service level today", "strict", [(share(WITHIN, DECIDED, "$__range"), "")], "percentunit", LEVEL,
         "As the report of the same day will have it once the evening has settled.", w=4, h=4, today=True),
    stat("Gave up today", "AB1", [(share(ended(ABANDONED), ended(), "$__range"), "")], "percentunit", LOST,
         "Abandoned ÷ visits ended since midnight.", w=4, h=4, today=True),
    stat("90 % answered within", "W9",
         [(quantile(0.9, "dozvon_queue_wait_seconds", '@Q,exit="answered"', "$__range"), "")], "s", WAIT,
         "Of those answered since midnight, to within a bucket of the histogram. Colours at 20 s and 40 s.", w=4, h=4, today=True),
    stat("Refused today", "V4", [(increase("dozvon_calls_refused_total{@S}", "$__range"), "")], "short", PLAIN,
         "Calls turned away and not queued since midnight, closed hours included.", w=4, h=4, today=True),
    lines("Offered an hour, and as usual", "V2",
          [(f"sum(increase({VISITS}[1h]))", "this hour"), (usual(VISITS), "median of the last weekdays")], "short", PLAIN,
          "The hour up to each moment, beside the median of the same hour a week, two, three and four weeks before.",
          w=12, today=True),
    lines("Service level of the window", "strict", [(share(WITHIN, DECIDED, by="queue"), "{{queue}}")], "percentunit", LEVEL,
          "Each queue's, over the window chosen above.", w=12, today=True),
    text("The calls behind", """
| what you see | the calls behind it |
|---|---|
| who gave up | `dozvon report calls --from TODAY --to TOMORROW --queue QUEUE --outcome abandoned` |
| who waited long | `dozvon report calls --from TODAY --to TOMORROW --queue QUEUE --wait-over 1min` |
| all of today | `dozvon report queues --from TODAY --to TOMORROW --bucket hour` |
| who missed calls | `dozvon report agents --from TODAY --to TOMORROW` |
| busy channels | `dozvon report lines --from TODAY --to TOMORROW --bucket hour` |

Deeper: *Queue*. What a figure means: `dozvon definitions ID`, with the id in each panel's description.
"""),
)

QUEUE = Board(
    "queue", "Queue", "One queue in depth: who came, how long they waited, how it ended.",
    ["queue", "window"], "30s", "now-6h",
    row("Now"),
    stat("Waiting", "V2", [("sum(dozvon_queue_waiting{@Q})", "")], "short", [("green", None), ("orange", 3), ("red", 6)],
         "Visits begun and not ended.", w=4, h=4),
    stat("Oldest wait", "W8", [("max(dozvon_queue_oldest_wait_seconds{@Q})", "")], "s", WAIT,
         "Colours at the default target of 20 s and twice that.", w=4, h=4),
    stat("Target", "strict", [("max by (queue) (dozvon_queue_service_level_target_seconds{@Q})", "{{queue}}")], "s", PLAIN,
         "The service level's target in force (T).", w=4, h=4),
    stat("Service level", "strict", [(share(WITHIN, DECIDED), "")], "percentunit", LEVEL,
         "Answered within the target ÷ visits decided in the window.", w=4, h=4),
    stat("… short ones left out", "short",
         [(f"{increase(WITHIN)} / ({increase(DECIDED)} - {increase('dozvon_queue_abandoned_short_total{@Q}')} > 0)", "")],
         "percentunit", LEVEL, "The same with callers who gave up within the short threshold left out.", w=4, h=4),
    stat("Open", "dozvon_queue_open", [("max by (queue) (dozvon_queue_open{@Q})", "{{queue}}")], "bool", PLAIN,
         "By its business calendar.", w=4, h=4, words=OPEN),
    row("Wait"),
    heat("Waits", "W1", [("sum by (le) (increase(dozvon_queue_wait_seconds_bucket{@Q}[$__rate_interval]))", "{{le}}")],
         "s", "How many visits ended after how long a wait, all exits. Those still waiting are not in it: see the oldest wait."),
    lines("Wait of answered", "W9",
          [(quantile(q, "dozvon_queue_wait_seconds", '@Q,exit="answered"'), f"p{round(q * 100)}") for q in (0.5, 0.9, 0.95, 0.99)]
          + [(mean("dozvon_queue_wait_seconds", '@Q,exit="answered"'), "mean (W5)")], "s", WAIT,
          "To within a bucket of the histogram. The mean hides the tail. Colours at 20 s and 40 s.", w=12),
    lines("Wait of those who gave up", "W6",
          [(quantile(q, "dozvon_queue_wait_seconds", '@Q,exit="abandoned"'), f"p{round(q * 100)}") for q in (0.5, 0.9)]
          + [(mean("dozvon_queue_wait_seconds", '@Q,exit="abandoned"'), "mean (W6)")], "s", WAIT,
          "How long they held out. Colours at 20 s and 40 s.", w=12),
    lines("Waiting and oldest wait", "W8",
          [("max by (queue) (dozvon_queue_oldest_wait_seconds{@Q})", "oldest, {{queue}}"),
           ("max by (queue) (dozvon_queue_oldest_journey_seconds{@Q})", "oldest by journey, {{queue}}")], "s", WAIT,
          "By visit, and since the call's first queue. Colours at 20 s and 40 s.", w=12),
    lines("Service level of the window", "strict", [(share(WITHIN, DECIDED, by="queue"), "{{queue}}")], "percentunit", LEVEL,
          "Answered within the target ÷ visits decided.", w=12),
    lines("How wrong estimated waits were", "dozvon_ewt_error_seconds",
          [(share("dozvon_ewt_error_seconds_sum{@Q}", "dozvon_ewt_error_seconds_count{@Q}", by="predictor"), "{{predictor}}")],
          "s", PLAIN, "The mean of |actual − predicted on entry| by predictor, over visits answered in the window. Callers are told "
          "by the one that was wrong by least under the load at hand.", w=24),
    row("How visits ended"),
    lines("Offered and ended", "V2",
          [(increase(VISITS), "offered")]
          + [(increase(ended(), by="exit"), "{{exit}}")], "short", PLAIN, "Visits begun, and ended by exit, in the window.", w=12),
    lines("Gave up", "AB1",
          [(share(ended(ABANDONED), ended(), by="queue"), "{{queue}}"),
           (share("dozvon_queue_abandoned_short_total{@Q}", ended()), "of them short (AB3), all chosen")], "percentunit", LOST,
          "Abandoned ÷ visits ended in the window.", w=12),
    lines("Sent on before any human", "T11", [(increase("dozvon_reroutes_total{@Q}", by="queue"), "{{queue}}")], "short", PLAIN,
          "Moves between queues by the dialplan, by the queue left.", w=12),
    lines("Offered, ended and waiting agree", "V2", [("sum by (queue) (dozvon_queue_conservation_residual{@Q})", "{{queue}}")],
          "short", [("red", None), ("green", 0), ("red", 1)], "offered − ended − waiting: anything but 0 is an error of dozvon.", w=12),
    row("Handling"),
    lines("Time of a handled leg", "AHT",
          [(mean("dozvon_agent_talk_seconds", "@Q"), "talk"), (mean("dozvon_agent_hold_seconds", "@Q"), "hold"),
           (mean("dozvon_agent_wrap_up_seconds", "@Q"), "wrap-up")], "s", PLAIN,
          "Means in the window; talk excludes hold. Their sum is the AHT.", w=12),
    lines("Talk, the tail", "AHT",
          [(quantile(q, "dozvon_agent_talk_seconds", "@Q"), f"p{round(q * 100)}") for q in (0.5, 0.9)], "s",
          [("green", None), ("orange", 600), ("red", 900)], "A p90 beyond 15 minutes holds up everybody else.", w=12),
    lines("Ringings", "agent_answer_rate", [(increase("dozvon_agent_offers_total{@Q}", by="result"), "{{result}}")], "short", PLAIN,
          "How ringings of agents ended, in the window.", w=12),
    lines("Taken when it rang", "agent_answer_rate",
          [(share('dozvon_agent_offers_total{@Q,result="answered"}',
                  'dozvon_agent_offers_total{@Q,result=~"answered|no_answer|busy|rejected"}', by="queue"), "{{queue}}")],
          "percentunit", LEVEL, "answered ÷ (answered + no_answer + busy + rejected), of the whole queue.", w=12),
    text("The calls behind", """
- this queue's day by half hours: `dozvon report queues --from DAY --to NEXT --queue QUEUE --bucket 30m`
- the distribution, and as it would be if nobody gave up: `dozvon report waits --from DAY --to NEXT --queue QUEUE`
- the calls: `dozvon report calls --from DAY --to NEXT --queue QUEUE --wait-over 1min`, one of them: `dozvon report call ID`
"""),
)

TRANSFERS = Board(
    "transfers", "Transfers", "Who is passed on, how, and what comes of it. Counted when a call has settled, 30 s after its end.",
    ["queue", "window"], "1m", "now/d",
    row("In the time shown"),
    stat("Transfers", "T1", [(increase('dozvon_transfers_total{@S,outcome!="failed"}', "$__range"), "")], "short", PLAIN,
         "Transfers done, all queues.", w=4, h=4),
    stat("Calls passed on", "T3",
         [(f"""1 - {increase('dozvon_call_transfers_bucket{@Q,le=~"0|0.0"}', '$__range')} / """
           f"""({increase('dozvon_call_transfers_count{@Q}', '$__range')} > 0)""", "")], "percentunit", PASSED_ON,
         "Answered calls with a transfer ÷ answered calls, by the queue that answered first.", w=4, h=4),
    stat("Transfers a call", "T4", [(mean("dozvon_call_transfers", "@Q", "$__range"), "")], "short",
         [("green", None), ("orange", 0.3), ("red", 0.6)], "The mean over answered calls.", w=4, h=4),
    stat("Back again", "T5", [(increase("dozvon_transfer_returns_total{@S}", "$__range"), "")], "short", PLAIN,
         "Transfers back to somebody who had the call before, all queues.", w=4, h=4),
    stat("Failed", "T6", [(increase('dozvon_transfers_total{@S,outcome="failed"}', "$__range"), "")], "short", PLAIN,
         "Begun and not done, all queues.", w=4, h=4),
    stat("Sent on before any human", "T11", [(increase("dozvon_reroutes_total{@Q}", "$__range"), "")], "short", PLAIN,
         "Moves between queues by the dialplan: no transfers.", w=4, h=4),
    row("How, and what came of it"),
    bars("By method and target", "T1",
         [(increase('dozvon_transfers_total{@S,outcome!="failed"}', "$__range", "method, target") + " > 0",
           "{{method}} to {{target}}")], "short", PLAIN, "Transfers done in the time shown, all queues.", w=8, h=8),
    bars("What came of them", "T7",
         [(increase("dozvon_transfers_total{@S}", "$__range", "outcome"), "{{outcome}}")], "short", PLAIN,
         "answered, abandoned on the way, returned, failed; in the time shown, all queues.", w=8, h=8),
    bars("Calls with so many transfers or fewer", "T4",
         [(increase('dozvon_call_transfers_bucket{@Q,le!="+Inf"}', "$__range", "le"), "≤ {{le}}")], "short", PLAIN,
         "Answered calls in the time shown; the gap between two bars are the calls with just that number.", w=8, h=8),
    row("In the course of the day"),
    lines("Calls passed on", "T3",
          [("1 - " + share('dozvon_call_transfers_bucket{@Q,le=~"0|0.0"}', "dozvon_call_transfers_count{@Q}", by="queue"), "{{queue}}")],
          "percentunit", PASSED_ON, "In the window, by the queue that answered first.", w=12),
    lines("Transfers", "T1",
          [(increase("dozvon_transfers_total{@S}", by="method, outcome") + " > 0", "{{method}} {{outcome}}"),
           (increase("dozvon_transfer_returns_total{@S}"), "returns (T5)")], "short", PLAIN, "In the window, all queues.", w=12),
    text("The calls behind", """
- from whom to whom, and what it costs callers: `dozvon report transfers --from DAY --to NEXT --part matrix`
- calls that go to and fro, with the first of each way: `dozvon report transfers --from DAY --to NEXT --part loops`
- one call: `dozvon report call ID --explain T3,T8`

The wrong-door rate (T8) needs the whole way of each call: `dozvon report transfers` has it.
"""),
)

INVITED = 'disposition=~"refused|noinput|unable|break_off|partial|complete|technical_failure"'
BEGUN = 'disposition!~"not_eligible|quiet_period|not_selected"'
SURVEY = Board(
    "survey", "Survey", "Who was asked, who answered, and what. Beside every score stands who was never asked.",
    ["window"], "1m", "now/d",
    row("Who was asked"),
    stat("Invited", "Q1", [(share("dozvon_survey_sessions_total{@S,%s}" % INVITED, "dozvon_survey_sessions_total{@S}", "$__range"),
                            "")], "percentunit", [("red", None), ("orange", 0.2), ("green", 0.5)],
         "Sessions in which the invitation was heard ÷ all served calls of surveyed lines.", w=6, h=4),
    stat("Response", "Q2", [(share('dozvon_survey_sessions_total{@S,disposition="complete"}',
                                   "dozvon_survey_sessions_total{@S,%s}" % BEGUN, "$__range"), "")], "percentunit",
         [("red", None), ("orange", 0.1), ("green", 0.3)], "RR1: complete ÷ all but not eligible, quiet period and not selected.",
         w=6, h=4),
    stat("Cooperation", "Q4", [(share('dozvon_survey_sessions_total{@S,disposition=~"complete|partial"}',
                                      "dozvon_survey_sessions_total{@S,%s}" % INVITED, "$__range"), "")], "percentunit",
         [("red", None), ("orange", 0.3), ("green", 0.6)], "(complete + partial) ÷ invited.", w=6, h=4),
    stat("Technical failures", "Q1", [(increase('dozvon_survey_sessions_total{@S,disposition="technical_failure"}', "$__range"),
                                       "")], "short", ANY_IS_BAD, "Sessions that ended by a fault of ours or the switch's.", w=6, h=4),
    row("How sessions ended, what was said"),
    bars("How sessions ended", "Q1",
         [(increase("dozvon_survey_sessions_total{@S}", "$__range", "survey, disposition"), "{{survey}} {{disposition}}")],
         "short", PLAIN, "Each served call ends as exactly one of these; the most are people who were not asked.", w=12, h=10),
    bars("Answers", "Q7",
         [(increase("dozvon_survey_answers_total{@S}", "$__range", "survey, question, answer"), "{{survey}} {{question}}: {{answer}}")],
         "short", PLAIN, "Answers by code, of all who answered the question, broken-off sessions included. Never by agent.",
         w=12, h=10),
    lines("Sessions", "Q1", [(increase("dozvon_survey_sessions_total{@S}", by="disposition"), "{{disposition}}")], "short", PLAIN,
          "In the window, by how they ended.", w=24),
    text("The calls behind", """
- the calls of a day: `dozvon report calls --from DAY --to NEXT`, one with its answers: `dozvon report call ID`
- what is asked, and how it sounds: `dozvon survey lint FILE`, `dozvon survey try FILE`

A share of few answers swings by chance: below 30 sessions in the time shown read nothing into it.
"""),
)

ITSELF = Board(
    "dozvon", "dozvon itself", "For the administrator: do all events come, in time, and are they safe?",
    ["source"], "30s", "now-6h",
    row("Is it all there"),
    stat("dozvon", "dozvon_build_info", [("(count(dozvon_build_info{@S}) > bool 0) or vector(0)", "")], "bool", PLAIN,
         "Whether it answers Prometheus.", w=4, h=4, words=ALIVE),
    stat("Version", "dozvon_build_info", [("count by (version) (dozvon_build_info{@S})", "{{version}}")], "short", PLAIN,
         "Which versions run, and how many of each.", w=4, h=4, names=True),
    stat("Events missing", "dozvon_ingest_missing_events", [("sum(dozvon_ingest_missing_events{@R})", "")],
         "short", ANY_IS_BAD, "Sequence numbers that sources skipped and that have not come, at this moment.", w=4, h=4),
    stat("Too late", "dozvon_ingest_late_events_total", [(increase("dozvon_ingest_late_events_total{@R}", "$__range"), "")],
         "short", [("green", None), ("orange", 1), ("red", 100)],
         "Events after their call was settled; `dozvon recompute` takes them in.", w=4, h=4),
    stat("Rejected", "dozvon_ingest_rejected_total", [(increase("dozvon_ingest_rejected_total{@S}", "$__range") + " or vector(0)", "")], "short",
         ANY_IS_BAD, "Events that could not be taken, in the time shown; docs/errors.md says why and what to do.", w=4, h=4),
    stat("Conservation", "outcomes", [("max(abs(dozvon_queue_conservation_residual{@S}))", "")], "short", ANY_IS_BAD,
         "offered − ended − waiting, the worst queue: anything but 0 is an error of dozvon.", w=4, h=4),
    row("Events"),
    lines("Events", "dozvon_ingest_events_total",
          [("sum by (source, result) (rate(dozvon_ingest_events_total{@R}[$__rate_interval]))", "{{source}} {{result}}")], "ops", PLAIN,
          "Events a second. Silence in open hours means a source that does not send.", w=12),
    lines("Rejected, by reason", "dozvon_ingest_rejected_total",
          [("sum by (reason) (rate(dozvon_ingest_rejected_total{@S}[$__rate_interval]))", "{{reason}}")], "ops", PLAIN,
          "Events a second that could not be taken.", w=12),
    lines("Skipped, late, corrected", "dozvon_ingest_corrections_total",
          [("sum by (source) (increase(dozvon_ingest_gap_events_total{@R}[$__rate_interval]))", "skipped, {{source}}"),
           ("sum by (source) (increase(dozvon_ingest_late_events_total{@R}[$__rate_interval]))", "late, {{source}}"),
           ("sum by (source) (increase(dozvon_ingest_corrections_total{@R}[$__rate_interval]))", "corrections, {{source}}")],
          "short", ANY_IS_BAD, "A number that was skipped may come later. A correction changed an exit that a counter had already said: live and "
          "report differ by these.", w=12),
    lines("Delay", "dozvon_ingest_delay_seconds",
          [("histogram_quantile(%s, sum by (source, le) (rate(dozvon_ingest_delay_seconds_bucket{@R}[$__rate_interval]))) >= 0" % q,
            "p%s, {{source}}" % round(q * 100)) for q in (0.5, 0.99)], "s", [("green", None), ("orange", 2), ("red", 10)],
          "From the switch's own time of an event to its commit, skew taken out.", w=12),
    lines("Clock skew", "dozvon_ingest_skew_seconds", [("max by (source) (dozvon_ingest_skew_seconds{@R})", "{{source}}")], "s",
          [("green", None), ("orange", 2), ("red", 60)], "Our clock − the source's. Set both by NTP.", w=12),
    lines("Age of the data", "dozvon_ingest_data_age_seconds",
          [("max by (source) (dozvon_ingest_data_age_seconds{@R})", "{{source}}")], "s",
          [("green", None), ("orange", 15), ("red", 60)],
          "Since the source was last heard, heartbeats included. From 15 s on its clock stands still, and nobody knows what became "
          "of its callers.", w=12),
    lines("Arrived and settled", "outcomes",
          [("sum(rate(dozvon_calls_arrived_total{@S}[$__rate_interval])) * 3600", "arrived"),
           ("sum by (outcome) (rate(dozvon_calls_ended_total{@S}[$__rate_interval])) * 3600", "{{outcome}}"),
           ("sum(rate(dozvon_calls_left_before_queue_total{@S}[$__rate_interval])) * 3600", "left before any queue (AB5)")],
          "suffix:/h", PLAIN, "Calls an hour, by how they ended.", w=24),
    row("Journal and store"),
    lines("Commit", "dozvon_journal_commit_seconds",
          [("histogram_quantile(%s, sum by (le) (rate(dozvon_journal_commit_seconds_bucket{@S}[$__rate_interval]))) >= 0" % q,
            "p%s" % round(q * 100)) for q in (0.5, 0.99)], "s", [("green", None), ("orange", 0.1), ("red", 1)],
          "Duration of a group commit, sync included: an ack cannot be faster.", w=8),
    lines("Events a commit", "dozvon_journal_commit_events",
          [("sum(rate(dozvon_journal_commit_events_sum{@S}[$__rate_interval])) / "
            "(sum(rate(dozvon_journal_commit_events_count{@S}[$__rate_interval])) > 0)", "mean")], "short", PLAIN,
          "How many share one sync.", w=8),
    lines("Store lag", "dozvon_store_lag_positions", [("max(dozvon_store_lag_positions{@S})", "positions")], "short",
          [("green", None), ("orange", 100000), ("red", 400000)],
          "Committed and not yet in the store. At 400,000 (`store_lag_max`) new events have to wait.", w=8),
    lines("All channels busy", "blocking",
          [("sum by (line) (increase(dozvon_lines_all_busy_seconds_total{@S}[1h]))", "{{line}}")], "s",
          [("green", None), ("orange", 1), ("red", 60)],
          "Time of the hour before in which no further call could reach us; counted while it lasts, as far as the switch is known.", w=12),
    lines("Agents", "agent_states", [("sum by (state) (dozvon_agents{@S})", "{{state}}")], "short", PLAIN,
          "Agents, each once, by state.", w=12),
    text("What to do", """
- what may be missing in a report: the sentences with `!` below it
- take late events in: `dozvon recompute --from DAY --to NEXT`; why an event was rejected: docs/errors.md
- what is in force: `dozvon check-config --config FILE`
"""),
)

BOARDS = [FLOOR, QUEUE, TRANSFERS, SURVEY, ITSELF]

# Public metrics that need no panel and no rule, each with its reason.
AD_HOC = {}

if __name__ == "__main__":
    write(BOARDS, Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
