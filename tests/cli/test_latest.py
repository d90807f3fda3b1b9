"""`summary --latest` goes by content and time, not by the numbers in names."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.commands import run

DAY = 86_400
NOW = 1_772_000_000


def checkpoint(folder: Path, steps: int, first_loss: float, saved: float) -> None:
    """Write what Hugging Face's Trainer leaves: a log without times, in a file that has one."""
    path = folder / f"checkpoint-{steps}" / "trainer_state.json"
    path.parent.mkdir(parents=True)
    history = [{"step": step, "loss": first_loss - step / 1e4} for step in range(10, steps + 1, 10)]
    state = {"log_history": history, "global_step": steps, "max_steps": 1000}
    path.write_text(json.dumps(state), encoding="utf-8")
    os.utime(path, (saved, saved))


def latest(*arguments: str | Path) -> dict[str, object]:
    outcome = run("summary", "--latest", "--json", *arguments)
    assert outcome.code == 0, outcome.err
    (document,) = outcome.documents
    (found,) = document["runs"]
    return {name: found[name] for name in ("run", "step")}


@pytest.fixture
def outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "outputs"


def test_a_new_training_in_an_old_folder_counts_from_its_own_checkpoint(outputs: Path) -> None:
    checkpoint(outputs, 900, 4.0, NOW - DAY)
    checkpoint(outputs, 100, 2.0, NOW)
    assert latest(outputs) == {"run": "outputs", "step": 100}


def test_the_newest_run_is_not_the_one_that_came_furthest(outputs: Path) -> None:
    checkpoint(outputs / "run2", 900, 4.0, NOW - DAY)
    checkpoint(outputs / "run10", 500, 3.0, NOW - DAY / 2)
    checkpoint(outputs / "run1", 100, 2.0, NOW)
    assert latest(outputs) == {"run": "run1", "step": 100}


def test_logged_times_count_more_than_those_of_files(outputs: Path) -> None:
    for name, logged, changed in (("old", NOW - DAY, NOW + DAY), ("new", NOW, NOW - 2 * DAY)):
        path = outputs / name / "metrics.jsonl"
        path.parent.mkdir(parents=True)
        path.write_text("".join(f'{{"step": {n}, "time": {logged + n}, "loss": 1.0}}\n' for n in range(5)))
        os.utime(path, (changed, changed))
    assert latest(outputs) == {"run": "new", "step": 4}


def test_without_a_path_the_folder_outputs_is_meant_where_there_is_one(outputs: Path) -> None:
    checkpoint(outputs.parent / "elsewhere", 300, 2.0, NOW)
    assert latest() == {"run": "elsewhere", "step": 300}
    checkpoint(outputs / "mine", 200, 3.0, NOW - DAY)
    assert latest() == {"run": "mine", "step": 200}
    assert latest(".") == {"run": "elsewhere", "step": 300}
