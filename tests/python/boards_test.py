"""What must hold of the boards without any server: they are what their table says, and keep the rules.

The rules are those of Grafana's dashboard-linter, and our own: the service level is never divided by visits ended, no
panel shows single agents, each panel names its definition, and every public metric is looked at by somebody.

    python tests/python/boards_test.py PATH-OF-DOZVON
"""

import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).parents[2]
GRAFANA = ROOT / "deploy/grafana"
sys.path.insert(0, str(GRAFANA))
sys.dont_write_bytecode = True

import boards  # noqa: E402
import render  # noqa: E402
from grafana_foundation_sdk.cog.plugins import register_default_plugins  # noqa: E402
from grafana_foundation_sdk.models.dashboard import Dashboard  # noqa: E402

register_default_plugins()
FILES = {board.name: GRAFANA / f"{board.name}.json" for board in boards.BOARDS}
# Definitions that only live figures have so far, so that `dozvon definitions` does not list them.
LIVE_ONLY = {"W8", "Q1", "Q2", "Q4", "Q7"}
# Differences of two counters since ever, which no rate could tell: who waits beyond the target at this moment.
COUNTER_DIFFERENCE = re.compile(r"sum(?: by \(queue\))? ?\(dozvon_queue_service_level_decided_total\{[^}]*\}\) - "
                                r"sum(?: by \(queue\))? ?\(dozvon_queue_visits_ended_total\{[^}]*\}\)")
SELECTOR = re.compile(r"(dozvon_[a-z_]+)(\{[^}]*\})?(\[[^]]*\])?")


def panels(board):
    """Every panel that asks Prometheus."""
    return [panel for panel in board["panels"] if panel["type"] not in ("row", "text")]


def complaints_of_panel(panel):
    """The rules for one panel that it breaks."""
    wrong = []
    defaults = panel["fieldConfig"]["defaults"]
    if not panel.get("title") or not panel.get("description"):
        wrong.append("has no title or description")
    if not re.search(r"\n\n(Definition|Metric) \S+$", panel.get("description", "")):
        wrong.append("does not name its definition")
    if not defaults.get("unit"):
        wrong.append("has no unit")
    if panel["type"] != "heatmap" and not defaults.get("thresholds", {}).get("steps"):
        wrong.append("has no thresholds")
    if panel.get("datasource", {}).get("uid") != "${datasource}":
        wrong.append("does not take the data source from its variable")
    if not panel.get("targets"):
        wrong.append("has no targets")
    return wrong + [complaint for target in panel.get("targets", []) for complaint in complaints_of_query(target["expr"])]


def complaints_of_query(expr):
    """The rules for one query that it breaks."""
    wrong = []
    bare = COUNTER_DIFFERENCE.sub("", expr)
    for name, matchers, span in SELECTOR.findall(expr):
        if 'job=~"$job"' not in matchers or 'instance=~"$instance"' not in matchers:
            wrong.append(f"{name} is not matched by job and instance")
        if re.search(r"(?:^|[{,])(agent|call|caller|number)=", matchers):
            wrong.append(f"{name} is chosen by somebody's name")
    for name, _, span in SELECTOR.findall(bare):
        if name.endswith("_total") and not span:
            wrong.append(f"the counter {name} is shown as it stands")
    for call, span in re.findall(r"\b(i?rate)\(dozvon_[a-z_]+\{[^}]*\}\[([^]]*)\]", expr):
        if span != "$__rate_interval":
            wrong.append(f"{call} over {span}, not over $__rate_interval")
    if re.search(r"by \([^)]*\b(agent|call|caller|number)\b", expr):
        wrong.append("shows single agents or calls")
    if "answered_within_target" in expr and not is_level_of_decided(expr):
        wrong.append("divides the service level by something else than visits decided")
    return wrong


def is_level_of_decided(expr):
    """Whether what was answered within the target is divided by visits decided."""
    _, slash, below = expr.partition(" / ")
    never = ("visits_ended", "wait_seconds", "visits_offered")
    return bool(slash) and "service_level_decided_total" in below and not any(name in expr for name in never)


class Files(unittest.TestCase):
    def test_the_files_are_what_the_table_renders(self):
        for board in boards.BOARDS:
            rendered = render.encode(render.build(board))
            committed = FILES[board.name].read_text(encoding="utf-8")
            self.assertEqual(rendered, committed, f"run deploy/grafana/boards.py: {board.name}.json is not what it writes")

    def test_nothing_is_lost_on_the_way_through_the_model(self):
        for path in FILES.values():
            text = path.read_text(encoding="utf-8")
            self.assertEqual(render.encode(Dashboard.from_json(json.loads(text))), text, path.name)

    def test_the_model_would_lose_a_field_that_grafana_does_not_know(self):
        board = json.loads(FILES["floor"].read_text(encoding="utf-8"))
        board["panels"][1]["descripton"] = "a slip of the pen"
        self.assertNotIn("descripton", render.encode(Dashboard.from_json(board)))


