from __future__ import annotations

import numpy as np
import pytest

from tests.analysis.findings.runs import RunLog, falling, level, only, rules
from tuimon.analysis.findings.catalog import FindingSettings
from tuimon.analysis.findings.finding import Severity
from tuimon.core.columns import Float64Array


def timed(intervals: Float64Array) -> RunLog:
    log = RunLog()
    for loss, interval in zip(falling(len(intervals)).tolist(), intervals.tolist(), strict=True):
        log.interval_s = interval
        log.train({"loss": loss})
    return log


def pace(points: int, *, noise: float = 0.05, seed: int = 0) -> Float64Array:
    return 4.0 * np.exp(noise * np.random.default_rng(seed).standard_normal(points))


def test_lines_that_take_longer_are_found() -> None:
    intervals = pace(200)
    intervals[100:] *= 2.0
    found = only(timed(intervals).findings(), "throughput_drop")
    assert found.series == "run"
    assert found.step is not None
    assert 1010 < found.step < 1250
    assert "(2.0x slower)" in found.message
    assert found.usual == pytest.approx(0.4, rel=0.1)
    assert found.open


def test_it_resolves_when_the_speed_is_back() -> None:
    intervals = pace(300)
    intervals[100:160] *= 2.0
    found = only(timed(intervals).findings(), "throughput_drop")
    assert found.resolved_step is not None
    assert 1600 < found.resolved_step < 1900


@pytest.mark.parametrize(
    ("tag", "values", "message"),
    [
        ("train/step_time", [0.5, 0.9], "step time 0."),
        ("train/tokens_per_sec", [9000.0, 5000.0], "throughput 4"),
    ],
)
def test_what_the_trainer_measures_comes_first(tag: str, values: list[float], message: str) -> None:
    log = RunLog()
    for at, noise in enumerate(pace(200) / 4.0):
        log.train({"loss": 2.0 + 1.0 / (at + 1), tag: values[at // 100] * float(noise)})
    found = only(log.findings(total_steps=2000), "throughput_drop")
    assert found.series == tag
    assert found.message.startswith(message)


@pytest.mark.parametrize(
    ("name", "intervals"),
    [
        ("slow decline", pace(400) * np.linspace(1.0, 1.16, 400)),
        ("a fifth slower", pace(400) * np.where(np.arange(400) < 200, 1.0, 1.2)),
        ("lengths that vary", pace(400, noise=0.4, seed=3)),
        ("lengths that vary wildly", pace(400, noise=0.9, seed=3)),
        ("checkpoints", pace(400) * np.where(np.arange(400) % 20 == 19, 10.0, 1.0)),
        ("a slow start", pace(400) * np.where(np.arange(400) < 3, 15.0, 1.0)),
    ],
)
def test_ordinary_unevenness_is_no_finding(name: str, intervals: Float64Array) -> None:
    assert timed(intervals).findings() == (), name


def test_evaluations_are_cut_out() -> None:
    log = timed(pace(100))
    for loss in level(100, 1.6).tolist():
        log.train({"loss": loss})
        log.evaluate({"eval_accuracy": 0.5}, seconds=8.0)
    assert log.findings(total_steps=2000) == ()


def test_steps_that_stall_now_and_then_are_found() -> None:
    intervals = pace(300)
    stalls = 100 + np.flatnonzero(np.random.default_rng(5).random(200) < 0.12)
    intervals[stalls] *= 6.0
    found = only(timed(intervals).findings(), "step_time_outlier")
    assert found.step == 10 * (int(stalls[3]) + 1)
    assert found.message == "4 of the last 64 steps took more than 3x the usual time (usual: 0.4s per step)"


def test_a_slowdown_is_no_series_of_outliers() -> None:
    intervals = pace(300)
    intervals[150:] *= 4.0
    assert rules(timed(intervals).findings()) == ["throughput_drop"]


def test_an_open_finding_that_explains_it_is_named() -> None:
    log = RunLog()
    for at, interval in enumerate(np.append(pace(100), 3.0 * pace(100)).tolist()):
        log.interval_s = interval
        log.train({"loss": 2.0 + 1.0 / (at + 1)})
        waiting = at >= 80
        log.sample({"gpu.0.util": 20.0 if waiting else 95.0, "cpu.util": 98.0}, at=log.time + 0.5)
    found = log.findings(total_steps=20_000)
    assert rules(found) == ["dataloader_bottleneck", "throughput_drop"]
    assert found[1].causes[0] == "the GPUs wait for examples (see dataloader_bottleneck)"


def test_a_restart_forgets_the_speed() -> None:
    log = timed(pace(100))
    log.step -= 50
    log.interval_s = 12.0
    for loss in falling(100).tolist():
        log.train({"loss": 1.5 + loss / 100})
    assert rules(log.findings()) == ["restart_detected"]


def test_a_small_run_that_slows_down_has_a_possible_drop() -> None:
    intervals = pace(38)
    intervals[20:] *= 4.0
    found = only(timed(intervals).findings(), "throughput_drop")
    assert found.severity is Severity.INFO
    assert found.message.startswith("possible throughput drop: ")


def test_without_times_nothing_is_said() -> None:
    intervals = pace(200)
    intervals[100:] *= 2.0
    assert timed(intervals).findings(timed=False) == ()


def test_a_rule_that_is_off_for_the_source_hears_nothing_of_it_and_the_others_do() -> None:
    values = pace(500) / 4.0
    values[250:] *= np.exp(np.random.default_rng(1).standard_normal(250) * 0.6 + 0.7)
    log = RunLog()
    for at, value in enumerate(values.tolist()):
        log.train({"loss": 2.0 + 1.0 / (at + 1), "train/step_time": value})
    heard = rules(log.findings())
    assert {"throughput_drop", "speed_unstable"} <= set(heard)
    off = FindingSettings(patterns=(("throughput_drop", "train/step_time", None),))
    assert rules(log.findings(settings=off)) == [rule for rule in heard if rule != "throughput_drop"]
