from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.sources import truth
from tests.sources.reading import of_kind, points_by_tag, read_all
from tuimon.core.batch import ConfigRecord, LifecycleRecord
from tuimon.sources.base import UNBOUNDED, Confidence, ReadBudget
from tuimon.sources.state_file import training_mark
from tuimon.sources.trainer_state import TrainerStateFactory, TrainerStateSource

Row = dict[str, Any]


def row(step: int, loss: float = 1.0) -> Row:
    return {"epoch": step / 100, "grad_norm": 0.5, "learning_rate": 1e-4, "loss": loss, "step": step}


def write(path: Path, rows: list[Row], mtime: float = 1000.0, **facts: object) -> Path:
    """Write a state file as the trainer does; in a folder `checkpoint-N` its step is N."""
    state = {
        "best_metric": None,
        "global_step": rows[-1]["step"] if rows else 0,
        "log_history": rows,
        "logging_steps": 10,
        "max_steps": 600,
        "num_train_epochs": 3,
    } | facts
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(state, indent=2, sort_keys=True))
    os.utime(path, (mtime, mtime))
    return path


def test_rows_become_columns_by_their_names(tmp_path: Path) -> None:
    rows = [row(10), row(20), {"epoch": 0.2, "eval_loss": 2.0, "step": 20}, row(30)]
    source = TrainerStateSource((write(tmp_path / "trainer_state.json", rows),))
    found = points_by_tag(read_all(source))
    assert set(found) == {"epoch", "grad_norm", "learning_rate", "loss", "eval_loss"}
    assert found["loss"].steps.tolist() == [10, 20, 30]
    assert found["loss"].order.tolist() == [0, 1, 3]
    assert (found["eval_loss"].steps.tolist(), found["eval_loss"].order.tolist()) == ([20], [2])
    assert np.isnan(found["loss"].wall_times).all()


def test_bare_nan_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "trainer_state.json", [row(10), row(20, float("nan")), row(30, float("inf"))])
    source = TrainerStateSource((path,))
    np.testing.assert_array_equal(points_by_tag(read_all(source))["loss"].values, [1.0, np.nan, np.inf])
    write(path, [row(10), row(20, float("nan")), row(30, float("inf")), row(40)], mtime=2000)
    assert points_by_tag(read_all(source))["loss"].steps.tolist() == [40]


def test_facts_of_the_training_are_told_when_they_change(tmp_path: Path) -> None:
    path = write(tmp_path / "trainer_state.json", [row(10)], train_batch_size=16)
    source = TrainerStateSource((path,))
    (first,) = of_kind(read_all(source), ConfigRecord)
    assert dict(first.values) == {
        "max_steps": 600,
        "num_train_epochs": 3,
        "logging_steps": 10,
        "train_batch_size": 16,
        "hf.global_step": 10,
    }
    write(path, [row(10), row(20)], mtime=2000, train_batch_size=16, best_metric=0.5)
    (second,) = of_kind(read_all(source), ConfigRecord)
    assert dict(second.values) == {"hf.global_step": 20, "best_metric": 0.5}
    assert read_all(source) == []


