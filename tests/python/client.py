"""A sender and reader made from nothing but the proto files, as somebody who connects a PBX would write it.

It tells a few calls to a running dozvon, loses its connection in the middle, asks where to resume, goes on, and pulls
the transfer report. On the way it does what a sender should not do, and looks at what it is told. On stdout: one JSON
object with the report and the refusals. It stops with one line on stderr where the contract is not kept.

Needs the packages of requirements.txt. Try it by hand:

    dozvon serve
    python client.py --server 127.0.0.1:7440 --protos ../../proto
"""

import argparse
import hashlib
import importlib
import importlib.resources
import json
import pathlib
import queue
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone

import grpc
from google.protobuf import json_format
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from grpc_tools import protoc

SOURCE = "python-pbx"
SENDER = "python-client"
DAY = datetime(2025, 3, 3, 9, 0, tzinfo=timezone(timedelta(hours=4)))
BATCH_EVENTS = 10
PATIENCE_SECONDS = 30


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, help="host:port of the gRPC door")
    parser.add_argument("--protos", required=True, type=pathlib.Path, help="the folder proto/")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder, grpc.insecure_channel(arguments.server) as channel:
        generate_stubs(arguments.protos, folder)
        client = Client(channel)
        answer = {"refusals": {"unknown_source": client.ask_for_unknown_source()}}
        events = tell_stories(client.events)
        acked, rejection = client.send_and_lose_connection(events)
        answer["rejection"] = message_to_dict(rejection)
        finish_position, answer["refusals"]["second_sender"] = client.resume(events, acked)
        answer["source"] = message_to_dict(client.wait_until_stored(finish_position))
        answer["report"] = message_to_dict(client.transfer_report())
        answer["refusals"]["batch_too_large"] = client.send_too_much()
    json.dump(answer, sys.stdout, indent=2)
    print()


def generate_stubs(protos, folder):
    """Compiles every proto file into `folder` and lets Python find it there."""
    bundled = importlib.resources.files("grpc_tools") / "_proto"
    names = sorted(str(path.relative_to(protos)) for path in protos.rglob("*.proto"))
    check(names, f"no proto files under {protos}")
    options = [f"-I{protos}", f"-I{bundled}", f"--python_out={folder}", f"--grpc_python_out={folder}"]
    check(protoc.main(["protoc", *options, *names]) == 0, "protoc refused the proto files")
    sys.path.insert(0, folder)


def tell_stories(pb):
    """Six calls of a morning: four served, one of them passed on blindly; one abandoned; one gone before any queue."""
    told = []

    def tell(seconds, call_id, **kind):
        told.append((seconds, pb.CallEvent(call_id=call_id, **kind)))

    def arrive(seconds, call_id, number):
        caller = pb.Caller(number=number)
        tell(seconds, call_id, arrived=pb.CallArrived(caller=caller, direction=pb.DIRECTION_INBOUND))

    def connect(call_id, queue_name, agent, entered, connected):
        """One stay in a queue, ended by an agent."""
        tell(entered, call_id, queue_entered=pb.QueueEntered(queue=queue_name))
        tell(entered + 3, call_id, agent_offered=pb.AgentOffered(queue=queue_name, agent=agent))
        tell(connected, call_id, agent_connected=pb.AgentConnected(queue=queue_name, agent=agent))

    def release(seconds, call_id, queue_name, agent):
        by = pb.ENDED_BY_AGENT
        tell(seconds, call_id, agent_released=pb.AgentReleased(queue=queue_name, agent=agent, by=by))

    def end(seconds, call_id, by):
        tell(seconds, call_id, ended=pb.CallEnded(by=by))

    arrive(0, "served", "+79120000001")
    connect("served", "first_line", "anna", 2, 8)
    release(68, "served", "first_line", "anna")
    end(68, "served", pb.ENDED_BY_AGENT)

    arrive(10, "passed-on", "+79120000002")
    connect("passed-on", "first_line", "boris", 12, 20)
    specialists = pb.TransferTarget(queue="specialists")
    blind = pb.TransferStarted(method=pb.TRANSFER_METHOD_BLIND, from_agent="boris", to=specialists)
    tell(50, "passed-on", transfer_started=blind)
    tell(50, "passed-on", transfer_completed=pb.TransferCompleted(from_agent="boris"))
    release(50, "passed-on", "first_line", "boris")
    connect("passed-on", "specialists", "vera", 51, 63)
    release(163, "passed-on", "specialists", "vera")
    end(163, "passed-on", pb.ENDED_BY_CALLER)

    arrive(30, "abandoned", "+79120000003")
    tell(31, "abandoned", queue_entered=pb.QueueEntered(queue="first_line"))
    end(75, "abandoned", pb.ENDED_BY_CALLER)

    arrive(40, "left-before-queue", "+79120000004")
    end(44, "left-before-queue", pb.ENDED_BY_CALLER)

    arrive(78, "served-too", "+79120000005")
    connect("served-too", "first_line", "anna", 80, 84)
    release(120, "served-too", "first_line", "anna")
    end(120, "served-too", pb.ENDED_BY_CALLER)

    arrive(90, "served-by-specialist", "+79120000006")
    connect("served-by-specialist", "specialists", "galina", 91, 100)
    release(150, "served-by-specialist", "specialists", "galina")
    end(150, "served-by-specialist", pb.ENDED_BY_AGENT)

    # A switch with a fault: an event that belongs to no call.
    tell(25, "", digit_pressed=pb.DigitPressed(digit="1"))

    # By time, as a switch tells it; what a call does within a second stays in the order of its story.
    told.sort(key=lambda item: item[0])
    events = []
    for sequence, (seconds, call) in enumerate(told, start=1):
        event = pb.Event(sequence=sequence, call=call)
        event.occurred_at.FromDatetime(DAY + timedelta(seconds=seconds))
        events.append(event)
    return events


