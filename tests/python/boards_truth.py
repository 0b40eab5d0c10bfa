"""What the panels say of a simulated day, against what the simulated phones counted and what the report of the day says.

Every query of every panel is put to a real Prometheus, for all queues, for one and for an empty one, over 5 minutes, an
hour and a day. Aside from these there is a queue that nobody serves: it must look bad.

    python tests/python/boards_truth.py DOZVON PROMETHEUS PROMTOOL
"""

import json
import math
import sys
import tempfile
import unittest
from pathlib import Path

from history import EMPTY, END, FULL_FROM, FULL_TO, LINE, QUEUES, ROOT, SLICE, START, STUCK, STUCK_AT, TARGET, simulated_day

BOARDS = ["floor", "queue", "transfers", "survey", "dozvon"]
ALL = ".+"
SPANS = ["5m", "1h", "24h"]
NOON = START + 6 * 3600  # 13 o'clock in Samara, in the thick of the day
# Panels that may be empty over the simulated day, each with its reason.
MAY_BE_EMPTY = {
    ("survey", "Cooperation"): "the simulated callers are never invited: the share of nobody is no data",
    ("survey", "Answers"): "nobody is invited, so nobody answers",
    ("dozvon", "Rejected, by reason"): "the simulator tells no bad event",
}


def substitute(expr, queue=ALL, span="24h"):
    """A query as Grafana would send it; scrapes lie five minutes apart, so `$__rate_interval` is four of them."""
    for name, value in [("$job", ALL), ("$instance", ALL), ("$source", ALL), ("$queue", queue), ("$window", span),
                        ("$__rate_interval", "20m"), ("$__range", span)]:
        expr = expr.replace(name, value)
    if "$" in expr:
        raise AssertionError(f"a variable is left in {expr}")
    return expr


