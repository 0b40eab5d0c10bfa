"""Counts the survey report anew from the stories that were told, in plain Python, and compares figure by figure.

    survey_count.py STORIES BY=REPORT.json …

STORIES has one JSON object a line: what happened to a call. Each report is what `dozvon report survey --by BY --output
json` said of them. Nothing of the product is used: dispositions follow from the story's words, intervals are statsmodels'.
Prints how many figures agree, and how many of them are intervals; exits 1 and names what does not.
"""

import collections
import datetime
import json
import math
import statistics
import sys

from statsmodels.stats.proportion import proportion_confint

DISPOSITIONS = (
    "not_eligible quiet_period not_selected caller_left_first not_handed_over lost_in_transfer refused noinput unable"
    " break_off partial complete technical_failure"
).split()
# How a story ends, and what the catalogue calls it.
OF_STORY = {
    "left": "caller_left_first",
    "ended": "not_handed_over",
    "short": "not_eligible",
    "lost": "lost_in_transfer",
    "refuses": "refused",
    "silent": "noinput",
    "wrong_key": "break_off",
    "one_answer": "partial",
    "two_answers": "complete",
}
NOT_SELECTED = {"not_eligible", "quiet_period", "not_selected"}
NOT_INVITED = NOT_SELECTED | {"caller_left_first", "not_handed_over", "lost_in_transfer"}
RESPONDENTS = {"partial", "complete"}
POSITIVE = {"satisfaction": {"4", "5"}, "solved": {"yes"}}
CODES = {"satisfaction": ["5", "4", "3", "2", "1"], "solved": ["yes", "no"]}

checked = 0
intervals = 0
wrong = []


def same(what, actual, expected):
    global checked
    checked += 1
    if isinstance(expected, float):
        agrees = actual is not None and abs(float(actual) - expected) < 1e-9
    elif isinstance(expected, int) and not isinstance(expected, bool):
        agrees = int(actual or 0) == expected
    else:
        agrees = (actual or None) == (expected or None)
    if not agrees:
        wrong.append(f"{what}: {actual!r} instead of {expected!r}")


def share(what, actual, count, n):
    """A share with its n and Wilson's interval; nothing of nothing."""
    if n == 0:
        same(what, actual, None)
        return
    actual = actual or {}
    same(what + " count", actual.get("count"), count)
    same(what + " n", actual.get("n"), n)
    same(what, actual.get("share", 0), count / n)
    global intervals
    intervals += 1
    low, high = (float(bound) for bound in proportion_confint(count, n, alpha=0.05, method="wilson"))
    interval = actual.get("interval", {})
    same(what + " low", interval.get("low", 0), low)
    same(what + " high", interval.get("high", 0), high)


def wait_group(seconds):
    for edge, name in ((20, "0-20s"), (60, "20-60s"), (180, "60-180s"), (600, "180-600s")):
        if seconds <= edge:
            return name
    return "over_600s"


def hour(story):
    instant = datetime.datetime.fromtimestamp(story["arrived_us"] / 1e6, datetime.timezone(datetime.timedelta(hours=4)))
    return f"{instant.hour:02}"


def transfers(story):
    count = len(story["agents"]) - 1 + (story["end"] == "lost") if story["agents"] else 0
    return str(count) if count < 2 else "2+"


GROUP = {
    "none": lambda story: None,
    "queue": lambda story: story["queues"][0],
    "agent": lambda story: story["agents"][-1] if story["agents"] else None,
    "hour": hour,
    "transfers": transfers,
    "wait": lambda story: wait_group(story["wait_s"]),
}


def groups(stories, by):
    found = collections.defaultdict(list)
    for story in stories:
        group = GROUP[by](story)
        if group is not None:
            found[group].append(story)
        found["ALL"].append(story)
    return found


