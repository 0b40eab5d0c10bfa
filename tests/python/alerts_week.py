"""Whether a supervisor is paged after an ordinary week: by a stuck queue, a dead trunk, a floor where nobody is logged in.

A simulated hotline is streamed into a running dozvon; what /metrics says every minute becomes Prometheus' history, the
recording rules are worked out over it, and each alert's expression is asked for at each minute of each day. An alert
fires when it has been true for its `for`. A page is what Alertmanager sends of that by deploy/prometheus/alertmanager.yml: after
its inhibitions, what still fires at the end of the group's wait, and what has begun to since at each of its intervals.

    python alerts_week.py DOZVON PROMETHEUS PROMTOOL
"""

import contextlib
import datetime
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

import client
from history import QUEUES, ROOT, Dozvon, Feed, instant, serving, stamped

STEP = 60
# Monday to Friday; a week later the same weekdays, which what is usual is known of, go wrong at eleven.
ORDINARY = [f"2024-03-{day:02}" for day in range(4, 9)]
STUCK, DEAD_TRUNK, DESERTED = "2024-03-11", "2024-03-12", "2024-03-13"
BROKEN_FROM = 7 * 3600  # 11:00 in Samara, in seconds of the day in UTC
OPEN, CLOSE = 4 * 3600, 13 * 3600
# Enough for 86 % to be answered within T.
AGENTS = 11
SEED = "5"
CALENDAR = """
[service_level]
calendar = "office"
[[calendar]]
name = "office"
"""
SPAN = {"s": 1, "m": 60, "h": 3600}
# So many pages a shift are read; more are switched off.
PAGES_MAX = 3


def seconds(text):
    """A duration of Prometheus, as it stands in the rules."""
    return int(text[:-1]) * SPAN[text[-1]]


def routes():
    """How Alertmanager groups the alerts of a name, of all others by `None`: how long it waits, and how often it tells."""
    route = yaml.safe_load((ROOT / "deploy/prometheus/alertmanager.yml").read_text(encoding="utf-8"))["route"]
    named = {None: route}
    for other in route["routes"]:
        name = re.fullmatch('alertname="(.*)"', other["matchers"][0])
        if name:
            named[name[1]] = {**route, **other}
    return {name: (seconds(of["group_wait"]), seconds(of["group_interval"])) for name, of in named.items()}


def told(firing, wait, interval):
    """The pages of one group: `firing` has the queues of each minute; a list of (time, queues that are news)."""
    flush_at, known, pages = None, set(), []
    for at in sorted(firing):
        if flush_at is None and firing[at]:
            flush_at, known = at + wait, set()
        while flush_at is not None and at >= flush_at:
            if firing[at] - known:
                pages.append((at, firing[at] - known))
                known = set(firing[at])
            flush_at = flush_at + interval if firing[at] else None
    return pages


def midnight(day):
    """The first second of a day in UTC."""
    return instant(f"{day}T00:00:00Z")


def rules(name, kind):
    """The recording rules or alerts of a file."""
    text = (ROOT / f"deploy/prometheus/{name}").read_text(encoding="utf-8")
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"] if kind in rule]


def event(at, what):
    """An event of this moment; its number comes when it is told."""
    when = datetime.datetime.fromtimestamp(at, datetime.timezone.utc).isoformat()
    return {"occurredAt": when, **what}