class Truth(unittest.TestCase):
    server = history = prometheus = None

    def targets(self):
        """Every query: board, panel, expression."""
        for board in BOARDS:
            panels = json.loads((ROOT / f"deploy/grafana/{board}.json").read_text(encoding="utf-8"))["panels"]
            for panel in panels:
                for target in panel.get("targets", []):
                    yield board, panel, target["expr"]

    def panel(self, board, title):
        """The first query of the first panel of this title, as Grafana sends it."""
        return next(expr for name, panel, expr in self.targets() if (name, panel["title"]) == (board, title))

    def value(self, board, title, queue=ALL, span="24h", at=END):
        """The one value that a panel shows, or None where it says "no data"."""
        result = self.prometheus.now(substitute(self.panel(board, title), queue, span), at)
        self.assertLessEqual(len(result), 1, f"{title}: {result}")
        return result[0][1] if result else None

    def by(self, board, title, *labels, at=END, queue=ALL):
        """What a panel shows, by labels, without what is 0."""
        result = self.prometheus.now(substitute(self.panel(board, title), queue), at)
        return {tuple(series.get(label, "") for label in labels): round(value) for series, value in result if round(value)}

    def close(self, said, truth, words):
        """Equal within 1 %."""
        self.assertIsNotNone(said, words)
        self.assertLessEqual(abs(said - truth), 0.01 * abs(truth) + 1e-9, f"{words}: {said}, but it was {truth}")

    def queues(self, *columns, of=None):
        """The simulator's own counts, added up."""
        queues = [queue for queue in self.history.truth["queues"] if of in (None, queue["queue"])]
        return sum(queue[column] for queue in queues for column in columns)

    def test_every_query_is_answered_and_none_with_nan(self):
        asked = 0
        for board, panel, expr in self.targets():
            words = f"{board}, {panel['title']}"
            for queue in (ALL, "info", EMPTY):
                for span in SPANS:
                    query = substitute(expr, queue, span)
                    for at in (NOON, END):
                        asked += 1
                        for series, value in self.prometheus.now(query, at):
                            self.assertTrue(math.isfinite(value), f"{words}, {queue}, {span}: {series} {value}")
                if panel["type"] in ("timeseries", "heatmap"):
                    for series, values in self.prometheus.range(substitute(expr, queue, "1h"), START, END):
                        self.assertTrue(all(math.isfinite(value) for _, value in values), f"{words}: {series}")
            self.assertTrue(self.prometheus.now(substitute(expr), END) or (board, panel["title"]) in MAY_BE_EMPTY,
                            f"{words} is empty after a whole day: {expr}")
        self.assertGreater(asked, 1000)

    def test_what_may_be_empty_is_empty(self):
        for (board, title) in MAY_BE_EMPTY:
            result = self.prometheus.now(substitute(self.panel(board, title)), END)
            self.assertFalse([value for _, value in result if value], f"{title} is not empty: strike it from the list")

    def test_visits_of_the_day_are_those_of_the_simulator(self):
        exits = ["answered", "abandoned_waiting", "abandoned_ringing", "timeout", "key_exit", "left_empty", "withdrawn",
                 "callback", "error"]
        for queue in (None, *QUEUES):
            name = queue or ALL
            offered = self.queues("visits_offered", of=queue)
            self.close(self.value("floor", "Offered today", name), offered, f"offered, {name}")
            self.close(self.value("floor", "Answered today", name), self.queues("answered", of=queue), f"answered, {name}")
            abandoned = self.queues("abandoned_waiting", "abandoned_ringing", of=queue)
            self.close(self.value("floor", "Gave up today", name), abandoned / offered, f"gave up, {name}")
            wait = self.queues("wait_answered_sum_us", of=queue) / 1e6 / self.queues("answered", of=queue)
            self.close(self.value("floor", "Mean wait of answered", name), wait, f"ASA, {name}")
            how = next(expr for board, panel, expr in self.targets()
                       if (board, panel["title"]) == ("queue", "Offered and ended") and "by (exit)" in expr)
            said = {series["exit"]: value for series, value in self.prometheus.now(substitute(how, name), END)}
            self.assertEqual(set(said), set(exits))
            for exit_ in exits:
                self.close(said[exit_], self.queues(exit_, of=queue), f"{exit_}, {name}")

    def test_visits_of_an_hour_and_of_five_minutes_are_those_of_the_events(self):
        some = 0
        for hour in range(1, 12):
            at = START + hour * 3600
            for queue in (None, "info"):
                for span, seconds in (("5m", 300), ("1h", 3600)):
                    counted = self.history.entered(at - seconds, at, queue)
                    said = self.value("floor", "Offered today", queue or ALL, span, at)
                    self.assertEqual(round(said), counted, f"{span} before {at}, {queue}")
                    some += counted
        self.assertGreater(some, 500)

    def test_the_panels_agree_with_the_report_of_the_same_day(self):
        rows = self.server.report("queues")
        edges = sorted(self.prometheus.now("count by (le) (dozvon_queue_wait_seconds_bucket)", END),
                       key=lambda pair: float(pair[0]["le"]))
        edges = [float(series["le"]) for series, _ in edges]
        for queue in QUEUES:
            row = rows[queue]
            self.close(self.value("floor", "Service level today", queue), float(row["sl_strict"]), f"strict, {queue}")
            self.close(self.value("queue", "… short ones left out", queue), float(row["sl_short"]), f"short, {queue}")
            said, truth = self.value("floor", "90 % answered within", queue), float(row["wait_answered_p90_s"])
            bucket = [sum(edge < value for edge in edges) for value in (said, truth)]
            self.assertLessEqual(abs(bucket[0] - bucket[1]), 1, f"p90 of {queue}: {said} s, but the report has {truth} s")

    def test_transfers_are_those_of_the_simulator(self):
        truth = self.history.truth
        kinds = {(kind["method"], kind["target"]): kind["count"] for kind in truth["transfers"]}
        self.assertEqual(self.by("transfers", "By method and target", "method", "target"), kinds)
        self.close(self.value("transfers", "Transfers"), sum(kinds.values()), "T1")
        self.close(self.value("transfers", "Failed"), sum(truth["transfers_failed"].values()), "T6")
        self.close(self.value("transfers", "Back again"), truth["transfer_returns"], "T5")
        self.close(self.value("transfers", "Sent on before any human"), truth["reroutes"], "T11")
        calls = truth["calls_by_transfers"]
        self.close(self.value("transfers", "Calls passed on"), sum(calls[1:]) / sum(calls), "T3")
        self.close(self.value("floor", "Passed on twice or more"), sum(calls[2:]), "two or more")
        bars = self.by("transfers", "Calls with so many transfers or fewer", "le")
        self.assertEqual([bars[(str(edge),)] for edge in (0, 1, 2)], [calls[0], sum(calls[:2]), sum(calls[:3])])

    def test_refusals_and_outcomes_are_those_of_the_simulator(self):
        truth = self.history.truth
        self.close(self.value("floor", "Refused today"), sum(truth["refused"].values()), "refused")
        served = truth["outcomes"]["served"]
        sessions = self.by("survey", "How sessions ended", "disposition")
        self.assertEqual(sum(sessions.values()), served, sessions)
        self.assertEqual(self.value("dozvon", "Rejected"), 0)
        self.assertEqual(self.value("dozvon", "Events missing"), 0)
        self.assertEqual(self.value("dozvon", "Conservation"), 0)

    def test_channels_are_those_that_the_switch_told(self):
        def shown(board, title, at):
            lines = self.prometheus.now(substitute(self.panel(board, title)), at)
            return {series["line"]: value for series, value in lines}[LINE]

        for at, busy in ((NOON, 27), (FULL_FROM, 30), (END, 12)):
            self.close(shown("floor", "Channels in use", at), busy / 30, f"channels in use at {at}")
        self.close(shown("dozvon", "All channels busy", FULL_TO), FULL_TO - FULL_FROM, "no channel free")

    def test_what_is_usual_is_the_median_of_the_weeks_before(self):
        expr = next(expr for board, panel, expr in self.targets()
                    if panel["title"] == "Offered an hour, and as usual" and "offset" in expr)
        # The same day stands a week and two weeks before; of three and four weeks before nothing is known.
        [(_, usual)] = self.prometheus.now(substitute(expr), NOON)
        self.assertEqual(round(usual), self.history.entered(NOON - 3600, NOON))

    def test_an_empty_queue_says_nothing_or_zero(self):
        self.assertEqual(self.value("floor", "Offered today", EMPTY), 0)
        for title in ("Service level today", "Gave up today", "Mean wait of answered", "90 % answered within"):
            self.assertIsNone(self.value("floor", title, EMPTY), f"{title}: a share or mean of nothing is no data")

    def test_a_stuck_queue_looks_bad(self):
        """Six callers have waited for 4 minutes and a seventh for one; nobody was answered, nobody gave up."""
        def shown(title):
            return self.value("floor", title, STUCK, "15m", STUCK_AT)

        def steps(title):
            panel = next(panel for board, panel, _ in self.targets() if (board, panel["title"]) == ("floor", title))
            return panel["fieldConfig"]["defaults"]["thresholds"]["steps"]

        def color(title):
            passed = [step["color"] for step in steps(title) if step["value"] is None or shown(title) >= step["value"]]
            return passed[-1]

        self.assertEqual(shown("Waiting"), 7)
        self.assertEqual(shown("Waiting beyond the target"), 7)
        self.assertEqual(shown("Service level"), 0)
        self.assertIsNone(shown("Gave up"))
        # Entered 60 s after the day's end; the scrape is 300 s after it.
        self.assertLess(abs(shown("Oldest wait") - (SLICE - 60)), 20)
        self.assertGreater(shown("Oldest wait, in targets"), (SLICE - 80) / TARGET)
        for title in ("Waiting", "Waiting beyond the target", "Oldest wait", "Oldest, as the caller lives it",
                      "Oldest wait, in targets", "Service level"):
            self.assertEqual(color(title), "red", title)


if __name__ == "__main__":
    dozvon, prometheus, promtool = sys.argv[1:4]
    with tempfile.TemporaryDirectory() as folder:
        with simulated_day(Path(folder), dozvon, prometheus, promtool) as (Truth.server, Truth.history, Truth.prometheus):
            unittest.main(argv=sys.argv[:1] + sys.argv[4:])
