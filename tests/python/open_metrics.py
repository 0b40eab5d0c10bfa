"""Both forms of /metrics, read by Prometheus' own Python parsers: well formed, packed or not, and of the same samples.

    python open_metrics.py http://127.0.0.1:7441/metrics
"""

import gzip
import sys
import urllib.request

from prometheus_client import parser as text_parser
from prometheus_client.openmetrics import parser as open_metrics_parser

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PROMETHEUS = ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
              "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")


def ask(url, **headers):
    """The headers and the body of an answer."""
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.headers, answer.read()


def expect(found, wanted, what):
    """Stops when something is not as wanted."""
    if found != wanted:
        raise SystemExit(f"{what}: {found!r} instead of {wanted!r}")


# Read off a clock at the scrape: two scrapes differ.
OF_CLOCK = {"dozvon_ingest_data_age_seconds"}


def samples(families):
    """Values by name and labels; edges as numbers, since OpenMetrics alone writes their point."""
    def labels(one):
        return sorted((name, float(value) if name == "le" else value) for name, value in one.labels.items())
    return {(one.name, *labels(one)): one.value for family in families for one in family.samples if one.name not in OF_CLOCK}


def main(url):
    """Asks in every way and compares."""
    headers, text = ask(url)
    expect(headers["Content-Type"], TEXT, "without a word")
    for nonsense in ["*/*", "q=q;,;", "image/png", "application/openmetrics-text;q=many"]:
        expect(ask(url, Accept=nonsense)[0]["Content-Type"], TEXT, nonsense)
    headers, told = ask(url, Accept=PROMETHEUS)
    expect(headers["Content-Type"], OPEN_METRICS, "as Prometheus asks")
    expect(headers["Content-Encoding"], None, "unasked packing")
    expect("accept" in headers["Vary"], True, "a cache may not mix them up")

    headers, packed = ask(url, Accept=PROMETHEUS, Accept_Encoding="br;q=1, gzip;q=0.5")
    expect(headers["Content-Encoding"], "gzip", "packed")
    expect(len(packed) < len(told) / 5, True, f"{len(packed)} of {len(told)} bytes are much less")
    expect(gzip.decompress(packed).decode().splitlines()[-1], "# EOF", "the last line")

    families = list(open_metrics_parser.text_string_to_metric_families(told.decode()))
    expect(samples(families), samples(text_parser.text_string_to_metric_families(text.decode())), "the samples")
    for family in families:
        expect(family.name.endswith("_total"), False, family.name)
        expect(family.unit, "seconds" if family.name.endswith("_seconds") else "", family.name)
        expect(bool(family.documentation), True, family.name)
    kinds = {family.type for family in families}
    expect(kinds, {"counter", "gauge", "histogram"}, "the kinds")
    print(len(families), "families,", len(samples(families)), "samples")


main(sys.argv[1])