def test_checkpoints_are_beginnings_of_one_log(tmp_path: Path) -> None:
    rows = [row(step) for step in range(10, 410, 10)]
    paths = [
        write(tmp_path / f"checkpoint-{n}" / "trainer_state.json", rows[: n // 10], n) for n in (100, 200)
    ]
    paths.append(write(tmp_path / "trainer_state.json", rows, 500))
    for order in (paths, paths[::-1]):
        records = read_all(TrainerStateSource(tuple(order)))
        assert points_by_tag(records)["loss"].steps.tolist() == [line["step"] for line in rows]
        checkpoints = of_kind(records, LifecycleRecord)
        assert [(record.kind, record.text, record.step) for record in checkpoints] == [
            ("checkpoint", "checkpoint-100", 100),
            ("checkpoint", "checkpoint-200", 200),
        ]
        assert [(record.order, record.wall_time) for record in checkpoints] == [(10, 100.0), (20, 200.0)]


def test_copied_checkpoints_whose_times_mean_nothing_give_the_same_log(tmp_path: Path) -> None:
    rows = [row(step) for step in range(10, 210, 10)]
    late = write(tmp_path / "checkpoint-100" / "trainer_state.json", rows[:10], mtime=2000)
    early = write(tmp_path / "checkpoint-200" / "trainer_state.json", rows, mtime=1000)
    records = read_all(TrainerStateSource((late, early)))
    assert points_by_tag(records)["loss"].steps.tolist() == [line["step"] for line in rows]
    (facts,) = of_kind(records, ConfigRecord)
    assert facts.values["hf.global_step"] == 200
    events = [(record.order, record.text) for record in of_kind(records, LifecycleRecord)]
    assert events == [(20, "checkpoint-200"), (10, "checkpoint-100")]


def test_a_new_checkpoint_brings_only_its_new_rows(tmp_path: Path) -> None:
    rows = [row(step) for step in range(10, 410, 10)]
    first = write(tmp_path / "checkpoint-100" / "trainer_state.json", rows[:10], 100)
    source = TrainerStateSource((first,))
    read_all(source)
    second = write(tmp_path / "checkpoint-200" / "trainer_state.json", rows[:20], 200)
    source.add_paths((first, second))
    found = points_by_tag(read_all(source))["loss"]
    assert found.steps.tolist() == list(range(110, 210, 10))
    assert found.order.tolist() == list(range(10, 20))
    assert source.total_bytes == first.stat().st_size + second.stat().st_size


def test_a_resume_lets_the_step_fall(tmp_path: Path) -> None:
    rows = [row(step) for step in range(10, 110, 10)]
    resumed = [*rows[:5], row(60, 7.0), row(70, 7.0)]
    old = write(tmp_path / "checkpoint-100" / "trainer_state.json", rows, 100)
    new = write(tmp_path / "checkpoint-70" / "trainer_state.json", resumed, 200)
    found = points_by_tag(read_all(TrainerStateSource((new, old))))["loss"]
    assert found.steps.tolist() == [*range(10, 110, 10), 60, 70]
    assert found.values.tolist()[-2:] == [7.0, 7.0]


def test_the_last_row_of_a_finished_training_ends_the_run(tmp_path: Path) -> None:
    end = {"epoch": 0.2, "step": 20, "train_loss": 1.5, "train_runtime": 61.5}
    source = TrainerStateSource((write(tmp_path / "trainer_state.json", [row(10), row(20), end], 700.0),))
    (finished,) = of_kind(read_all(source), LifecycleRecord)
    assert finished == LifecycleRecord("finished", 3, 20, 700.0, "training took 1m02s")


def test_a_half_written_file_leaves_what_was_read_and_is_tried_again(tmp_path: Path) -> None:
    path = write(tmp_path / "trainer_state.json", [row(10)])
    source = TrainerStateSource((path,))
    read_all(source)
    whole = write(tmp_path / "next" / "trainer_state.json", [row(10), row(20)]).read_text()
    path.write_text(whole[: len(whole) // 2])
    result = source.read(UNBOUNDED)
    assert (result.records, result.problems) == ((), ())  # it is being written: nothing to say
    assert len(source.read(UNBOUNDED).problems) == 1  # it stays so
    assert source.read(UNBOUNDED).problems == ()
    path.write_text(whole)
    assert points_by_tag(read_all(source))["loss"].steps.tolist() == [20]


@pytest.mark.parametrize("junk", ["", "\u2026", '"'])
def test_of_a_file_that_was_never_whole_the_rows_before_the_cut_are_read(tmp_path: Path, junk: str) -> None:
    rows = [{**row(step), "note": f"Größe {step}"} for step in (10, 20, 30)]
    path = write(tmp_path / "trainer_state.json", rows)
    whole = path.read_text()
    cut = whole.index('"step": 30')
    path.write_text(whole[:cut] + junk)
    source = TrainerStateSource((path,))
    first = source.read(UNBOUNDED)
    assert points_by_tag(first.records)["loss"].steps.tolist() == [10, 20]
    (problem,) = first.problems
    assert "its rows up to there were read" in problem.message
    assert problem.offset is not None
    assert path.read_bytes()[: problem.offset].endswith(b"}")
    assert source.read(UNBOUNDED).problems == ()
    path.write_text(whole)
    assert points_by_tag(source.read(UNBOUNDED).records)["loss"].steps.tolist() == [30]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{"log_history": [', "half-written or damaged"),
        (b"[]", "half-written or damaged"),
        (b'{"log_history": 3}', "half-written or damaged"),
        (b"\x00\xff" * 50, "half-written or damaged"),
        (b"version https://git-lfs.github.com/spec/v1\n", "run git lfs pull"),
        (b"[" * 100_000, "half-written or damaged"),
    ],
)
def test_damage_is_told_once(tmp_path: Path, text: bytes, said: str) -> None:
    path = tmp_path / "trainer_state.json"
    path.write_bytes(text)
    source = TrainerStateSource((path,))
    (problem,) = source.read(UNBOUNDED).problems
    assert said in problem.message
    assert source.read(UNBOUNDED).problems == ()


def test_odd_rows_are_survived(tmp_path: Path) -> None:
    deep: dict[str, object] = {}
    for _ in range(900):
        deep = {"a": deep}
    rows: list[Any] = [
        row(10),
        None,
        "x",
        {"step": None, "loss": "nan"},
        {"loss": {"a": 1}},
        deep,
        {},
        {"step": "30", "loss": 2},
    ]
    path = write(
        tmp_path / "trainer_state.json", [row(10)], log_history=rows, global_step="many", max_steps=1e400
    )
    found = points_by_tag(read_all(TrainerStateSource((path,))))
    np.testing.assert_array_equal(found["loss"].values, [1.0, np.nan, 2.0])
    assert found["loss"].steps.tolist() == [10, 10, 30]
    assert found["loss/a"].values.tolist() == [1]


def test_a_checkpoint_that_was_removed_is_no_problem_but_a_missing_file_is(tmp_path: Path) -> None:
    checkpoint = write(tmp_path / "checkpoint-10" / "trainer_state.json", [row(10)])
    root = write(tmp_path / "trainer_state.json", [row(10)])
    source = TrainerStateSource((checkpoint, root))
    read_all(source)
    checkpoint.unlink()
    assert source.read(UNBOUNDED).problems == ()
    root.unlink()
    assert [problem.message for problem in source.read(UNBOUNDED).problems] == [
        "is gone; what was read is kept"
    ]
    assert source.read(UNBOUNDED).problems == ()


def test_a_budget_spreads_files_over_calls(tmp_path: Path) -> None:
    rows = [row(step) for step in range(10, 310, 10)]
    paths = [
        write(tmp_path / f"checkpoint-{n}" / "trainer_state.json", rows[: n // 10], n)
        for n in (100, 200, 300)
    ]
    source = TrainerStateSource(tuple(paths))
    assert source.read(ReadBudget(1)).more
    assert len(points_by_tag(read_all(source, ReadBudget(1)))["loss"].values) == 20


def test_files_are_known_by_name_and_by_content() -> None:
    sniff = TrainerStateFactory().sniff
    state = b'{\n  "global_step": 3,\n  "log_history": [\n'
    assert sniff(Path("trainer_state.json"), state).confidence is Confidence.CERTAIN
    assert sniff(Path("renamed.json"), state).confidence is Confidence.CERTAIN
    assert sniff(Path("trainer_state.json"), b"").confidence is Confidence.LIKELY
    assert sniff(Path("trainer_state.json"), b'{"best_metric"').confidence is Confidence.LIKELY
    assert sniff(Path("trainer_state.json"), b"<html>").confidence is Confidence.NO
    assert sniff(Path("config.json"), b'{"global_step": 3}').confidence is Confidence.NO


def test_the_mark_of_a_training_is_the_same_in_all_its_checkpoints(tmp_path: Path) -> None:
    def mark(path: Path) -> tuple[int | None, bytes]:
        return training_mark(path, path.stat().st_size, path.stat().st_mtime)

    rows = [row(step) for step in range(10, 9010, 10)]
    short = write(tmp_path / "checkpoint-100" / "trainer_state.json", rows[:10])
    long = write(tmp_path / "checkpoint-9000" / "trainer_state.json", rows)
    other = write(tmp_path / "other" / "trainer_state.json", [row(10, loss=2.0)])
    assert mark(short) == mark(long)
    assert mark(short)[0] == 600
    assert mark(short) != mark(other)
    assert mark(write(tmp_path / "none" / "trainer_state.json", [])) == (600, b"")


@pytest.mark.shared
def test_real_files_agree_with_the_reference_reader(capsys: pytest.CaptureFixture[str]) -> None:
    compared, wrong = 0, []
    files = truth.entries("hf_trainer_state")
    for path, entry in files.items():
        count, faults = truth.disagreements(path, entry, TrainerStateSource((path,)))
        compared += count
        wrong += faults
    with capsys.disabled():
        print(f"\nTrainer states: {compared - len(wrong)} of {compared} columns in {len(files)} files agree")  # noqa: T201 the count is the result
    assert not wrong
    assert compared > 50