class Client:
    """What the generated stubs offer, in the steps of one story."""

    def __init__(self, channel):
        self.events, self.wire, self.reports = (
            importlib.import_module(f"dozvon.v1.{name}_pb2") for name in ("events", "ingest", "report")
        )
        doors = importlib.import_module("dozvon.v1.ingest_pb2_grpc")
        self.ingest = doors.IngestServiceStub(channel)
        self.report = importlib.import_module("dozvon.v1.report_pb2_grpc").ReportServiceStub(channel)
        self.epoch = self.wire.Epoch(spool=1)

    def ask_for_unknown_source(self):
        request = self.wire.GetSourceRequest(source="nobody-ever-sent-this")
        return refusal(grpc.StatusCode.NOT_FOUND, lambda: self.ingest.GetSource(request, timeout=PATIENCE_SECONDS))

    def send_and_lose_connection(self, events):
        """Sends two batches and hangs up before the second is acked; returns the ack and rejection of the first."""
        stream = Stream(self)
        opened = stream.open()
        check(opened.mark == 0, f"a source never seen starts at 0, not at {opened.mark}")
        check(opened.window_events >= len(events), f"the window is only {opened.window_events} events")
        first, second = events[:BATCH_EVENTS], events[BATCH_EVENTS : 2 * BATCH_EVENTS]
        stream.send_batch(first)
        acks = stream.receive_acks(len(first))
        bad = next(event for event in events if not event.call.call_id)
        rejections = [rejection for ack in acks for rejection in ack.rejections]
        check([r.sequence for r in rejections] == [bad.sequence], f"one event is bad, rejected are {rejections}")
        check(rejections[0].reason and rejections[0].message, "a rejection says why, to programs and to people")
        check("call_id" in rejections[0].field, f"the field at fault is call_id, not {rejections[0].field!r}")
        check(sum(ack.accepted for ack in acks) == len(first) - 1, "the rest of the batch is kept")
        last = acks[-1]
        check(last.sequence == first[-1].sequence, f"acked up to {last.sequence}, sent up to {first[-1].sequence}")
        check(last.digest == digest(first[-1]), "the ack's digest is the one that ingest.proto describes")
        stream.send_batch(second)
        stream.cut()
        return last, rejections[0]

    def resume(self, events, acked):
        """Sends what is missing, and some that is not; returns the finish's position and an intruder's refusal."""
        mark = self.get_source().epochs[0].mark
        check(acked.sequence <= mark <= 2 * BATCH_EVENTS, f"acked to {acked.sequence}, but the mark is {mark}")
        stream = Stream(self)
        opened = stream.open(last_acked_sequence=acked.sequence, last_acked_digest=acked.digest)
        check(opened.mark >= mark, f"the mark fell from {mark} to {opened.mark}")

        missing = events[mark:]
        half = len(missing) // 2
        stream.send_batch(missing[:half])
        stream.receive_acks(half)
        intruder = self.intrude()
        stream.send_batch(missing[half:])
        acks = stream.receive_acks(len(missing) - half)
        check(acks[-1].sequence == len(events), f"acked up to {acks[-1].sequence} of {len(events)}")
        check(acks[-1].digest == digest(events[-1]), "the ack's digest is the one that ingest.proto describes")

        known = [event for event in events[:BATCH_EVENTS] if event.call.call_id]
        stream.send_batch(known)
        acks = stream.receive_acks(len(known))
        check(sum(ack.duplicates for ack in acks) == len(known), "events sent again are duplicates")
        return stream.finish(), intruder

    def intrude(self):
        """Another sender wants the same source while the first one lives."""

        def open_second():
            stream = Stream(self, sender_id="python-intruder")
            try:
                stream.open()
            finally:
                stream.cut()

        reason = refusal(None, open_second)
        check(reason == "source_in_use", f"a second sender is refused source_in_use, not {reason}")
        return reason

    def get_source(self):
        request = self.wire.GetSourceRequest(source=SOURCE, epoch=self.epoch)
        source = self.ingest.GetSource(request, timeout=PATIENCE_SECONDS)
        check(len(source.epochs) == 1, f"one epoch was asked for, {len(source.epochs)} came")
        return source

    def wait_until_stored(self, position):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (source := self.get_source()).stored_position < position:
            check(time.monotonic() < deadline, f"stored {source.stored_position}, never reached {position}")
            time.sleep(0.02)
        return source

    def transfer_report(self):
        query = self.reports.ReportQuery(zone="Europe/Samara", bucket=self.reports.BUCKET_TOTAL)
        query.start.FromDatetime(DAY)
        query.end.FromDatetime(DAY + timedelta(hours=1))
        request = self.reports.GetTransferReportRequest(query=query)
        return self.report.GetTransferReport(request, timeout=PATIENCE_SECONDS)

    def send_too_much(self):
        """One event more than a batch may hold; from a source of its own, so that nothing else suffers."""
        stream = Stream(self, source="python-oversize")
        batch_events_max = stream.open().batch_events_max
        call = self.events.CallEvent(call_id="long", digit_pressed=self.events.DigitPressed(digit="5"))
        numbers = range(1, batch_events_max + 2)
        events = [self.events.Event(sequence=number, call=call) for number in numbers]
        for event in events:
            event.occurred_at.FromDatetime(DAY)
        stream.send_batch(events)
        reason = refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, stream.receive, names=str(batch_events_max))
        stream.cut()
        return reason


