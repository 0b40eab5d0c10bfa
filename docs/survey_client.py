#!/usr/bin/env python3
"""Conducts a survey: what any switch has to do, in a page of code.

    pip install grpcio grpcio-tools
    python docs/survey_client.py --source pbx --call CALL-1 --keys 5,1

Each key of --keys answers the next thing that is asked; `-` presses nothing, `h` hangs up. --put FILE keeps a definition
first. Orders go to stdout as JSON lines; the last one says how it ended. A switch would play the recordings where this
one prints their texts, and report keys as its callers press them. When the connection is lost, open again with the same
source and call: the interview goes on at the question that was not answered.
"""

import argparse
import json
import pathlib
import queue
import sys

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "proto"))
pb, rpc = grpc.protos_and_services("dozvon/v1/survey.proto")


def conduct(stub, opening, keys):
    """Asks one caller; yields each order. Reports go in by a queue, so that they can follow orders."""
    reports = queue.SimpleQueue()
    reports.put(pb.ConductSurveyRequest(open=opening))
    pressed = 0
    for response in stub.ConductSurvey(iter(reports.get, None)):
        order = response.WhichOneof("order")
        yield order, getattr(response, order)
        if order == "play":
            # Here a switch plays the recordings, and stops them at the first key when `barge_in` says so.
            ended = pb.PromptEnded(play=response.play.play)
            reports.put(pb.ConductSurveyRequest(prompt_ended=ended))
        elif order == "collect":
            key = next(keys, "h")
            for digit in "" if key in "-h" else key:
                pressed += 1
                report = pb.KeyPressed(key=digit, input_seq=pressed, heard=pb.HEARD_RFC4733)
                reports.put(pb.ConductSurveyRequest(key=report))
            if key == "h":
                reports.put(pb.ConductSurveyRequest(hung_up=pb.CallerHungUp()))
        elif order == "record":
            note = pb.VoiceNoteRecorded(recording="recording-1")
            reports.put(pb.ConductSurveyRequest(voice_note=note))
        elif order == "end":
            reports.put(None)


def as_json(order, message):
    """One order as a line."""
    said = {"order": order}
    for field, value in message.ListFields():
        if field.name == "next":
            value = pb.DialogNext.Name(value)
        elif field.message_type is not None:
            value = value.seconds + value.nanos / 1e9
        elif not isinstance(value, (str, bool, int)):
            value = list(value)
        said[field.name] = value
    return json.dumps(said, ensure_ascii=False)


def main():
    parser = argparse.ArgumentParser(description="Conducts a survey as a switch would.")
    parser.add_argument("--server", default="127.0.0.1:7440", help="host:port of dozvon")
    parser.add_argument("--source", required=True, help="the switch, as its events name it")
    parser.add_argument("--call", required=True, help="the call, as its events name it")
    parser.add_argument("--survey", default="", help="else the one of the call's line")
    parser.add_argument("--language", default="", help="such as ru; else that of the line")
    parser.add_argument("--put", metavar="FILE", help="keep this definition first")
    parser.add_argument("--keys", default="", help="keys by commas, in the order of the questions")
    options = parser.parse_args()
    with grpc.insecure_channel(options.server) as channel:
        stub = rpc.SurveyServiceStub(channel)
        if options.put:
            with open(options.put, encoding="utf-8") as file:
                stub.PutSurvey(pb.PutSurveyRequest(definition=file.read()))
        opening = pb.DialogOpen(
            source=options.source,
            call_id=options.call,
            survey=options.survey,
            language=options.language,
        )
        keys = iter(options.keys.split(",")) if options.keys else iter(())
        for order, message in conduct(stub, opening, keys):
            print(as_json(order, message), flush=True)


if __name__ == "__main__":
    try:
        main()
    except grpc.RpcError as error:
        # Whatever went wrong: let the caller go.
        sys.exit(f"no dialog: {error.code().name}: {error.details()}")
