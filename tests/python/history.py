"""A simulated day in a real Prometheus: the past is made from scrapes of a running dozvon, not waited for.

Events go in live, in slices of five minutes; after each the metrics are scraped and kept under the slice's own time.
promtool makes blocks of them, Prometheus serves these. The same day stands a week and two weeks before, for what is usual.
"""

import contextlib
import csv
import datetime
import importlib
import io
import json
import os
import queue
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import grpc
from google.protobuf import json_format

import client

SLICE = 300
WEEK = 7 * 86400
PATIENCE = 60
QUEUES = ["info", "vacancies", "benefits"]
EMPTY, STUCK, TARGET = "empty", "stuck", 20
DAY = "2024-03-04"
ROOT = Path(__file__).parents[2]


def instant(text):
    """Seconds since 1970 of an RFC 3339 time."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


START = instant(f"{DAY}T03:00:00Z")  # 7 in the morning in Samara
END = instant(f"{DAY}T15:10:00Z")
STUCK_AT = END + SLICE


def free_port():
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(url, data=None):
    """What a URL answers, as text; also when it answers with an error."""
    body = urllib.parse.urlencode(data).encode() if data is not None else None
    try:
        with urllib.request.urlopen(url, body, timeout=PATIENCE) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


class Dozvon:
    """A running server with every queue known beforehand."""

    def __init__(self, binary, folder, more=""):
        self.binary, self.folder = binary, folder
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("DOZVON_")}
        queues = "".join(f'[[queue]]\nname = "{name}"\n' for name in [*QUEUES, EMPTY, STUCK])
        survey = ROOT / "deploy/surveys/two-questions.toml"
        settings = f'zone = "Europe/Samara"\n[survey]\nsurvey = "two-questions"\nfiles = ["{survey}"]\n{more}{queues}'
        (folder / "dozvon.toml").write_text(settings, encoding="utf-8")
        self.process = subprocess.Popen(
            [binary, "serve", "--config", folder / "dozvon.toml", "--data", folder / "data", "--grpc", "127.0.0.1:0",
             "--http", "127.0.0.1:0"], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = json.loads(self.process.stdout.readline())

    def run(self, *args):
        """Runs one command to its end; what it printed."""
        done = subprocess.run([self.binary, *args], env=self.env, capture_output=True, text=True, timeout=600)
        if done.returncode:
            raise AssertionError(f"dozvon {' '.join(map(str, args))}: {done.stderr}")
        return done.stdout

    def scrape(self):
        """What /metrics says: lines of series and value."""
        text = fetch(f"http://{self.address['http']}/metrics")
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    def report(self, *args):
        """A report's rows, by queue."""
        text = self.run("report", *args, "--output", "csv", "--server", f"http://{self.address['grpc']}",
                        "--zone", "Europe/Samara", "--from", DAY, "--to", "2024-03-05")
        return {row["queue"]: row for row in csv.DictReader(io.StringIO(text))}


