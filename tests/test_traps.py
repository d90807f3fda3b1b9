"""Fifteen oddities of files met in the wild, in the order in which they were collected.

Those of event files and of W&B are tested where their formats are; here are those of lines and tables.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.bad_files import LFS_POINTER, make_old
from tests.commands import only_run, run, summarised

Row = dict[str, Any]


def put(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def lines(rows: Iterable[Row]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def steps(*parts: range) -> list[Row]:
    return [{"step": step, "loss": 1 / (step + 1)} for part in parts for step in part]


def state(steps_: Iterable[int], max_steps: int, loss: float) -> str:
    history = [{"step": step, "loss": loss, "epoch": step / max_steps} for step in steps_]
    return json.dumps({"global_step": history[-1]["step"], "max_steps": max_steps, "log_history": history})


def test_02_a_run_killed_at_once_leaves_an_empty_table(tmp_path: Path) -> None:
    make_old(put(tmp_path / "killed" / "progress.csv", b""))
    found = only_run(tmp_path)
    assert (found["run"], found["series"], found["status"]) == ("killed", {}, "unknown")


@pytest.mark.parametrize("name", ["metrics.csv", "progress.csv", "0.monitor.csv", "metrics.jsonl"])
def test_03_a_git_lfs_pointer_is_said_to_be_one(name: str, tmp_path: Path) -> None:
    put(tmp_path / name, LFS_POINTER)
    assert "Git LFS pointer: run git lfs pull" in run("summary", tmp_path).err


@pytest.mark.parametrize("name", ["._metrics.csv", "metrics.csv:Zone.Identifier", ".metrics.jsonl"])
def test_04_companions_of_other_systems_are_ignored(name: str, tmp_path: Path) -> None:
    put(tmp_path / "metrics.csv", "step,loss\n1,0.5\n")
    put(tmp_path / name, "step,loss\n1,0.5\n")
    assert only_run(tmp_path)["series"]["loss"]["count"] == 1


@pytest.mark.parametrize("spelled", ["NaN", '"NaN"', '"nan"', "null", "Infinity", '"-inf"', "1e400"])
def test_05_what_is_no_finite_number_is_counted(spelled: str, tmp_path: Path) -> None:
    text = '{"iteration": 1, "loss": 2}\n{"iteration": 2, "loss": ' + spelled + "}\n"
    path = put(tmp_path / "metrics.json", text)
    found = only_run(path)["series"]["loss"]
    assert (found["count"], found["nan"] + found["inf"], found["max"]) == (2, 1, 2)


def test_06_steps_that_repeat_keep_all_points(tmp_path: Path) -> None:
    rows = [{"step": place // 100, "loss": float(place)} for place in range(500)]
    found = only_run(put(tmp_path / "metrics.jsonl", lines(rows)))
    assert (found["series"]["loss"]["count"], found["attempts"]) == (500, 1)


def test_07_checkpoints_of_five_runs_in_one_folder_are_five_runs(tmp_path: Path) -> None:
    for number, max_steps in enumerate((60, 300, 1200, 2400, 6100)):
        done = range(10, max_steps // 2, 10)
        text = state(done, max_steps, loss=number + 1.0)
        put(tmp_path / "results" / f"checkpoint-{done[-1]}" / "trainer_state.json", text)
    found = summarised(tmp_path)["runs"]
    assert sorted(each["total_steps"] for each in found) == [60, 300, 1200, 2400, 6100]


def test_08_steps_that_fall_by_several_writers_are_no_restarts(tmp_path: Path) -> None:
    generator = random.Random(3)  # noqa: S311  # an order, not secrets
    rows = [{"current_steps": step, "total_steps": 500, "loss": 1.0} for step in range(500) for _ in (0, 1)]
    mixed = sorted(rows, key=lambda row: row["current_steps"] + generator.random() * 12)
    falls = sum(b["current_steps"] < a["current_steps"] for a, b in pairwise(mixed))
    assert falls > 400
    found = only_run(put(tmp_path / "trainer_log.jsonl", lines(mixed)))
    assert (found["series"]["loss"]["count"], found["attempts"]) == (1000, 1)


def test_12_iterations_that_restart_each_epoch_are_no_restart(tmp_path: Path) -> None:
    rows: list[Row] = [{}, {"hook_msgs": {}}]
    for epoch in range(1, 26):
        rows += [{"mode": "train", "epoch": epoch, "iter": at, "loss": 1.0} for at in (50, 100)]
        rows.append({"mode": "val", "epoch": epoch, "iter": 7, "bbox_mAP": 0.5})
    found = only_run(put(tmp_path / "None.log.json", lines(rows)))
    assert (found["attempts"], found["step"]) == (1, 2500)


def test_14_padding_marks_line_ends_holes_and_odd_paths(tmp_path: Path) -> None:
    folder = tmp_path / "my runs (old) 🔥"
    rows = b"".join(b"%20d, %18.5f\r\n" % (step, step / 4) for step in range(40))
    text = b"\xef\xbb\xbf               epoch,     train/box_loss\r\n" + rows[:600] + bytes(64) + rows[600:]
    found = only_run(put(folder / "results.csv", text).parent)
    assert found["series"]["train/box_loss"]["count"] >= 39
    assert found["series"]["train/box_loss"]["last"] == 9.75


def test_14_a_header_with_a_new_column_is_no_restart(tmp_path: Path) -> None:
    path = put(tmp_path / "metrics.csv", "step,loss\n1,3\n2,2\n")
    before = only_run(path)
    put(path, "a_new,step,loss\n,1,3\n,2,2\n5,3,1\n")
    found = only_run(path)
    assert before["series"]["loss"]["count"] == 2
    assert (found["series"]["loss"]["count"], found["series"]["a_new"]["first_step"]) == (3, 3)


def test_15_a_trainer_state_by_another_name_that_is_half_written(tmp_path: Path) -> None:
    whole = state(range(10, 101, 10), 200, loss=1.0)
    path = put(tmp_path / "log_of_today.json", whole)
    assert only_run(path)["total_steps"] == 200
    put(path, whole[: len(whole) // 2])
    assert "half-written" in run("summary", path).out + run("summary", path).err
