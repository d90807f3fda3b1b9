"""Real files, read as the program reads them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.analysis.findings.runs import rules
from tests.commands import run
from tuimon.analysis.findings.engine import FindingEngine
from tuimon.sources.base import UNBOUNDED, Source
from tuimon.sources.jsonl import JsonlSource
from tuimon.sources.tfevents import TfEventsSource
from tuimon.sources.trainer_state import TrainerStateSource
from tuimon.store.rows import RowReader
from tuimon.store.run_store import RunStore

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data" / "files"


def found_in(source: Source, total_steps: int | None = None) -> list[str]:
    store = RunStore()
    store.extend(0, source.read(UNBOUNDED).records)
    view = store.freeze()
    engine = FindingEngine("run")
    engine.extend(RowReader(engine.wanted).read(view), view.attempts, total_steps, view.config)
    return rules(engine.findings)


def test_the_healthy_sample_gives_nothing() -> None:
    events = tuple((ROOT / "sample_runs/healthy").glob("*tfevents*"))
    assert found_in(TfEventsSource(events), 873) == []


def test_the_hugging_face_sample_gives_nothing() -> None:
    assert found_in(TrainerStateSource((ROOT / "sample_runs/huggingface/trainer_state.json",)), 600) == []


def test_the_overfitted_sample_is_overfitted() -> None:
    assert found_in(JsonlSource((ROOT / "sample_runs/overfit/metrics.jsonl",)), 480) == ["overfitting"]


def test_the_diverged_sample_diverges_and_ends_in_nan() -> None:
    found = found_in(JsonlSource((ROOT / "sample_runs/diverged/metrics.jsonl",)), 600)
    assert {"nan_inf", "grad_explosion", "divergence"} <= set(found)


def test_the_resumed_sample_was_restarted_twice_and_nothing_else() -> None:
    found = found_in(JsonlSource((ROOT / "sample_runs/resumed/metrics.jsonl",)), 700)
    assert found == ["restart_detected", "restart_detected"]


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real files of ../shared/data")
def test_real_runs_of_others_are_quiet() -> None:
    sources: list[tuple[Path, Source]] = [
        *((path, TfEventsSource((path,))) for path in SHARED.rglob("*tfevents*")),
        *((path, JsonlSource((path,))) for path in SHARED.rglob("*.jsonl")),
        *((path, TrainerStateSource((path,))) for path in SHARED.rglob("trainer_state.json")),
    ]
    # These were damaged on purpose: NaN and infinities put in, a log cut off and resumed.
    damaged = {"hf_nan_inf", "jsonl_nan_inf", "trainer_log_restarted"}
    # Its six evaluation losses double while the training loss falls to a twentieth.
    overfitted = {"aigoncharov__trainer_state_viz"}
    loud = {path: found for path, source in sources if (found := found_in(source))}
    assert len(sources) > 40
    assert {path.parent.name for path in loud} == damaged | overfitted


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real files of ../shared/data")
def test_every_finding_on_the_real_runs_was_reviewed() -> None:
    page = (Path(__file__).parent / "reviewed.toml").read_text(encoding="utf-8")
    reviewed = [(f["run"], f["rule"], f["series"], f["step"]) for f in tomllib.loads(page)["finding"]]
    outcome = run("check", SHARED, "--json", "--fail-on", "never")
    found = [(f["run"], f["rule"], f["series"], f["step"]) for f in outcome.documents]
    assert sorted(found) == sorted(reviewed)
