from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.commands import only_run, run
from tests.sources.reading import Points, of_kind, points_by_tag, read_all
from tuimon.core.batch import ConfigRecord, Record
from tuimon.sources.base import Confidence, ReadBudget
from tuimon.sources.jsonl import JsonlSource
from tuimon.sources.jsonl_sniff import JsonlFactory
from tuimon.sources.row_dialects import RowDialects

Row = dict[str, Any]


def written(path: Path, rows: Iterable[Row]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def records_of(path: Path, rows: Iterable[Row], budget: int = 1 << 20) -> list[Record]:
    return read_all(JsonlSource((written(path, rows),)), ReadBudget(budget))


def series(path: Path, rows: Iterable[Row]) -> dict[str, Points]:
    return points_by_tag(records_of(path, rows))


# LLaMA-Factory


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0:00:24", 24),
        ("5:58:33", 21513),
        ("26:00:01", 93601),
        ("1 day, 0:00:01", 86401),
        ("9 days, 21:39:23", 855563),
    ],
)
def test_durations_of_llama_factory_are_seconds(tmp_path: Path, text: str, seconds: float) -> None:
    rows = [{"current_steps": 5, "total_steps": 10, "loss": 2.0, "elapsed_time": text}]
    assert series(tmp_path / "trainer_log.jsonl", rows)["elapsed_time"].values.tolist() == [seconds]


def test_what_is_no_duration_is_no_number(tmp_path: Path) -> None:
    rows = [
        {"current_steps": 5, "loss": 2.0, "elapsed_time": text}
        for text in ("soon", "1:2", "", None, [1], "-")
    ]
    assert series(tmp_path / "trainer_log.jsonl", rows).keys() == {"loss"}


# detectron2


def iterations(ends: int, times: list[float], lag: int = 0) -> list[Row]:
    """Return rows as detectron2 writes them: every 20 iterations, the last ones of it counted from 0."""
    return [
        {
            "iteration": 20 * n + 19,
            "total_loss": 2.0,
            "time": time,
            "eta_seconds": times[max(n - lag, 0)] * (ends - 20 * n - 19),
        }
        for n, time in enumerate(times)
    ]


def totals(records: Iterable[Record]) -> list[object]:
    return [record.values["eta_seconds.max_iter"] for record in of_kind(records, ConfigRecord)]


def test_the_total_of_detectron2_is_that_of_the_first_exact_row(tmp_path: Path) -> None:
    rows = iterations(3999, [2.235912, 2.289027, 2.28117, 2.3], lag=1)
    assert totals(records_of(tmp_path / "metrics.json", rows)) == [3999]


def test_the_total_of_a_resumed_run_is_an_estimate(tmp_path: Path) -> None:
    times = [1.5 + 0.01 * (n % 7) for n in range(41)]
    rows = iterations(3999, times, lag=3)[21:]
    (total,) = totals(records_of(tmp_path / "metrics.json", rows, budget=100))
    assert total == pytest.approx(3999, rel=0.02)


def test_the_end_of_detectron2_is_the_last_iteration(tmp_path: Path) -> None:
    rows = iterations(59, [1.0123, 1.2571, 1.1], lag=1)
    assert totals(records_of(tmp_path / "metrics.json", rows[1:])) == [59]


def test_progress_of_detectron2_is_known(tmp_path: Path) -> None:
    found = only_run(written(tmp_path / "metrics.json", iterations(199, [0.5] * 5)))
    assert (found["step"], found["total_steps"]) == (99, 199)
    assert found["fraction"] == pytest.approx(99 / 199)


# mmcv


def mmcv(epochs: range, every: int = 50, last: int = 200) -> list[Row]:
    rows: list[Row] = []
    for epoch in epochs:
        rows += [
            {"mode": "train", "epoch": epoch, "iter": at, "lr": 0.1, "loss": 3 / epoch, "time": 0.25}
            for at in range(every, last + 1, every)
        ]
        rows.append({"mode": "val", "epoch": epoch, "iter": 17, "lr": 0.1, "bbox_mAP": epoch / 10})
    return rows


def test_the_iterations_of_mmcv_that_restart_each_epoch_are_no_restart_of_the_run(tmp_path: Path) -> None:
    rows: list[Row] = [{"env_info": "python 3", "seed": 7}, {}, {"hook_msgs": {}}, *mmcv(range(1, 31))]
    path = written(tmp_path / "20260101_120000.log.json", rows)
    assert JsonlFactory().sniff(path, path.read_bytes()[:4096]).confidence is Confidence.CERTAIN
    found = only_run(path)
    assert (found["attempts"], found["step"], found["config"]["seed"]) == (1, 6000, 7)
    assert (found["series"]["loss"]["count"], found["series"]["loss"]["last_step"]) == (120, 6000)
    assert found["series"]["val/bbox_mAP"]["last_step"] == 6000
    assert "several writers" not in run("summary", path).out