class Feed:
    """A switch that tells its events live, by a clock of its own."""

    def __init__(self, dozvon, source):
        self.dozvon, self.source = dozvon, source
        self.events, self.wire = (importlib.import_module(f"dozvon.v1.{name}_pb2") for name in ("events", "ingest"))
        doors = importlib.import_module("dozvon.v1.ingest_pb2_grpc")
        self.channel = grpc.insecure_channel(dozvon.address["grpc"])
        self.outgoing, self.sent = queue.SimpleQueue(), 0
        self.answers = doors.IngestServiceStub(self.channel).StreamEvents(iter(self.outgoing.get, None))
        self.tell(open=self.wire.StreamOpen(source=source, sender_id="switch", epoch=self.wire.Epoch(spool=1),
                                            mode=self.wire.MODE_LIVE))
        next(self.answers)

    def tell(self, **message):
        """Puts one message on the way."""
        self.outgoing.put(self.wire.StreamEventsRequest(**message))

    def advance(self, events, to):
        """Tells these events and that it is `to` now; returns when /metrics has both."""
        if events:
            batch = self.wire.EventBatch(events=[json_format.ParseDict(event, self.events.Event()) for event in events])
            batch.sent_at.CopyFrom(batch.events[-1].occurred_at)
            self.tell(batch=batch)
            self.sent += len(events)
        heartbeat = self.wire.Heartbeat()
        heartbeat.sent_at.FromSeconds(int(to))
        self.tell(heartbeat=heartbeat)
        deadline = time.monotonic() + PATIENCE
        while True:
            lines = self.dozvon.scrape()
            applied, skew = (
                next((float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(start)), 0.0)
                for start in (f'dozvon_ingest_events_total{{source="{self.source}",result="applied"}}',
                              f'dozvon_ingest_skew_seconds{{source="{self.source}"}}')
            )
            if applied == self.sent and abs(time.time() - skew - to) < 15:
                return lines
            if time.monotonic() > deadline:
                raise AssertionError(f"{applied} of {self.sent} events applied, skew {skew}")
            time.sleep(0.02)

    def close(self):
        """Hangs up, when the rows are stored."""
        self.answers.cancel()
        self.outgoing.put(None)
        stub = importlib.import_module("dozvon.v1.ingest_pb2_grpc").IngestServiceStub(self.channel)
        deadline = time.monotonic() + PATIENCE
        while (of := stub.GetSource(self.wire.GetSourceRequest(source=self.source))).stored_position < of.committed_position:
            if time.monotonic() > deadline:
                raise AssertionError(f"stored {of.stored_position} of {of.committed_position}")
            time.sleep(0.02)
        self.channel.close()


def stamped(line, at):
    """A scraped line as Prometheus would store it: with job, instance and time."""
    series, value = line.rsplit(" ", 1)
    name, _, labels = series.partition("{")
    labels = labels.removesuffix("}")
    labels = ",".join(filter(None, [labels, 'job="dozvon",instance="simulated:7441"']))
    return f"{name}{{{labels}}} {value} {at:.0f}\n"


def stuck_events():
    """Six callers enter a queue and nobody answers; a seventh comes three minutes later."""
    sequence = 0
    for number in range(7):
        at = END + 60 + number if number < 6 else END + 240
        when = datetime.datetime.fromtimestamp(at, datetime.timezone.utc).isoformat()
        call = {"callId": f"stuck-{number}"}
        arrived = {"caller": {"number": f"910000000{number}"}, "line": "+78462000000", "direction": "DIRECTION_INBOUND"}
        for kind, what in [("arrived", arrived), ("queueEntered", {"queue": STUCK})]:
            sequence += 1
            yield {"sequence": str(sequence), "occurredAt": when, "call": {**call, kind: what}}


# A trunk of 30 channels: 27 busy in the morning, all of them for ten minutes, then 12.
LINE, FULL_FROM, FULL_TO = "trunk", END - 5400, END - 4800
LINE_TOLD = [(START + 60, 27), (FULL_FROM, 30), (FULL_TO, 12)]


def line_event(sequence, at, busy):
    """A switch tells how many channels are in use."""
    when = datetime.datetime.fromtimestamp(at, datetime.timezone.utc).isoformat()
    status = {"line": LINE, "channelsBusy": busy, "channelsTotal": 30}
    return {"sequence": str(sequence), "occurredAt": when, "lineStatus": status}


