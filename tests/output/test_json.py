"""The JSON that scripts rely on: docs/json.md is the contract, and every document keeps it."""

from __future__ import annotations

import json
import math
import queue
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.commands import SAMPLE_NAMES, SAMPLES, Outcome, only_run, run
from tuimon.alerts.alert import Alert, AlertKind
from tuimon.alerts.document import alert_document
from tuimon.alerts.lane import Lane
from tuimon.analysis.best import best_value
from tuimon.analysis.progress import Progress
from tuimon.monitor.once import read_once
from tuimon.output.document import dump
from tuimon.sources.naming import Root

PAGE = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
NONFINITE = {"NaN", "Infinity", "-Infinity"}
Contract = dict[str, str]
Json = Any

# By hand, from the design: none of these may ever go away.
RUN_FIELDS = (
    "run path formats status attempts step total_steps epoch total_epochs fraction eta_s eta_low_s "
    "eta_high_s elapsed_s steps_per_s samples_per_s tokens_per_s trend convergence best epochs "
    "first_wall_time last_wall_time config problems series texts histograms images"
)
SERIES_FIELDS = "role count first_step last_step min min_step max max_step mean last nan inf source also_in"
FINDING_FIELDS = (
    "run id incident incident_title rule series severity step time value usual message causes remedies "
    "state resolved_step count"
)


def contract(heading: str) -> Contract:
    """Return the documented type of each field in the first table below a line of the page."""
    below = PAGE[PAGE.index(heading) :].partition("|---|---|---|\n")[2]
    rows = re.match(r"(\|.*\n)+", below)
    assert rows is not None
    return dict(re.findall(r"^\| `(\w+)` \| ([\w ,]+) \|", rows[0], flags=re.MULTILINE))


def examples() -> list[Json]:
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)]


def is_of(kind: str, value: Json) -> bool:
    if kind.startswith("list"):
        return isinstance(value, list) and (kind == "list" or all(isinstance(each, str) for each in value))
    kinds = set(re.split(r", | or ", kind))
    if value is None:
        return "null" in kinds
    if isinstance(value, bool):
        return kind == "true or false"
    if isinstance(value, str):
        # Where a number is expected, the only texts are those of non-finite numbers.
        return "text" in kinds and ("number" not in kinds or value in NONFINITE)
    if isinstance(value, int | float):
        return "number" in kinds and math.isfinite(value)
    return "object" in kinds and isinstance(value, dict)


def breaches(
    place: str, value: Json, kinds: Contract, *, beside: frozenset[str] = frozenset()
) -> Iterator[str]:
    if value.keys() != kinds.keys() | beside:
        yield f"{place} has {sorted(value.keys() ^ (kinds.keys() | beside))} more or less than documented"
    for name in value.keys() & kinds.keys():
        if not is_of(kinds[name], value[name]):
            yield f"{place}.{name} is {value[name]!r}, not {kinds[name]}"


def breaches_of_summary(document: Json) -> Iterator[str]:
    kinds = contract("## `tuimon summary --json`")
    yield from breaches("document", document, kinds, beside=frozenset({"schema"}))
    problem = contract("A problem (`problems[]`)")
    for each in document["problems"]:
        yield from breaches("problem", each, problem)
    for state in document["runs"]:
        yield from breaches("run", state, contract("A run (`runs[]`)"))
        for each in state["problems"]:
            yield from breaches("problem", each, problem)
        for each in state["epochs"]:
            yield from breaches("epoch", each, contract("An epoch (`epochs[]`)"))
        if state["best"] is not None:
            yield from breaches("best", state["best"], contract("The best value (`best`)"))
        for tag, each in state["series"].items():
            yield from breaches(tag, each, contract("A series (`series.TAG`)"))
        for field in ("texts", "histograms", "images"):
            for tag, each in state[field].items():
                yield from breaches(tag, each, contract("A text, histogram or image"))