def funnel(by, report, stories):
    expected = groups(stories, by)
    rows = {row.get("group", ""): row for row in report["funnel"]}
    same(f"{by}: groups", sorted(rows), sorted(expected))
    for group, members in expected.items():
        row, what = rows.get(group, {}), f"{by}/{group}"
        handled = [story for story in members if story["end"] != "gave_up"]
        ends = collections.Counter(OF_STORY[story["end"]] for story in handled)
        told = [(one["disposition"], int(one.get("sessions", 0))) for one in row.get("dispositions", [])]
        same(f"{what}: dispositions", told, [(name, ends[name]) for name in DISPOSITIONS])
        selected = sum(count for name, count in ends.items() if name not in NOT_SELECTED)
        invited = sum(count for name, count in ends.items() if name not in NOT_INVITED)
        respondents = sum(ends[name] for name in RESPONDENTS)
        for field, value in (
            ("handled", len(handled)),
            ("selected", selected),
            ("invited", invited),
            ("respondents", respondents),
            ("gaveUp", sum(story["end"] == "gave_up" for story in members)),
            ("sessionsOpen", 0),
            ("withoutSession", 0),
        ):
            same(f"{what}: {field}", row.get(field), value)
        if by == "agent" and group != "ALL" and len(handled) < 10:
            same(f"{what}: shown", row.get("invitationRate"), None)
            continue
        share(f"{what}: Q1", row.get("invitationRate"), invited, selected)
        share(f"{what}: Q2", row.get("responseRate1"), ends["complete"], selected)
        share(f"{what}: Q3", row.get("responseRate2"), respondents, selected)
        share(f"{what}: Q4", row.get("cooperationRate"), respondents, invited)


def scores(by, report, stories):
    rows = {(row.get("group", ""), row["question"]): row for row in report["scores"]}
    for group, members in groups(stories, by).items():
        ends = collections.Counter(OF_STORY.get(story["end"]) for story in members)
        ends.pop(None, None)
        selected = sum(count for name, count in ends.items() if name not in NOT_SELECTED)
        asked = {
            "satisfaction": [s for s in members if s["end"] in ("silent", "wrong_key", "one_answer", "two_answers")],
            "solved": [s for s in members if s["end"] in ("one_answer", "two_answers")],
        }
        for question, sessions in asked.items():
            row, what = rows.get((group, question), {}), f"{by}/{group}/{question}"
            given = [story["answers"][question] for story in sessions if question in story["answers"]]
            counts, n = collections.Counter(given), len(given)
            same(f"{what}: asked", row.get("asked"), len(sessions))
            same(f"{what}: n", row.get("n"), n)
            if not sessions:
                continue
            same(f"{what}: selected", row.get("selected"), selected)
            suppressed = by == "agent" and group != "ALL" and n < 10
            same(f"{what}: suppressed", row.get("suppressed"), suppressed)
            if suppressed:
                same(f"{what}: shown", row.get("topBox") or row.get("answers") or row.get("bounds"), None)
                continue
            positive = sum(counts[code] for code in POSITIVE[question])
            share(f"{what}: Q7", row.get("topBox"), positive, n)
            told = [(one["answer"], int(one.get("count", 0))) for one in row["answers"]]
            same(f"{what}: answers", told, [(code, counts[code]) for code in CODES[question]])
            bounds = row.get("bounds", {})
            same(f"{what}: Q11 low", bounds.get("low", 0), positive / selected)
            same(f"{what}: Q11 high", bounds.get("high", 0), (positive + selected - n) / selected)
            left = {"satisfaction": "wrong_key", "solved": "one_answer"}[question]
            share(f"{what}: Q5", row.get("breakOff"), sum(s["end"] == left for s in sessions), len(sessions))
            same(f"{what}: Q6 nomatches", row.get("nomatches"), sum(s["end"] == "wrong_key" for s in sessions)
                 if question == "satisfaction" else 0)
            if n:
                same(f"{what}: Q14", row["weighted"].get("share", 0), positive / n)
                same(f"{what}: Q14 n", row["weighted"]["effectiveN"], float(n))
                # Everybody is drawn, and no caller's number is told: each call is a person.
                same(f"{what}: Q14 people", row["weightedPerPerson"].get("share", 0), positive / n)
                same(f"{what}: Q14 people n", row["weightedPerPerson"]["effectiveN"], float(n))
            if question == "satisfaction":
                share(f"{what}: bottom", row.get("bottomBox"), counts["1"] + counts["2"], n)
                grades = [int(code) for code in given]
                if n:
                    same(f"{what}: Q9", row["meanGrade"]["mean"], statistics.fmean(grades))
                if n > 1:
                    error = statistics.stdev(grades) / math.sqrt(n)
                    same(f"{what}: Q9 error", row["meanGrade"].get("standardError", 0), error)
            else:
                share(f"{what}: Q10", row.get("resolution"), counts["yes"], n)