class History:
    """The day: its events, what the simulated phones counted, and the scrapes by time."""

    def __init__(self, dozvon, calls):
        folder = dozvon.folder
        dozvon.run("simulate", "--date", DAY, "--calls", str(calls), "--seed", "5", "--output", folder / "all.jsonl",
                   "--truth", folder / "truth.json")
        self.truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        _, *lines = (folder / "all.jsonl").read_text(encoding="utf-8").splitlines()
        self.events = [json.loads(line) for line in lines]
        self.scrapes = [(START, dozvon.scrape())]
        feed, done, at = Feed(dozvon, "simulated"), 0, START
        trunk = Feed(dozvon, "trunk")
        while at < END:
            at += SLICE
            upto = done
            while upto < len(self.events) and instant(self.events[upto]["occurredAt"]) <= at:
                upto += 1
            of_line = [line_event(number, when, busy) for number, (when, busy) in enumerate(LINE_TOLD, 1)
                       if at - SLICE < when <= at]
            trunk.advance(of_line, at)
            self.scrapes.append((at, feed.advance(self.events[done:upto], at)))
            done = upto
        if done != len(self.events):
            raise AssertionError(f"{len(self.events) - done} events lie after {END}")
        feed.close()
        trunk.close()
        feed = Feed(dozvon, "second")
        self.scrapes.append((STUCK_AT, feed.advance(list(stuck_events()), STUCK_AT)))
        feed.close()

    def entered(self, start, end, queue=None):
        """How many visits began in (start, end], counted in the events themselves; calls tagged as tests are in no figure."""
        calls = [event["call"] for event in self.events if "call" in event]
        tests = {call["callId"] for call in calls if call.get("tagged", {}).get("key") == "TAG_KEY_TEST"}
        return sum(
            1 for event in self.events
            if "queueEntered" in event.get("call", {}) and event["call"]["callId"] not in tests
            and start < instant(event["occurredAt"]) <= end
            and queue in (None, event["call"]["queueEntered"]["queue"])
        )

    def write(self, path):
        """Writes the scrapes, and the same two weeks and a week before, as OpenMetrics."""
        with path.open("w", encoding="utf-8") as file:
            for weeks in (2, 1, 0):
                for at, lines in self.scrapes:
                    file.writelines(stamped(line, at - weeks * WEEK) for line in lines)
            file.write("# EOF\n")


class Prometheus:
    """A real Prometheus over these blocks."""

    def __init__(self, url):
        self.url = url

    def ask(self, path, **args):
        """The result of a query; an error is an assertion's."""
        answer = json.loads(fetch(f"{self.url}/api/v1/{path}", args))
        if answer["status"] != "success":
            raise AssertionError(f"{args.get('query')}: {answer.get('error')}")
        return answer["data"]

    def now(self, query, at):
        """An instant query: a list of (labels, value)."""
        result = self.ask("query", query=query, time=at)["result"]
        return [(series["metric"], float(series["value"][1])) for series in result]

    def range(self, query, start, end, step=SLICE):
        """A range query: a list of (labels, [(time, value)])."""
        result = self.ask("query_range", query=query, start=start, end=end, step=step)["result"]
        return [(series["metric"], [(at, float(value)) for at, value in series["values"]]) for series in result]


@contextlib.contextmanager
def serving(prometheus, data, folder):
    """A Prometheus that answers from these blocks."""
    (folder / "prometheus.yml").write_text("global: {}\n", encoding="utf-8")
    port = free_port()
    process = subprocess.Popen(
        [prometheus, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={data}",
         "--storage.tsdb.retention.time=100y", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"])
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if fetch(f"{url}/-/ready").startswith("Prometheus Server is Ready"):
                    break
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise AssertionError("Prometheus is not ready")
            time.sleep(0.1)
        yield Prometheus(url)
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def simulated_day(folder, dozvon, prometheus, promtool, calls=600):
    """The running server, the day and a Prometheus that remembers it."""
    stubs = tempfile.TemporaryDirectory()
    client.generate_stubs(ROOT / "proto", stubs.name)
    server = Dozvon(dozvon, folder)
    try:
        history = History(server, calls)
        history.write(folder / "history.txt")
        data = folder / "prometheus"
        subprocess.run([promtool, "tsdb", "create-blocks-from", "openmetrics", folder / "history.txt", data], check=True,
                       stdout=subprocess.DEVNULL)
        with serving(prometheus, data, folder) as answers:
            yield server, history, answers
    finally:
        server.process.terminate()
        server.process.wait()
        stubs.cleanup()