def breaches_of_comparison(document: Json) -> Iterator[str]:
    kinds = contract("## `tuimon compare --json`")
    yield from breaches("document", document, kinds, beside=frozenset({"schema"}))
    for each in document["runs"]:
        yield from breaches("run", each, contract("A compared run (`compare`, `runs[]`)"))
    yield from breaches("importance", document["importance"], contract("The importance (`importance`)"))
    for each in document["importance"]["settings"]:
        yield from breaches("setting", each, contract("A setting (`importance.settings[]`)"))


def strict_documents(outcome: Outcome) -> list[Json]:
    """Parse output as a strict parser does: bare NaN and Infinity are no JSON."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON")

    return [json.loads(line, parse_constant=refuse) for line in outcome.out.splitlines()]


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_the_summary_of_each_sample_run_keeps_the_contract(name: str) -> None:
    (document,) = strict_documents(run("summary", "--json", SAMPLES / name))
    assert document["schema"] == 1
    assert list(breaches_of_summary(document)) == []
    (state,) = document["runs"]
    assert state["run"] == name
    assert state["series"]


def test_what_a_command_is_told_of_each_kind_of_event_keeps_the_contract() -> None:
    (state,) = read_once([Root(SAMPLES / "overfit")], with_rules=True).runs
    nothing_known = replace(state, progress=Progress())
    best = best_value(state.run)
    assert best is not None
    alerts = [
        Alert(AlertKind.DONE, state, 2.0),
        Alert(AlertKind.FAILED, nothing_known, 2.0),
        Alert(AlertKind.BEST, state, 2.0, best=best),
        Alert(AlertKind.FINDING, state, 2.0, finding=state.findings[0]),
    ]
    told: queue.SimpleQueue[str] = queue.SimpleQueue()
    lane = Lane(lambda document: told.put(dump(document)), told.put, interval_s=0.0)
    for alert in alerts:
        lane.submit(alert_document(alert))
        (document,) = strict_documents(Outcome(0, told.get(timeout=20.0), ""))
        assert document["schema"] == 1
        assert document["event"] == alert.kind
        assert list(breaches("alert", document, contract("## Alerts"), beside=frozenset({"schema"}))) == []
        found = document["finding"]
        if found is not None:
            assert list(breaches("finding", found, contract("## `tuimon check --json`"))) == []
        if document["best"] is not None:
            assert list(breaches("best", document["best"], contract("The best value (`best`)"))) == []
    lane.stop()


def test_the_contract_has_every_field_of_the_design() -> None:
    assert " ".join(contract("A run (`runs[]`)")) == RUN_FIELDS
    assert " ".join(contract("A series (`series.TAG`)")) == SERIES_FIELDS
    assert " ".join(contract("## `tuimon check --json`")) == FINDING_FIELDS
    assert " ".join(contract("## `tuimon eta --trace --json`")) == "run time step eta"


def test_a_run_with_everything_in_it_keeps_the_contract(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    rows: list[Json] = [
        {"config": {"name": "x", "flag": True, "none": None, "nan": math.nan, "large": 10**30}},
        {"step": 1, "loss": math.nan, "a": 1, "b": "text"},
        {"step": 2, "loss": math.inf, "a": -math.inf, "c": {"d": "NaN"}},
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n{broken\n", encoding="utf-8")
    (document,) = strict_documents(run("summary", "--json", path))
    assert list(breaches_of_summary(document)) == []
    (state,) = document["runs"]
    assert state["config"]["nan"] == "NaN"
    assert state["config"]["flag"] is True
    loss, a = state["series"]["loss"], state["series"]["a"]
    assert (loss["count"], loss["nan"], loss["inf"], loss["last"]) == (2, 1, 1, "Infinity")
    assert (loss["min"], loss["min_step"], loss["max"]) == (None, None, None)
    assert (a["last"], a["min"], a["max"], a["mean"]) == ("-Infinity", 1, 1, 1)
    assert state["series"]["c/d"]["last"] == "NaN"
    assert [problem["offset"] for problem in state["problems"]] == [path.read_bytes().index(b"{broken")]


@pytest.mark.parametrize(("digits", "written"), [(18, 10**18), (40, 1e40), (400, "Infinity")])
def test_an_integer_that_no_parser_holds_is_rounded(digits: int, written: object, tmp_path: Path) -> None:
    history = [{"step": step, "loss": 1.0} for step in range(1, 5)]
    state = {"log_history": history, "global_step": 4, "max_steps": 10**digits}
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps(state), encoding="utf-8")
    (document,) = strict_documents(run("summary", "--json", path))
    assert document["runs"][0]["config"]["max_steps"] == written
    for command in ("summary", "check", "eta"):
        assert run(command, path).code == 0


def test_findings_keep_the_contract() -> None:
    documents = strict_documents(run("check", "--json", SAMPLES))
    assert documents
    for document in documents:
        kinds = contract("## `tuimon check --json`")
        assert list(breaches("finding", document, kinds, beside=frozenset({"schema"}))) == []
        assert document["schema"] == 1
        assert document["severity"] in ("info", "warning", "critical")
        assert document["state"] in ("open", "resolved")
        assert document["causes"]
        assert document["remedies"]
    assert any(document["value"] == "NaN" for document in documents)


def test_comparisons_keep_the_contract(tmp_path: Path) -> None:
    (document,) = strict_documents(run("compare", "--json", SAMPLES))
    assert list(breaches_of_comparison(document)) == []
    for number in range(9):
        rows = [
            {"config": {"lr": 10.0**-number, "opt": "ab"[number % 2]}},
            {"step": 1, "loss": math.log(number + 1)},
        ]
        (tmp_path / f"{number}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (document,) = strict_documents(run("compare", "--json", tmp_path))
    assert list(breaches_of_comparison(document)) == []
    assert {each["name"] for each in document["importance"]["settings"]} == {"lr", "opt"}


@pytest.mark.parametrize("trace", [False, True])
def test_estimates_keep_the_contract(trace: bool) -> None:  # noqa: FBT001  # pytest gives it by position
    heading = "## `tuimon eta --trace --json`" if trace else "## `tuimon eta --json`"
    documents = strict_documents(run("eta", "--json", *(["--trace"] if trace else []), SAMPLES))
    for document in documents:
        assert list(breaches("estimate", document, contract(heading), beside=frozenset({"schema"}))) == []
    lines = sum(only_run(SAMPLES / name)["step"] for name in ("diverged", "healthy"))
    assert len(documents) == len(SAMPLE_NAMES) if not trace else len(documents) > lines


def test_the_examples_of_the_page_have_the_fields_of_real_output() -> None:
    summary, finding, estimate, traced, comparison = examples()
    assert list(breaches_of_summary(summary)) == []
    (shown,) = summary["runs"]
    real = only_run(SAMPLES / shown["run"])
    assert shown.keys() == real.keys()
    for field in ("series", "texts", "histograms"):
        for tag, facts in shown[field].items():
            assert facts.keys() == real[field][tag].keys()
    assert shown["series"].keys() < real["series"].keys()
    (real_finding, *_) = run("check", "--json", SAMPLES / finding["run"]).documents
    assert finding.keys() == real_finding.keys()
    assert estimate.keys() == run("eta", "--json", SAMPLES / estimate["run"]).documents[0].keys()
    assert traced.keys() == run("eta", "--json", "--trace", SAMPLES / traced["run"]).documents[0].keys()
    assert list(breaches_of_comparison(comparison)) == []


@pytest.mark.parametrize(
    "arguments",
    [("summary", "--json"), ("check", "--json"), ("eta", "--trace", "--json"), ("summary",), ("compare",)],
)
def test_the_same_input_gives_the_same_bytes(arguments: tuple[str, ...]) -> None:
    assert run(*arguments, SAMPLES) == run(*arguments, SAMPLES)