class Rules(unittest.TestCase):
    def each(self):
        for name, path in FILES.items():
            yield name, json.loads(path.read_text(encoding="utf-8"))

    def test_boards_are_read_only_and_lead_to_each_other(self):
        for name, board in self.each():
            self.assertFalse(board["editable"], name)
            self.assertIn("dozvon", board["tags"])
            self.assertEqual(board["uid"], f"dozvon-{name}")
            [link] = board["links"]
            self.assertEqual((link["type"], link["tags"], link["includeVars"]), ("dashboards", ["dozvon"], True))
            texts = [panel["options"]["content"] for panel in board["panels"] if panel["type"] == "text"]
            self.assertTrue(any("`dozvon " in text for text in texts), f"{name} names no command")

    def test_data_source_job_and_instance_are_variables(self):
        for name, board in self.each():
            variables = {variable["name"]: variable for variable in board["templating"]["list"]}
            self.assertEqual((variables["datasource"]["type"], variables["datasource"]["query"]), ("datasource", "prometheus"))
            for wanted in ("job", "instance"):
                self.assertIn(wanted, variables, name)
            for query in (variable for variable in variables.values() if variable["type"] == "query"):
                self.assertEqual(query["datasource"]["uid"], "${datasource}")
                self.assertEqual((query["refresh"], query["multi"], query["includeAll"], query["allValue"]), (2, True, True, ".+"))
                self.assertTrue(query["label"] and re.fullmatch(r"label_values\(dozvon_\w+(\{.*\})?, \w+\)", query["query"]))

    def test_every_panel_keeps_the_rules(self):
        wrong = [f"{name}, {panel['title']}: {complaint}" for name, board in self.each() for panel in panels(board)
                 for complaint in complaints_of_panel(panel)]
        self.assertEqual(wrong, [])

    def test_panels_do_not_overlap_and_have_numbers_of_their_own(self):
        for name, board in self.each():
            taken, ids = set(), [panel["id"] for panel in board["panels"]]
            self.assertEqual(len(ids), len(set(ids)), name)
            for panel in board["panels"]:
                at = panel["gridPos"]
                cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
                self.assertFalse(taken & cells, f"{name}, {panel['title']}")
                self.assertLessEqual(at["x"] + at["w"], 24)
                taken |= cells

    def test_each_rule_finds_what_it_is_for(self):
        matchers = render.MATCHERS["@Q"]
        within = f"sum(increase(dozvon_queue_answered_within_target_total{{{matchers}}}[5m]))"
        for expr, complaint in [
            (f"{within} / sum(increase(dozvon_queue_visits_ended_total{{{matchers}}}[5m]))", "visits decided"),
            (f"{within} / sum(increase(dozvon_queue_wait_seconds_count{{{matchers}}}[5m]))", "visits decided"),
            (within, "visits decided"),
            ("sum(dozvon_calls_open)", "job and instance"),
            (f"sum(rate(dozvon_reroutes_total{{{matchers}}}[5m]))", "$__rate_interval"),
            (f"sum(dozvon_reroutes_total{{{matchers}}})", "as it stands"),
            (f"sum by (queue, agent) (dozvon_calls_open{{{matchers}}})", "single agents"),
        ]:
            self.assertTrue(any(complaint in said for said in complaints_of_query(expr)), expr)
        good = f"{within} / (sum(increase(dozvon_queue_service_level_decided_total{{{matchers}}}[5m])) > 0)"
        self.assertEqual(complaints_of_query(good), [])


class Closure(unittest.TestCase):
    dozvon = None

    def used(self):
        queries = [target["expr"] for path in FILES.values() for panel in panels(json.loads(path.read_text(encoding="utf-8")))
                   for target in panel["targets"]]
        return set().union(*map(render.metrics_of, queries))

    def test_every_metric_of_a_board_exists_and_every_metric_is_looked_at(self):
        published = render.published()
        self.assertGreater(len(published), 30)
        self.assertEqual(self.used() - published, set())
        rules = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "deploy/prometheus").rglob("*.y*ml")))
        unseen = published - self.used() - render.metrics_of(rules) - set(boards.AD_HOC)
        self.assertEqual(unseen, set(), "neither on a board nor in a rule nor listed as ad hoc")
        for name, reason in boards.AD_HOC.items():
            self.assertTrue(name in published and reason, name)
            self.assertNotIn(name, self.used(), f"{name} is on a board: strike it from the list")

    def test_every_definition_that_a_panel_names_exists(self):
        said = subprocess.run([self.dozvon, "definitions", "--output", "json"], check=True, capture_output=True, text=True)
        said = json.loads(said.stdout)
        known = {definition["id"] for definition in (said if isinstance(said, list) else said["definitions"])}
        named = {panel.definition for board in boards.BOARDS for panel in board.panels if panel.definition}
        unknown = {name for name in named if not name.startswith("dozvon_")} - known - LIVE_ONLY
        self.assertEqual(unknown, set())
        metrics = {name for name in named if name.startswith("dozvon_")}
        self.assertEqual(metrics - render.published(), set())


if __name__ == "__main__":
    Closure.dozvon = sys.argv.pop(1)
    unittest.main()
