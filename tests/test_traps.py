"""Fifteen oddities of files met in the wild, in the order in which they were collected."""

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
from tests.sources import event_writer, wandb_writer

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


def events(path: Path, *records: bytes) -> Path:
    return put(path, b"".join([event_writer.version(), *records]))


def losses(steps_: Iterable[int], start: float) -> list[bytes]:
    """Return records of a loss, one a second from a moment on."""
    return [
        event_writer.scalar("train/loss", step, 1 / (step + 1), start + at) for at, step in enumerate(steps_)
    ]


def test_01_ten_event_files_of_restarts_of_which_three_are_cut(tmp_path: Path) -> None:
    for number in range(10):
        begin = 30 * number
        records = losses(range(begin, begin + 50), 1.7e9 + 1000 * number)
        name = f"events.out.tfevents.{1_700_000_000 + 1000 * number}.host.7.0"
        path = events(tmp_path / "run" / name, *records)
        if number in (2, 5, 9):
            make_old(put(path, path.read_bytes()[:-7]))
    found = only_run(tmp_path)
    assert (found["run"], found["attempts"], found["step"]) == ("run", 10, 318)
    assert found["series"]["train/loss"]["count"] == 497
    assert len(found["problems"]) == 3


@pytest.mark.parametrize("head", [event_writer.version()[:40], b""])
def test_02_a_run_killed_at_once_leaves_event_files_without_events(head: bytes, tmp_path: Path) -> None:
    make_old(put(tmp_path / "killed" / "events.out.tfevents.1700000000.host.1.0", head))
    found = only_run(tmp_path)
    assert (found["run"], found["series"]) == ("killed", {})


def test_02_a_run_killed_at_once_leaves_a_header_of_seven_bytes(tmp_path: Path) -> None:
    make_old(put(tmp_path / "run-20240101_000000-abc" / "run-abc.wandb", wandb_writer.HEADER))
    assert only_run(tmp_path)["series"] == {}


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


def test_09_unrelated_event_files_in_one_folder_are_one_run_or_as_many_as_are_named(tmp_path: Path) -> None:
    # A folder is one run, as in TensorBoard; files that are named one by one are runs of their own.
    paths = []
    for number in range(7):
        start = 1_700_000_000 + 100_000 * number
        name = f"events.out.tfevents.{start}.host.{number}.0"
        paths.append(events(tmp_path / "logs" / name, *losses(range(1, 40 + number), start)))
    whole = only_run(tmp_path)
    assert (whole["run"], whole["attempts"]) == ("logs", 7)
    assert whole["series"]["train/loss"]["count"] == sum(range(39, 46))
    apart = summarised(*paths)["runs"]
    assert sorted(each["series"]["train/loss"]["count"] for each in apart) == list(range(39, 46))
    assert {each["attempts"] for each in apart} == {1}