def test_a_run_of_mmcv_that_goes_on_from_a_checkpoint_is_restarted(tmp_path: Path) -> None:
    path = written(tmp_path / "a.log.json", [*mmcv(range(1, 4)), *mmcv(range(3, 6))])
    found = only_run(path)
    assert (found["attempts"], found["step"]) == (2, 1000)


def test_iterations_of_mmcv_that_go_on_stay_as_they_are(tmp_path: Path) -> None:
    rows = [
        {"mode": "train", "epoch": 1 + at // 300, "iter": at, "loss": 1.0} for at in range(100, 1001, 100)
    ]
    found = series(tmp_path / "a.log.json", rows)
    assert found["loss"].steps.tolist() == list(range(100, 1001, 100))


# mmengine


def test_validation_of_mmengine_lies_at_the_iteration_before_it(tmp_path: Path) -> None:
    rows: list[Row] = []
    for epoch in (1, 2, 3):
        for at in (50, 100):
            step = 100 * (epoch - 1) + at
            rows.append(
                {"lr": 0.1, "loss": 1.0, "time": 0.5, "epoch": epoch, "iter": step, "memory": 9, "step": step}
            )
        rows.append({"coco/bbox_mAP": epoch / 10, "data_time": 0.1, "time": 0.2, "step": epoch})
    found = series(tmp_path / "vis_data" / "scalars.json", rows)
    assert found["loss"].steps.tolist() == [50, 100, 150, 200, 250, 300]
    assert found["coco/bbox_mAP"].steps.tolist() == [100, 200, 300]
    assert found["time"].values.tolist() == [0.5] * 6
    assert found["val/time"].values.tolist() == [0.2] * 3
    assert found.keys() >= {"val/data_time", "epoch"}
    assert "iter" not in found


def test_validation_by_iterations_stays_where_it_is(tmp_path: Path) -> None:
    rows: list[Row] = [{"loss": 1.0, "time": 1, "iter": at, "step": at} for at in range(500, 2001, 500)]
    rows.append({"mIoU": 0.5, "time": 2, "step": 2000})
    found = series(tmp_path / "vis_data" / "scalars.json", rows)
    assert found["mIoU"].steps.tolist() == [2000]


# DETR


def test_lists_of_coco_get_names(tmp_path: Path) -> None:
    rows = [
        {"epoch": epoch, "train_loss": 2.0, "test_coco_eval_bbox": [epoch / 10 + n for n in range(12)]}
        for epoch in range(2)
    ]
    found = series(tmp_path / "log.txt", rows)
    assert found["test_coco_eval_bbox/AP"].values.tolist() == [0, 0.1]
    assert found["test_coco_eval_bbox/ARl"].values.tolist() == [11, 11.1]
    assert len(found) == 2 + 12
    strange = series(tmp_path / "log2.txt", [{"epoch": 1, "test_coco_eval_bbox": [1, 2], "loss": 1}])
    assert strange.keys() == {"epoch", "loss"}


# All of them

VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 0, 1, 2, 50, 2.5, 1e308, 10**40, float("nan"), float("inf"), "x", [], {}]
)
NAMES = (
    *("mode", "epoch", "iter", "step", "iteration", "eta_seconds", "time", "elapsed_time", "env_info"),
    *("test_coco_eval_bbox", "config", "loss"),
)
ROWS = st.lists(
    st.dictionaries(st.sampled_from(NAMES), VALUES | st.sampled_from(["train", "val", "1:02:03"])), max_size=8
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, cut=st.integers(0, 8))
def test_no_row_raises_and_how_rows_are_split_changes_nothing(rows: list[Row], cut: int) -> None:
    whole, parts = RowDialects(), RowDialects()
    expected = list(whole.apply(rows))
    assert repr([*parts.apply(rows[:cut]), *parts.apply(rows[cut:])]) == repr(expected)


def test_rows_that_no_rule_is_about_are_handed_on() -> None:
    rows: list[Row] = [{"step": 1, "loss": 2.0, "time": 1.0}, {"epoch": 1, "eval": {"loss": 1}}]
    assert RowDialects().apply(rows) is rows
