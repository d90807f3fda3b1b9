from __future__ import annotations

import math
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.logged_lines import run_of
from tuimon.analysis.best import Best, best_value
from tuimon.analysis.epochs import EpochStatistics, epoch_statistics
from tuimon.core.batch import LifecycleRecord


def test_fractional_epochs_end_at_whole_numbers() -> None:
    lines = [
        {"step": step, "time": 1e9 + 2 * step, "loss": float(math.ceil(step / 100)), "epoch": step / 100}
        for step in range(10, 251, 10)
    ]
    lines[10:10] = [{"step": 100, "time": 1e9 + 201, "eval_loss": 9.0, "epoch": 1.0}]
    first, second, third = epoch_statistics(run_of(lines))
    assert first == EpochStatistics(1, 1.0, 9.0, 180.0, 0.5)
    assert second == EpochStatistics(2, 2.0, None, 200.0, 0.5)
    assert (third.epoch, third.loss, third.elapsed_s) == (3, 3.0, 100.0)


@pytest.mark.parametrize("first", [0, 1])
def test_a_counter_may_start_at_zero_or_one(first: int) -> None:
    lines = [
        {"step": step, "time": 1e9 + step, "loss": 2.0 - step // 10, "epoch": float(first + step // 10)}
        for step in range(20)
    ]
    assert [(each.epoch, each.loss) for each in epoch_statistics(run_of(lines))] == [(1, 2.0), (2, 1.0)]


def test_whole_epochs_that_are_over_are_no_counter() -> None:
    lines = [{"step": 0, "eval_loss": 4.0, "epoch": 0.0}]
    lines += [{"step": 401 * epoch, "loss": 4.0 - epoch, "epoch": float(epoch)} for epoch in (1, 2, 3)]
    assert [(each.epoch, each.loss) for each in epoch_statistics(run_of(lines))] == [
        (1, 3.0),
        (2, 2.0),
        (3, 1.0),
    ]


def test_what_was_done_again_counts_to_its_epoch_and_down_time_does_not() -> None:
    steps = [*range(10, 151, 10), *range(110, 201, 10)]
    lines = [
        {"step": step, "time": 1e9 + 10 * at + (3600 if at >= 15 else 0), "loss": 1.0, "epoch": step / 100}
        for at, step in enumerate(steps)
    ]
    first, second = epoch_statistics(run_of(lines))
    assert (first.elapsed_s, second.elapsed_s) == (90.0, 140.0)
    assert second.steps_per_s == pytest.approx(1.0)


@given(
    st.integers(0, 10_000),
    st.sampled_from(["position", "counter", "steps"]),
    st.floats(0.2, 40.0),
    st.integers(0, 90),
    st.sampled_from([0.8, 1.0]),
    st.sampled_from([0.8, 1.0]),
    st.sampled_from([1, 40]),
)
def test_looking_at_a_few_points_first_or_at_once_finds_the_same_epochs(
    seed: int, kind: str, epochs: float, resumed: int, timed: float, told: float, few: int
) -> None:
    rng = np.random.default_rng(seed)
    steps = [*range(1, 61), *range(61 - min(resumed, 60), 101)]
    lines: list[dict[str, float]] = []
    for at, step in enumerate(steps):
        line: dict[str, float] = {"step": step, "loss": float(rng.choice([1.0, 2.0, math.nan]))}
        if rng.random() < timed:
            line["time"] = 1e9 + at + float(rng.random())
        if kind != "steps":
            epoch = step * epochs / 100
            line["epoch"] = epoch if kind == "position" else math.floor(epoch)
            if rng.random() >= told:
                line["epoch"] = float(rng.choice([math.nan, -1.0]))
        lines.append(line)
        if rng.random() < 0.2:
            loss = float(rng.choice([3.0, math.inf]))
            lines.append({"step": step, "time": 1e9 + at + 0.999, "eval_loss": loss})
    run = run_of(lines, config={"steps_per_epoch": max(1, round(100 / epochs))} if kind == "steps" else {})
    wanted = epoch_statistics(run)
    with mock.patch.multiple("tuimon.analysis.epochs", _COARSE=7, _FEW=few):
        assert epoch_statistics(run) == wanted
    with mock.patch.multiple("tuimon.analysis.epochs", _COARSE=7, _FEW=few, _PIECE=5):
        assert epoch_statistics(run) == wanted


def test_non_finite_losses_are_left_out_of_the_mean() -> None:
    losses = [1.0, math.nan, 3.0, math.inf]
    lines = [{"step": at + 1, "loss": loss, "epoch": 0.25 * (at + 1)} for at, loss in enumerate(losses)]
    (epoch,) = epoch_statistics(run_of(lines))
    assert epoch == EpochStatistics(1, 2.0, None, None, None)
    (lost,) = epoch_statistics(run_of([{"step": 1, "loss": math.nan, "epoch": 0.5}]))
    assert lost.loss is None


def test_steps_per_epoch_tell_epochs_where_none_is_logged() -> None:
    lines = [{"step": step, "time": 1e9 + step, "loss": 1.0} for step in range(1, 251)]
    statistics = epoch_statistics(run_of(lines, config={"steps_per_epoch": 100}))
    assert [each.epoch for each in statistics] == [1, 2, 3]
    assert epoch_statistics(run_of(lines)) == ()
    assert epoch_statistics(run_of([])) == ()


def test_evaluations_without_times_are_placed_by_their_step() -> None:
    lines: list[dict[str, float]] = []
    for step in range(10, 201, 10):
        lines.append({"step": step, "loss": 1.0, "epoch": step / 100})
        if step % 50 == 0:
            lines.append({"step": step, "eval_loss": step / 100, "epoch": step / 100})
    assert [each.eval_loss for each in epoch_statistics(run_of(lines))] == [1.0, 2.0]


def test_the_best_evaluation_and_its_checkpoint() -> None:
    lines = [
        {"step": step, "loss": 0.1, "eval_loss": abs(step - 500) / 100 + 0.31} for step in (250, 500, 750)
    ]
    saved = [
        LifecycleRecord("checkpoint", 9, step, math.nan, f"Saving model checkpoint to out/checkpoint-{step}")
        for step in (500, 750)
    ]
    assert best_value(run_of(lines, events=saved)) == Best("eval_loss", "min", 0.31, 500, "checkpoint-500")


def test_the_checkpoint_of_the_config_has_to_be_of_the_best_step() -> None:
    lines = [{"step": 250, "eval_loss": 2.0}, {"step": 500, "eval_loss": 1.0}]
    for checkpoint, name in (("out/checkpoint-500", "checkpoint-500"), ("out/checkpoint-250", None)):
        best = best_value(run_of(lines, config={"best_model_checkpoint": checkpoint}))
        assert best is not None
        assert best.checkpoint == name


@pytest.mark.parametrize(
    ("line", "series", "direction"),
    [
        ({"loss": 1.0, "eval/accuracy": 0.5}, "eval/accuracy", "max"),
        ({"loss": 1.0, "eval/accuracy": 0.5, "eval/loss": 2.0}, "eval/loss", "min"),
        ({"loss": 1.0, "grad_norm": 0.5}, "loss", "min"),
        ({"loss": 1.0, "reward": 0.5}, "reward", "max"),
        ({"loss": 1.0, "eval_loss": math.nan}, "loss", "min"),
    ],
)
def test_evaluations_come_before_the_training_loss(
    line: dict[str, float], series: str, direction: str
) -> None:
    best = best_value(run_of([{"step": 1, **line}]))
    assert best is not None
    assert (best.series, best.direction) == (series, direction)


def test_the_trainers_own_metric_counts_most() -> None:
    lines = [
        {"step": 1, "eval_loss": 1.0, "eval_accuracy": 0.5},
        {"step": 2, "eval_loss": 0.9, "eval_accuracy": 0.4},
    ]
    best = best_value(run_of(lines, config={"metric_for_best_model": "accuracy"}))
    assert best == Best("eval_accuracy", "max", 0.5, 1, None)


def test_without_a_direction_nothing_is_best() -> None:
    assert best_value(run_of([{"step": 1, "grad_norm": 0.5, "d_loss": 1.0}])) is None
    assert best_value(run_of([])) is None