def coverage(report, stories):
    handled = [story for story in stories if story["end"] != "gave_up"]
    of = {
        "transfers": transfers,
        "hung_up_first": lambda story: "caller" if story["end"] == "left" else "agent",
        "queue": GROUP["queue"],
        "hour": hour,
        "wait": GROUP["wait"],
    }
    answered = [story for story in handled if OF_STORY[story["end"]] in RESPONDENTS]
    rows = {(row["dimension"], row.get("value", "")): row for row in report["coverage"]}
    expected = {(name, value(story)) for name, value in of.items() for story in handled}
    same("coverage: rows", sorted(rows), sorted(expected))
    for name, value in expected:
        row, what = rows.get((name, value), {}), f"coverage {name}={value}"
        members = [story for story in handled if of[name](story) == value]
        respondents = sum(OF_STORY[story["end"]] in RESPONDENTS for story in members)
        invited = sum(OF_STORY[story["end"]] not in NOT_INVITED for story in members)
        same(f"{what}: handled", row.get("handled"), len(members))
        same(f"{what}: invited", row.get("invited"), invited)
        share(f"{what}: Q13", row.get("coverage"), respondents, len(members))
        same(f"{what}: Q12", row.get("shareOfRespondents", 0), respondents / len(answered))
        same(f"{what}: Q12 of all", row.get("shareOfHandled", 0), len(members) / len(handled))


def steering(report, stories):
    handled = [story for story in stories if story["end"] != "gave_up"]
    selected = [story for story in handled if OF_STORY[story["end"]] not in NOT_SELECTED]
    invited = [story for story in selected if OF_STORY[story["end"]] not in NOT_INVITED]
    rows = {row["agent"]: row for row in report["steering"]}
    agents = sorted({story["agents"][-1] for story in handled})
    same("steering: agents, by name", list(rows), agents)
    for agent in agents:
        row = rows.get(agent, {})
        own = [[story for story in some if story["agents"][-1] == agent] for some in (handled, selected, invited)]
        for field, some in zip(("handled", "selected", "invited"), own):
            same(f"steering {agent}: {field}", row.get(field), len(some))
        for field, part, whole, all_part, all_whole in (
            ("selectedShare", own[1], own[0], selected, handled),
            ("invitedShare", own[2], own[1], invited, selected),
        ):
            what, control = f"steering {agent}: {field}", row.get(field)
            if len(whole) < 10:
                same(what, control, None)
                continue
            centre = len(all_part) / len(all_whole)
            reach = 3 * math.sqrt(centre * (1 - centre) / len(whole))
            share(what, control["share"], len(part), len(whole))
            same(f"{what} centre", control["centre"], centre)
            same(f"{what} low", control["limits"].get("low", 0), max(0.0, centre - reach))
            same(f"{what} high", control["limits"].get("high", 0), min(1.0, centre + reach))
            value = len(part) / len(whole)
            signal = "below" if value < centre - reach else "above" if value > centre + reach else ""
            same(f"{what} signal", control.get("signal", ""), signal)


def main():
    with open(sys.argv[1], encoding="utf-8") as lines:
        stories = [json.loads(line) for line in lines]
    for named in sys.argv[2:]:
        by, path = named.split("=", 1)
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
        funnel(by, report, stories)
        scores(by, report, stories)
        coverage(report, stories)
        steering(report, stories)
    for line in wrong[:40]:
        print(line, file=sys.stderr)
    print(json.dumps({"stories": len(stories), "figures": checked, "intervals": intervals, "wrong": len(wrong)}))
    sys.exit(1 if wrong else 0)


main()