def test_10_lightning_logs_one_odd_point_and_other_scales_of_steps(tmp_path: Path) -> None:
    train = [event_writer.scalar("hp_metric", 0, -1.0, 1.7e9)]
    for step in range(49, 1000, 50):
        train.append(event_writer.scalar("train_loss_step", step, 1 / step, 1.7e9 + step))
        train.append(event_writer.scalar("epoch", step, step // 250, 1.7e9 + step))
        if step % 250 == 249:
            epoch = step // 250
            train.append(event_writer.scalar("train_loss_epoch", step, 0.5, 1.7e9 + step))
            train.append(event_writer.scalar("val_loss", epoch, 0.25, 1.7e9 + step))
    folder = tmp_path / "lightning_logs" / "version_0"
    events(folder / "events.out.tfevents.1700000000.host.7.0", *train)
    test = event_writer.scalar("test_acc", 1000, 0.75, 1.7e9 + 1010)
    events(folder / "events.out.tfevents.1700001010.host.7.1", test)
    found = only_run(tmp_path)
    assert (found["attempts"], found["step"]) == (1, 999)
    assert found["series"]["hp_metric"]["role"] == "summary"
    assert {tag: series["count"] for tag, series in found["series"].items()} == {
        "hp_metric": 1, "train_loss_step": 20, "epoch": 20, "train_loss_epoch": 4, "val_loss": 4,
        "test_acc": 1,
    }  # fmt: skip


def wandb_run(rows: int) -> bytes:
    """Return a file of many keys and five GPUs, whose steps have gaps."""
    records = [wandb_writer.run(start=1_700_000_000)]
    for row in range(rows):
        values: dict[str | tuple[str, ...], str] = {
            f"layer.{key}/norm": str(row + key / 4) for key in range(550)
        }
        values |= {"_step": str(3 * row), "_timestamp": str(1_700_000_000 + row)}
        values["train/loss"] = str(1 / (row + 1))
        records.append(wandb_writer.history(values, step=3 * row))
        sample = {f"gpu.{gpu}.temp": str(40 + gpu) for gpu in range(5)}
        records.append(wandb_writer.stats(sample, 1_700_000_000 + row))
    return wandb_writer.file_of(records)


def test_11_a_wandb_file_that_was_never_closed_and_has_damaged_blocks(tmp_path: Path) -> None:
    content = bytearray(wandb_run(60)[: 20 * wandb_writer.BLOCK_BYTES])
    whole = put(tmp_path / "whole" / "run-abc.wandb", bytes(content))
    content[7 * wandb_writer.BLOCK_BYTES + 5000] ^= 1
    damaged = put(tmp_path / "damaged" / "run-abc.wandb", bytes(content))
    found, less = only_run(make_old(whole)), only_run(make_old(damaged))
    assert found["series"]["layer.549/norm"]["count"] == found["series"]["train/loss"]["count"] > 25
    assert found["step"] == 3 * (found["series"]["train/loss"]["count"] - 1)
    assert [found["series"][f"gpu.{gpu}.temp"]["last"] for gpu in range(5)] == [40, 41, 42, 43, 44]
    lost = found["series"]["train/loss"]["count"] - less["series"]["train/loss"]["count"]
    assert 1 <= lost <= 2
    assert any(problem["offset"] // wandb_writer.BLOCK_BYTES == 7 for problem in less["problems"])
    assert found["status"] == "stopped"


def test_12_iterations_that_restart_each_epoch_are_no_restart(tmp_path: Path) -> None:
    rows: list[Row] = [{}, {"hook_msgs": {}}]
    for epoch in range(1, 26):
        rows += [{"mode": "train", "epoch": epoch, "iter": at, "loss": 1.0} for at in (50, 100)]
        rows.append({"mode": "val", "epoch": epoch, "iter": 7, "bbox_mAP": 0.5})
    found = only_run(put(tmp_path / "None.log.json", lines(rows)))
    assert (found["attempts"], found["step"]) == (1, 2500)


CODE = """\
# step: 5 and loss: 3 stand in the source too
class Block:
    def forward(self, x, step=10, lr=0.001):
        loss = 0.5 * x  # lr: 0.5
        print(f"step {step} loss {loss}")
"""
TABLE = """\
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 550.54.15              Driver Version: 550.54.15      CUDA Version: 12.4     |
|   0  NVIDIA H100 80GB HBM3          On  |   00000000:19:00.0 Off |                    0 |
| N/A   38C    P0             75W /  700W |    1234MiB /  81559MiB |      0%      Default |
+-----------------------------------------------------------------------------------------+
"""


def test_13_a_log_that_begins_with_its_source_code_and_a_table_of_gpus(tmp_path: Path) -> None:
    printed = "".join(
        f"step:{step}/400 train_loss:{4 - step / 200:.4f} train_time:{step * 100}ms step_avg:100.00ms\n"
        for step in range(1, 401)
    )
    name = "2f1e8f7a-5b0c-4a51-9c1e-0123456789ab.txt"
    found = only_run(put(tmp_path / name, CODE * 250 + TABLE + printed))
    assert (found["series"]["train_loss"]["count"], found["total_steps"]) == (400, 400)
    assert found["series"]["train_loss"]["max"] == 3.995
    assert found["attempts"] == 1
    assert not [tag for tag in found["series"] if tag in ("loss", "lr")]


def test_14_lines_without_a_loss_ranks_on_one_line_and_bars_that_draw_over_themselves(tmp_path: Path) -> None:
    lines_ = ["\ufefftraining begins 🚀\r\n"]
    for step in range(10, 410, 10):
        loss = "" if step == 10 else f" lm loss: {5 - step / 100:.6E} |"
        row = f" iteration {step:8}/     400 | learning rate: 1.000E-04 |{loss} grad norm: 1.5 |"
        bar = f"\r 10%|#         | {step}/400 [00:01<00:10, 2.0it/s]" * 3
        lines_.append(f"{bar}\r[default7]:{row}[default3]: rank 3 is here\r\n")
    found = only_run(put(tmp_path / "train (1).log", "".join(lines_)))
    assert found["series"]["lm loss"]["count"] == 39
    assert (found["series"]["learning rate"]["count"], found["total_steps"]) == (40, 400)


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