def callers(day, seconds_between):
    """Callers who enter a queue from eleven on and give up after three minutes; nobody answers."""
    start = midnight(day) + BROKEN_FROM
    for number in range(3600 // seconds_between):
        at = start + number * seconds_between
        call = {"callId": f"{day}-{number}"}
        yield event(at, {"call": {**call, "arrived": {"line": "+78462000000", "direction": "DIRECTION_INBOUND"}}})
        yield event(at, {"call": {**call, "queueEntered": {"queue": QUEUES[number % 2]}}})
        yield event(at + 180, {"call": {**call, "ended": {"by": "ENDED_BY_CALLER"}}})


def broken(day, events):
    """The day until eleven, with all of the calls that came by then, and what went wrong."""
    broken_at = midnight(day) + BROKEN_FROM
    early = {one["call"]["callId"] for one in events if "arrived" in one.get("call", {}) and instant(one["occurredAt"]) < broken_at}
    kept = [one for one in events if one.get("call", {}).get("callId") in early
            or "call" not in one and instant(one["occurredAt"]) < broken_at]
    if day == STUCK:
        kept += callers(day, 60)
    if day == DESERTED:
        served = {one["agentStateChanged"]["agent"]: one["agentStateChanged"].get("queues") for one in events
                  if one.get("agentStateChanged", {}).get("queues")}
        gone = [{"agent": agent, "state": "AGENT_STATE_LOGGED_OUT", "queues": queues} for agent, queues in served.items()]
        kept += [event(broken_at + 900, {"agentStateChanged": agent}) for agent in gone]
        kept += callers(day, 60)
    return sorted(kept, key=lambda one: instant(one["occurredAt"]))


class Week:
    """Every day's scrapes, as samples of the metrics that rules and alerts ask for."""

    def __init__(self, dozvon, path):
        folder = dozvon.folder
        dozvon.run("simulate", "--date", ORDINARY[0], "--days", "10", "--calls", "2500", "--agents", str(AGENTS), "--seed", SEED,
                   "--output", folder / "all.jsonl")
        _, *lines = (folder / "all.jsonl").read_text(encoding="utf-8").splitlines()
        events = [json.loads(line) for line in lines]
        text = "".join((ROOT / f"deploy/prometheus/{name}.yml").read_text(encoding="utf-8") for name in ("rules", "alerts"))
        self.wanted = set(re.findall(r"\bdozvon_[a-z_]+", text)) - {"dozvon_queue_open", "dozvon_queue_closes_in_seconds"}
        self.feed, self.number = Feed(dozvon, "simulated"), 0
        with path.open("w", encoding="utf-8") as file:
            for day in [*ORDINARY, STUCK, DEAD_TRUNK, DESERTED]:
                of_day = [one for one in events if one["occurredAt"].startswith(day)]
                self.tell(day, of_day if day in ORDINARY else broken(day, of_day), file)
            file.write("# EOF\n")
        self.feed.close()

    def tell(self, day, events, file):
        """Streams a day and writes down what was scraped meanwhile."""
        start, done = midnight(day), 0
        for at in range(int(start) + OPEN - 1800, int(start) + CLOSE + 1800, STEP):
            upto = done
            while upto < len(events) and instant(events[upto]["occurredAt"]) <= at:
                self.number += 1
                events[upto]["sequence"] = str(self.number)
                upto += 1
            for line in self.feed.advance(events[done:upto], at):
                name = re.match(r"[a-z_]+", line)[0]
                if name in self.wanted and "_bucket{" not in line:
                    file.write(stamped(line, at))
            # Open by the day's own clock: the server's shows another year.
            left = start + CLOSE - at
            is_open = OPEN <= at - start < CLOSE
            for queue in QUEUES:
                file.write(stamped(f'dozvon_queue_open{{queue="{queue}"}} {int(is_open)}', at))
                if is_open:
                    file.write(stamped(f'dozvon_queue_closes_in_seconds{{queue="{queue}"}} {left:.0f}', at))
            file.write(stamped("up 1", at))
            done = upto


def work_out(data, prometheus, promtool, folder):
    """Backfills the recording rules that alerts ask for, those first that others ask for."""
    left, text = [], (ROOT / "deploy/prometheus/alerts.yml").read_text(encoding="utf-8")
    for rule in reversed(rules("rules.yml", "record")):
        if rule["record"] in text:
            left.append(rule)
            text += rule["expr"]
    start, end = (str(int(midnight(day) + OPEN - 1800)) for day in (ORDINARY[0], "2024-03-14"))
    while left:
        names = {rule["record"] for rule in left}
        ready = [rule for rule in left if not any(name in rule["expr"] for name in names)]
        left = [rule for rule in left if rule not in ready]
        (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": ready}]}), encoding="utf-8")
        with serving(prometheus, data, folder) as server:
            subprocess.run([promtool, "tsdb", "create-blocks-from", "rules", f"--start={start}", f"--end={end}",
                            f"--eval-interval={STEP}s", f"--url={server.url}", f"--output-dir={data}", folder / "rules.yml"],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Alerts(unittest.TestCase):
    """The pages of each day."""

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        folder = Path(cls.stack.enter_context(tempfile.TemporaryDirectory()))
        client.generate_stubs(ROOT / "proto", cls.stack.enter_context(tempfile.TemporaryDirectory()))
        dozvon, prometheus, promtool = PROGRAMS
        weekly = "".join(f'weekly.{day} = ["08:00-17:00"]\n' for day in ("mon", "tue", "wed", "thu", "fri"))
        server = Dozvon(dozvon, folder, CALENDAR + weekly)
        try:
            Week(server, folder / "history.txt")
        finally:
            server.process.terminate()
            server.process.wait()
        data = folder / "data"
        subprocess.run([promtool, "tsdb", "create-blocks-from", "openmetrics", folder / "history.txt", data], check=True,
                       stdout=subprocess.DEVNULL)
        work_out(data, prometheus, promtool, folder)
        cls.prometheus = cls.stack.enter_context(serving(prometheus, data, folder))

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def firing(self, alert, day):
        """When an alert fires on a day: a list of (labels, times)."""
        start = midnight(day) + OPEN - 1800
        found = self.prometheus.range(alert["expr"], start, midnight(day) + CLOSE + 1800, STEP)
        for labels, values in found:
            since, times = None, []
            for at, _ in values:
                since = at if since is None or at - before > STEP else since
                before = at
                if at - since >= seconds(alert["for"]):
                    times.append(at)
            if times:
                yield labels, times

    def pages(self, day):
        """The pages of a day: a list of (time, alert, queue)."""
        alerts = {alert["alert"]: alert for alert in rules("alerts.yml", "alert") if alert["labels"]["severity"] == "page"}
        firing = {name: list(self.firing(alert, day)) for name, alert in alerts.items()}
        unserved = {(labels.get("queue"), at) for labels, times in firing["QueueUnserved"] for at in times}
        found, by_name = [], routes()
        for name, series in firing.items():
            follows = name in ("OldestWaitTooLong", "ServiceLevelBurning", "ClosingTooLate")
            start = int(midnight(day)) + OPEN - 1800
            minutes = {at: set() for at in range(start, int(midnight(day)) + CLOSE + 1800, STEP)}
            for labels, times in series:
                for at in times:
                    queue = labels.get("queue")
                    if not (follows and (queue, at) in unserved):
                        minutes[int(at)].add(str(queue))
            for at, queues in told(minutes, *by_name.get(name, by_name[None])):
                when = datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%H:%M")
                found.append((when, name, " ".join(sorted(queues))))
        return sorted(found)

    def test_no_bad_day_is_missed(self):
        """The first page of what went wrong at eleven comes soon, and not before."""
        for day, name, first, within in [(STUCK, "OldestWaitTooLong", "07:00", "07:06"), (DEAD_TRUNK, "SilentLine", "07:00", "07:45"),
                                         (DESERTED, "QueueUnserved", "07:15", "07:18")]:
            pages = self.pages(day)
            of_name = [at for at, alert, _ in pages if alert == name and at >= first]
            self.assertTrue(of_name and of_name[0] <= within, f"{day}: {pages}")

    def test_ordinary_days_page_seldom(self):
        """Whoever is called too often stops to look."""
        pages = {day: self.pages(day) for day in ORDINARY}
        self.assertLessEqual(max(map(len, pages.values())), PAGES_MAX, pages)

    def test_a_group_is_told_as_alertmanager_does(self):
        """What is over within the wait is no page; what begins later is told with the next interval, once."""
        minutes = {60 * minute: set() for minute in range(30)}
        for queue, first, last in [("short", 0, 0), ("a", 5, 16), ("b", 7, 9), ("c", 12, 14), ("b", 13, 14), ("a", 25, 27)]:
            for minute in range(first, last + 1):
                minutes[60 * minute].add(queue)
        pages = [(at // 60, queues) for at, queues in told(minutes, 60, 300)]
        # The group of `a` begins at 5 and is told at 6, 11 and 16; at 21 it is over.
        self.assertEqual(pages, [(6, {"a"}), (26, {"a"})])
        minutes[660].add("b")
        pages = [(at // 60, queues) for at, queues in told(minutes, 60, 300)]
        self.assertEqual(pages, [(6, {"a"}), (11, {"b"}), (26, {"a"})])


if __name__ == "__main__":
    PROGRAMS = sys.argv[1:4]
    unittest.main(argv=sys.argv[:1])
