from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.commands import SAMPLES, only_run, run


def summary_of(*arguments: str | Path) -> str:
    outcome = run("summary", *arguments)
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out


def write_rows(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def training(start: float, steps: int, total: int = 1000) -> list[dict[str, object]]:
    """Return the rows of a run that logs each 2 s."""
    rows: list[dict[str, object]] = [{"time": start, "config": {"max_steps": total}}]
    return rows + [{"step": s, "time": start + 2 * s, "loss": 3 / s} for s in range(1, steps + 1)]


def test_a_hugging_face_run_says_all_that_a_person_asks() -> None:
    text = summary_of(SAMPLES / "huggingface")
    for pattern in (
        r"^huggingface  \[done\]  hf  .*huggingface$",
        r"^  progress: step 600/600, 100\.0%, epoch 3\.00/3 \(100\.0%\)$",
        r"^  speed: elapsed 8m57s, 1\.12 it/s, 17\.9 samples/s$",
        r"^  loss +now 0\.9021  min 0\.8985  max 3\.927  mean 1\.603  120 points$",
        r"^  eval_loss +now 0\.9179 ",
        r"^  learning_rate +now 1\.574e-8 ",
        r"^  grad_norm +now 1\.622  min 0\.6587  max 4\.785 ",
        r"^  trend: loss falling, -\d\.\d+ per 100 steps$",
        r"^  convergence: 0\.\d\d \(0: falling fast, or unstable; 1: flat and calm\)$",
        r"^  best: eval_loss 0\.9179 at step 600 \(checkpoint-600\)$",
        r"^  epoch 1: loss 2\.345, eval 1\.855$",
        r"^  epoch 3: loss 0\.9737, eval 0\.9179$",
        r"^  checkpoint: step 600, checkpoint-600, saved \d{4}-\d\d-\d\d \d\d:\d\d \(time of its file\)$",
    ):
        assert re.search(pattern, text, flags=re.MULTILINE), pattern


def test_a_checkpoint_half_way_shows_progress_in_percent() -> None:
    text = summary_of(SAMPLES / "huggingface" / "checkpoint-300")
    assert "  progress: step 300/600, 50.0%, epoch 1.50/3 (50.0%)\n" in text
    assert "  checkpoint: step 300, checkpoint-300, saved " in text


def test_what_is_not_finite_and_what_was_done_again_is_said() -> None:
    assert re.search(r"^  train/loss .*  339 points  12 NaN$", summary_of(SAMPLES / "diverged"), re.MULTILINE)
    assert "12 NaN 1 Inf" in summary_of(SAMPLES / "diverged")
    resumed = summary_of(SAMPLES / "resumed")
    assert "  attempt 1: steps 1 to 357\n  attempt 2: steps 301 to 541\n  attempt 3: " in resumed


def test_many_epochs_are_cut_short_and_series_without_a_role_are_counted() -> None:
    overfit = summary_of(SAMPLES / "overfit")
    assert "  epochs 1 to 109: left out here; --json has them\n  epoch 110: " in overfit
    assert len(re.findall(r"^  epoch \d+: ", overfit, flags=re.MULTILINE)) == 11
    assert "  and 24 other series: --json has them\n" in summary_of(SAMPLES / "healthy")


def test_all_runs_are_told_in_the_order_of_their_names_with_an_empty_line_between() -> None:
    blocks = summary_of(SAMPLES).split("\n\n")
    assert [block.split()[0] for block in blocks] == [
        "diverged",
        "healthy",
        "huggingface",
        "overfit",
        "resumed",
    ]


def test_latest_is_the_run_with_the_newest_line_whatever_the_age_of_its_file(tmp_path: Path) -> None:
    old = write_rows(tmp_path / "old.jsonl", training(1.6e9, 10))
    write_rows(tmp_path / "new.jsonl", training(1.7e9, 10))
    old.touch()
    assert summary_of(tmp_path, "--latest").startswith("new  [")
    (latest,) = json.loads(summary_of(tmp_path, "--latest", "--json"))["runs"]
    assert latest["run"] == "new"


def test_a_run_gets_the_name_that_it_is_given() -> None:
    assert only_run(f"mine={SAMPLES / 'overfit'}")["run"] == "mine"
    names = [state["run"] for state in json.loads(summary_of("--json", f"all={SAMPLES}"))["runs"]]
    assert names[0] == "all/diverged"


def test_a_total_that_no_file_tells_can_be_given(tmp_path: Path) -> None:
    rows = [{"step": step, "loss": 1.0} for step in range(1, 51)]
    path = write_rows(tmp_path / "metrics.jsonl", rows)
    assert only_run(path)["total_steps"] is None
    assert only_run("--total", "200", path)["fraction"] == pytest.approx(0.25)


def test_a_run_that_is_being_written_now_is_running_and_has_an_estimate(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "metrics.jsonl", training(time.time() - 100, 50))
    state = only_run(path)
    assert state["status"] == "running"
    assert state["eta_s"] == pytest.approx(1900, rel=0.05)
    text = run("eta", path).out
    assert re.match(r"metrics: running, step 50/1000, 5\.0%, 2 s/it, ETA 31m\d\ds \(.* to .*\), ends ", text)
    (estimate,) = run("eta", "--json", path).documents
    assert estimate["state"] == "known"
    assert estimate["finish_time"] == pytest.approx(time.time() + 1900, abs=100)


def test_a_run_that_fell_silent_long_ago_is_told_by_its_own_time(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "metrics.jsonl", training(1.7e9, 50))
    state = only_run(path)
    assert (state["status"], state["eta_s"]) == ("stopped", None)
    assert run("eta", path).out == "metrics: stopped, step 50/1000, 5.0%, 2 s/it\n"
    assert run("check", "--fail-on", "info", path).code == 0


def test_the_trace_of_estimates_is_told_line_by_line(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "metrics.jsonl", training(1.7e9, 50))
    lines = run("eta", "--trace", path).out.splitlines()
    documents = run("eta", "--trace", "--json", path).documents
    assert len(lines) == len(documents) == 50
    assert lines[0] == "metrics: step 1, ETA -"
    assert lines[-1] == "metrics: step 50, ETA 31m40s"
    assert documents[-1] == {
        "schema": 1,
        "run": "metrics",
        "time": 1.7e9 + 100,
        "step": 50,
        "eta": pytest.approx(1900),
    }


@pytest.mark.parametrize("arguments", [["watch", "--once"], ["watch"], []])
def test_watch_without_a_terminal_prints_the_summary(arguments: list[str]) -> None:
    outcome = run(*arguments, SAMPLES / "resumed")
    assert outcome.out == summary_of(SAMPLES / "resumed")
    assert ("no terminal" in outcome.err) == ("--once" not in arguments)