class Stream:
    """One StreamEvents call: what is put into the queue is sent, answers are read one by one."""

    def __init__(self, client, source=SOURCE, sender_id=SENDER):
        self.wire = client.wire
        self.who = {
            "source": source,
            "sender_id": sender_id,
            "epoch": client.epoch,
            "mode": self.wire.MODE_BACKFILL,
        }
        self.outgoing = queue.SimpleQueue()
        self.call = client.ingest.StreamEvents(iter(self.outgoing.get, None), timeout=PATIENCE_SECONDS)

    def send(self, **message):
        self.outgoing.put(self.wire.StreamEventsRequest(**message))

    def receive(self):
        answer = next(self.call, None)
        check(answer is not None, "the server ended the stream")
        return answer

    def receive_as(self, kind):
        answer = self.receive()
        check(answer.WhichOneof("message") == kind, f"expected {kind}, got {answer}")
        return getattr(answer, kind)

    def open(self, **resume):
        self.send(open=self.wire.StreamOpen(**self.who, **resume))
        return self.receive_as("opened")

    def send_batch(self, events):
        # A replay's clock is that of its events.
        self.send(batch=self.wire.EventBatch(events=events, sent_at=events[-1].occurred_at))

    def receive_acks(self, events):
        """Reads acks until they speak of so many events."""
        acks, handled = [], 0
        while handled < events:
            ack = self.receive_as("ack")
            check(ack.durability == self.wire.DURABILITY_SYNCED, "an ack says that the events are synced")
            handled += ack.accepted + ack.duplicates + len(ack.rejections)
            acks.append(ack)
        check(handled == events, f"{handled} events acked, {events} sent")
        return acks

    def finish(self):
        """Says that all is told, and waits until the server has closed the stream."""
        self.send(finish=self.wire.Finish(complete=True))
        position = self.receive_as("finished").position
        self.outgoing.put(None)
        check(next(self.call, None) is None, "nothing comes after the finish")
        return position

    def cut(self):
        self.call.cancel()
        self.outgoing.put(None)


def digest(event):
    """The digest of ingest.proto, computed by its description alone."""
    kind = event.call.WhichOneof("kind")
    occurred_at = event.occurred_at.ToMicroseconds()
    text = b"\0".join([event.call.call_id.encode(), kind.encode(), str(occurred_at).encode()])
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")


def refusal(code, ask, names=""):
    """Asks what must be refused, with this code if one is given and naming this; returns ErrorInfo.reason."""
    try:
        answer = ask()
    except grpc.RpcError as error:
        said = f"{error.code().name}: {error.details()}"
        check(code in (None, error.code()), f"expected {code}, got {said}")
        check(names in error.details(), f"{names} is not named in: {said}")
        status = rpc_status.from_call(error)
        check(status is not None, f"no google.rpc.Status with: {said}")
        for detail in status.details:
            info = error_details_pb2.ErrorInfo()
            if detail.Unpack(info):
                check(info.reason, f"an empty reason with: {said}")
                return info.reason
        sys.exit(f"client.py: no ErrorInfo with: {said}")
    sys.exit(f"client.py: expected a refusal, got {answer}")


def message_to_dict(message):
    return json_format.MessageToDict(message, always_print_fields_with_no_presence=True)


def check(kept, otherwise):
    if not kept:
        sys.exit(f"client.py: {otherwise}")


if __name__ == "__main__":
    main()
