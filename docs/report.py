"""Which queue loses most callers, and which passes most of them on? In plain Python, from the proto files alone.

    pip install grpcio grpcio-tools
    python docs/report.py 127.0.0.1:7440 proto 2026-01-01T00:00:00Z 2026-02-01T00:00:00Z
"""

import sys

import grpc
from google.protobuf.json_format import ParseDict

server, protos, start, end = sys.argv[1:]
sys.path.insert(0, protos)
messages, services = grpc.protos_and_services("dozvon/v1/report.proto")
reports = services.ReportServiceStub(grpc.insecure_channel(server))
query = {"query": {"start": start, "end": end}}
queues = reports.GetQueueReport(ParseDict(query, messages.GetQueueReportRequest()))
transfers = reports.GetTransferReport(ParseDict(query, messages.GetTransferReportRequest()))
for row in sorted(queues.rows[:-1], key=lambda row: -row.abandon_rate):  # the last row is of all queues
    print(f"{row.queue}: {row.abandoned} of {row.visits_offered} gave up, {row.abandon_rate:.1%}")
for row in sorted(transfers.rows[:-1], key=lambda row: -row.transferred_call_rate):
    print(f"{row.queue}: {row.calls_transferred} of {row.calls_served} passed on, {row.transferred_call_rate:.1%}")
print(f"these are {queues.context.calls} calls, digest {queues.context.calls_digest}")
