"""The sample runs are small, complete, described, and show what their names say."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

SAMPLE_RUNS = Path(__file__).parent.parent / "sample_runs"


def _read_rows(name: str, tag: str) -> list[dict[str, float]]:
    """Return the rows of a run's JSONL that hold a tag, in the order of the file."""
    lines = (SAMPLE_RUNS / name / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if tag in row]


def _list_folders() -> set[str]:
    return {path.name for path in SAMPLE_RUNS.iterdir() if path.is_dir()}


def test_all_files_together_stay_small() -> None:
    sizes = [path.stat().st_size for path in SAMPLE_RUNS.rglob("*") if path.is_file()]
    assert sum(sizes) < 3_000_000
    assert min(sizes) > 0


def test_the_readme_names_every_folder_and_no_other() -> None:
    readme = (SAMPLE_RUNS / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)/` \|", readme, flags=re.MULTILINE)) == _list_folders()


def test_the_script_makes_exactly_these_folders() -> None:
    script = (SAMPLE_RUNS.parent / "scripts" / "make_sample_runs.py").read_text(encoding="utf-8")
    names = re.search(r"^NAMES = \((.*)\)$", script, flags=re.MULTILINE)
    assert names is not None
    assert set(re.findall(r'"(\w+)"', names[1])) == _list_folders()


def test_healthy_is_one_event_file_of_whole_records() -> None:
    (path,) = (SAMPLE_RUNS / "healthy").iterdir()
    content = path.read_bytes()
    assert path.name.startswith("events.out.tfevents.")
    offset = records = 0
    while offset < len(content):
        offset += 16 + int.from_bytes(content[offset : offset + 8], "little")
        records += 1
    assert offset == len(content)
    assert records > 5_000


def test_overfit_evaluates_worse_and_worse_while_it_trains_better() -> None:
    eval_losses = [row["eval/loss"] for row in _read_rows("overfit", "eval/loss")]
    train_losses = [row["train/loss"] for row in _read_rows("overfit", "train/loss")]
    best = eval_losses.index(min(eval_losses))
    assert len(eval_losses) >= 10
    assert len(train_losses) >= 300
    assert 0 < best < len(eval_losses) - 3
    assert eval_losses[-1] > 1.2 * eval_losses[best]
    assert max(train_losses[-20:]) < min(train_losses[:20])


def test_diverged_falls_then_becomes_nan_and_stays_so() -> None:
    losses = [row["train/loss"] for row in _read_rows("diverged", "train/loss")]
    first_bad = next(place for place, loss in enumerate(losses) if not math.isfinite(loss))
    assert first_bad > 60
    assert max(losses[50:60]) < 0.1 * losses[0]
    assert not any(math.isfinite(loss) for loss in losses[first_bad:])
    assert math.isnan(losses[-1])
    assert '"train/loss": NaN' in (SAMPLE_RUNS / "diverged" / "metrics.jsonl").read_text(encoding="utf-8")


def test_resumed_goes_back_to_a_checkpoint_after_minutes_of_silence() -> None:
    rows = _read_rows("resumed", "train/loss")
    restarts = [place for place in range(1, len(rows)) if rows[place]["step"] <= rows[place - 1]["step"]]
    assert len(restarts) == 2
    for place in restarts:
        assert rows[place]["step"] % 100 == 1
        assert rows[place]["time"] - rows[place - 1]["time"] > 300
        before = sum(row["train/loss"] for row in rows[place - 10 : place])
        after = sum(row["train/loss"] for row in rows[place : place + 10])
        assert abs(after / before - 1) < 0.1


def test_time_never_runs_backwards() -> None:
    for name in ("overfit", "diverged", "resumed"):
        times = [row["time"] for row in _read_rows(name, "time")]
        assert times == sorted(times)


def test_huggingface_checkpoints_are_beginnings_of_the_whole_history() -> None:
    root = SAMPLE_RUNS / "huggingface"
    whole = json.loads((root / "trainer_state.json").read_text(encoding="utf-8"))
    assert whole["global_step"] == whole["max_steps"]
    assert "train_runtime" in whole["log_history"][-1]
    checkpoints = sorted(root.glob("checkpoint-*/trainer_state.json"))
    assert len(checkpoints) == whole["max_steps"] // whole["save_steps"]
    for path in checkpoints:
        state = json.loads(path.read_text(encoding="utf-8"))
        assert path.parent.name == f"checkpoint-{state['global_step']}"
        assert state["log_history"] == whole["log_history"][: len(state["log_history"])]
