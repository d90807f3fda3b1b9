from __future__ import annotations

import json
import math
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from tests.analysis.logged_lines import Line, run_of
from tests.analysis.measuring import measure_progress
from tuimon.analysis.eta import Gauge, trace_eta
from tuimon.analysis.pace import measure_pace
from tuimon.analysis.progress import EtaState, Progress, SteadyEta
from tuimon.analysis.status import Status
from tuimon.analysis.totals import Totals, find_totals
from tuimon.core.batch import LifecycleRecord, ScalarBatch
from tuimon.store.run import HARDWARE_STREAM, RunView
from tuimon.store.run_store import RunStore

START = 1_700_000_000.0
BENCH = Path(__file__).parents[3] / "shared" / "bench" / "eta"


class Training:
    """A training that logs a line every `every` steps, and whatever else happens."""

    def __init__(self, every: int = 10, seconds_per_step: float = 2.0) -> None:
        self.lines: list[dict[str, float]] = []
        self.every, self.seconds_per_step = every, seconds_per_step
        self.now, self.step = START, 0

    def train(self, lines: int, **more: float) -> Training:
        for _ in range(lines):
            self.now += self.every * self.seconds_per_step
            self.step += self.every
            self.lines.append({"step": self.step, "time": self.now, "loss": 2.0, **more})
        return self

    def pause(self, seconds: float) -> Training:
        self.now += seconds
        return self

    def evaluate(self, seconds: float) -> Training:
        self.pause(seconds).lines.append({"step": self.step, "time": self.now, "eval_loss": 2.0})
        return self

    def progress(
        self, total: int | None = 1000, after_s: float = 0.0, status: Status | None = None
    ) -> Progress:
        run = run_of(self.lines)
        return measure_progress(run, self.now + after_s, find_totals(run, total), status)


@pytest.mark.parametrize("slow", [3, 14])
def test_a_slow_start_is_not_expected_again(slow: int) -> None:
    training = Training(seconds_per_step=10.0).train(slow)
    training.seconds_per_step = 2.0
    for lines in (12, 40, 200):
        eta_s = training.train(lines).progress(total=10_000).eta_s
        assert eta_s == pytest.approx((10_000 - training.step) * 2.0, rel=0.01)


def test_pauses_that_come_again_are_expected_again() -> None:
    training = Training()
    for _ in range(20):
        training.train(9).pause(20.0)
    left = (3600 - training.step) * 2.0
    assert training.progress(total=3600).eta_s == pytest.approx(left + 20 * 20.0, rel=0.1)


def test_a_slow_start_as_long_as_what_followed_is_over_when_it_is_over() -> None:
    rng, training = np.random.default_rng(3), Training()
    for line in range(29 + 27):
        training.seconds_per_step = (10.0 if line < 29 else 2.0) * float(rng.normal(1.0, 0.02))
        training.train(1)
    assert training.progress(total=10_000).eta_s == pytest.approx((10_000 - training.step) * 2.0, rel=0.02)


def with_pauses(lines: int, before: list[int], seconds: float = 100.0) -> Training:
    """A training of lines, some of which come after a pause."""
    training = Training()
    for line in range(lines):
        training.pause(seconds if line in before else 0.0).train(1)
    return training


@pytest.mark.parametrize("lines", [72, 88, 91, 119])
def test_regular_pauses_are_counted_to_the_last_one(lines: int) -> None:
    training = with_pauses(lines, before=list(range(30, lines, 30)))
    # 200 lines: pauses after 30, 60, ... 180; none follows the last line of 210 at which one is due
    for total, pauses in ((2000, 6), (2100, 6), (2101, 7)):
        left = pauses - (lines - 1) // 30
        expected = (total - training.step) * 2.0 + left * 100.0
        assert training.progress(total=total).eta_s == pytest.approx(expected)


def test_a_checkpoint_every_five_hundred_lines_is_seen_to_be_regular() -> None:
    training = with_pauses(1700, before=[500, 1000, 1500])
    assert training.progress(total=20_200).eta_s == pytest.approx(320 * 20.0 + 100.0)


def test_regular_pauses_are_counted_again_where_a_run_goes_back() -> None:
    training = with_pauses(95, before=[30, 60, 90])
    training.step -= 150
    training.train(5)
    # From line 85, with those after 90 and 120 still to come
    assert training.progress(total=1400).eta_s == pytest.approx(55 * 20.0 + 2 * 100.0)


def test_a_first_pause_is_expected_at_the_same_distance_until_that_has_passed() -> None:
    assert with_pauses(50, before=[40]).progress(total=1500).eta_s == pytest.approx(100 * 20.0 + 2 * 100.0)
    passed = with_pauses(100, before=[40]).progress(total=1600).eta_s
    assert passed is not None
    assert 60 * 20.0 <= passed < 60 * 20.0 + 50.0


def test_one_early_pause_is_not_expected_every_few_lines() -> None:
    eta_s = with_pauses(12, before=[6]).progress(total=10_000).eta_s
    assert eta_s is not None
    # One in six, as seen, would make it 988 / 6 pauses; as rare as pauses are, less than a quarter of that
    assert 988 * 20.0 < eta_s < 988 * 20.0 + 988 / 24 * 100.0


def test_a_rare_pause_is_not_expected_within_few_steps() -> None:
    training = with_pauses(200, before=[17, 61, 75, 149, 170])
    for lines_left in (1, 5, 10):
        assert training.progress(total=training.step + 10 * lines_left).eta_s == pytest.approx(
            lines_left * 20
        )


def test_regular_pauses_go_on_at_another_speed() -> None:
    training = Training()
    for line in range(175):
        training.seconds_per_step = 2.0 if line < 150 else 3.0
        training.pause(100.0 if line and line % 30 == 0 else 0.0).train(1)
    # Since the change there was one, after 150 lines; those after 180, 210, ... 570 of 600 are still to come.
    expected = (6000 - training.step) * 3.0 + 14 * 100.0
    assert training.progress(total=6000).eta_s == pytest.approx(expected, rel=0.002)


def test_a_machine_that_was_suspended_once_is_not_expected_to_be_again() -> None:
    suspended = with_pauses(200, before=[80], seconds=18_000.0).progress(total=4000)
    assert suspended.eta_s == pytest.approx(200 * 20.0, rel=0.01)
    # Nor does it change what checkpoints are taken to take.
    checkpoints = with_pauses(200, before=list(range(30, 200, 30)))
    plain = checkpoints.progress(total=4000).eta_s
    checkpoints = with_pauses(200, before=list(range(30, 200, 30)))
    checkpoints.lines[100:] = [{**line, "time": line["time"] + 18_000.0} for line in checkpoints.lines[100:]]
    checkpoints.now += 18_000.0
    assert checkpoints.progress(total=4000).eta_s == pytest.approx(plain, rel=0.01)


def test_a_long_checkpoint_is_expected_again_after_the_first() -> None:
    training = with_pauses(400, before=[300], seconds=700.0)
    assert training.progress(total=14_000).eta_s == pytest.approx(1000 * 20.0 + 3 * 700.0, rel=0.01)


def test_many_irregular_pauses_are_expected_as_often_as_seen() -> None:
    rng = np.random.default_rng(11)
    training = with_pauses(1000, before=np.flatnonzero(rng.random(1000) < 0.05).tolist())
    assert training.progress(total=40_000).eta_s == pytest.approx(3000 * 20.0 + 150 * 100.0, rel=0.05)


def test_an_even_run_is_done_when_it_should_be() -> None:
    progress = Training().train(40).progress()
    assert (progress.step, progress.total_steps, progress.fraction) == (400, 1000, 0.4)
    assert progress.steps_per_s == pytest.approx(0.5)
    assert progress.eta_s == pytest.approx(1200)
    assert progress.finish_time == pytest.approx(START + 2000)
    assert progress.elapsed_s == pytest.approx(780)
    assert progress.eta_state is EtaState.KNOWN
    assert progress.interval_s == pytest.approx(20)
    assert progress.interval_steps == 10
    assert progress.last_time == START + 800


def test_three_clean_intervals_are_needed() -> None:
    assert Training().train(3).progress().eta_state is EtaState.ESTIMATING
    assert Training().train(3).progress().eta_s is None
    assert Training().train(4).progress().eta_s == pytest.approx(1920)


def test_without_a_total_there_is_no_eta() -> None:
    progress = Training().train(40).progress(total=None)
    assert (progress.eta_state, progress.eta_s, progress.fraction) == (EtaState.NO_TOTAL, None, None)
    assert progress.steps_per_s == pytest.approx(0.5)


def test_the_first_interval_holds_the_compilation() -> None:
    training = Training().train(1).pause(90).train(20)
    assert training.progress().steps_per_s == pytest.approx(0.5)
    assert training.progress().eta_s == pytest.approx(790 * 2)


def test_evaluations_are_counted_apart() -> None:
    training = Training()
    for _ in range(4):
        training.train(10).evaluate(60)
    progress = training.progress()
    assert progress.steps_per_s == pytest.approx(0.5)
    assert progress.eta_s == pytest.approx(600 * 2 + 6 * 60)


def test_an_evaluation_off_the_logging_grid_takes_only_its_own_time() -> None:
    training = Training()
    for step in range(1, 501):
        training.step, training.now = step, training.now + 2
        if step % 50 == 0:
            training.lines.append({"step": step, "time": training.now, "loss": 2.0})
        if step % 120 == 0:
            training.evaluate(30)
    progress = training.progress()
    assert progress.steps_per_s == pytest.approx(0.5)
    assert progress.eta_s == pytest.approx(500 * 2 + 4 * 30)


def test_several_evaluation_sets_are_one_pause() -> None:
    training = Training()
    for _ in range(5):
        training.train(10).evaluate(20)
        training.pause(40).lines.append({"step": training.step, "time": training.now, "eval_test_loss": 2.0})
    assert training.progress().eta_s == pytest.approx(500 * 2 + 5 * 60)


def test_an_evaluation_logged_with_its_line_hides_no_interval() -> None:
    training = Training()
    for _ in range(30):
        training.train(1)
        training.lines.insert(-1, {"step": training.step, "time": training.now - 0.01, "val_loss": 2.0})
    assert training.progress().eta_s == pytest.approx(700 * 2, rel=0.01)


def test_checkpoints_that_leave_no_line_are_counted_in() -> None:
    training = Training()
    for _ in range(6):
        training.train(10).pause(100)
    progress = training.progress()
    assert progress.steps_per_s == pytest.approx(0.5, rel=0.1)
    assert progress.eta_s == pytest.approx(400 * 2 + 4 * 100, rel=0.1)


def test_only_the_present_speed_counts_after_a_change() -> None:
    training = Training().train(40)
    training.seconds_per_step = 5.0
    assert training.train(20).progress().eta_s == pytest.approx(400 * 5, rel=0.02)


def test_a_steady_slowing_is_carried_on() -> None:
    training = Training()
    for at in range(100):
        training.seconds_per_step = 2.0 + 0.02 * at
        training.train(1)
    eta_s = training.progress(total=1500).eta_s
    assert eta_s is not None
    # 500 more steps that go on slowing from 4.0 to 5.0 seconds
    assert eta_s == pytest.approx(500 * 4.5, rel=0.05)


def test_a_slowing_is_carried_on_no_further_than_it_was_seen() -> None:
    training = Training()
    for at in range(100):
        training.seconds_per_step = 2.0 + 0.02 * at
        training.train(1)
    # 1000 steps from 4.0 to 6.0 seconds, and what follows goes on with those
    assert training.progress(total=11_000).eta_s == pytest.approx(1000 * 5.0 + 9000 * 6.0, rel=0.05)


def test_pauses_do_not_bend_a_steady_slowing() -> None:
    training = Training()
    for at in range(150):
        training.seconds_per_step = 2.0 + 0.02 * at
        training.pause(600.0 if at % 40 == 39 else 0.0).train(1)
    # From 5.0 to 6.0 seconds; how many of the pauses come again is not what is asked here
    eta_s = training.progress(total=2000).eta_s
    assert eta_s is not None
    assert 500 * 5.45 < eta_s < 500 * 5.55 + 2 * 600.0


@pytest.mark.parametrize("lines", [46, 91, 121, 251, 351])
def test_caches_that_fill_do_not_make_it_faster_for_ever(lines: int) -> None:
    rng, training = np.random.default_rng(1), Training()
    for line in range(lines):
        training.seconds_per_step = (2.0 + 6.0 * math.exp(-line / 40)) * float(rng.normal(1.0, 0.05))
        training.train(1)
    left = (20_000 - training.step) * 2.0
    eta_s = training.progress(total=20_000).eta_s
    assert eta_s is not None
    assert 0.9 * left < eta_s < 2.0 * left


@pytest.mark.parametrize("lines_after", [12, 20, 34, 60])
def test_a_change_of_speed_is_no_steady_slowing(lines_after: int) -> None:
    rng, training = np.random.default_rng(2), Training()
    for line in range(60 + lines_after):
        training.seconds_per_step = (2.0 if line < 60 else 3.0) * float(rng.normal(1.0, 0.1))
        training.train(1)
    eta_s = training.progress(total=10_000).eta_s
    assert eta_s == pytest.approx((10_000 - training.step) * 3.0, rel=0.1)


def test_growing_evaluations_are_carried_on() -> None:
    training = Training()
    for at in range(8):
        training.train(5).evaluate(20 + 10 * at)
    left = [20 + 10 * at for at in range(8, 16)]
    assert training.progress(total=800).eta_s == pytest.approx(400 * 2 + sum(left), rel=0.05)


def resumed(*, writer: bool, back_steps: int) -> RunView:
    training = Training().train(30)
    cut = len(training.lines)
    training.pause(7200)
    training.step -= back_steps
    training.train(12)
    events = [LifecycleRecord("writer", cut, None, math.nan)] if writer else []
    return run_of(training.lines, events=events)


@pytest.mark.parametrize(("writer", "back_steps"), [(False, 100), (True, 100), (True, 0)])
def test_down_time_never_enters_the_speed(*, writer: bool, back_steps: int) -> None:
    run = resumed(writer=writer, back_steps=back_steps)
    step = 420 - back_steps
    progress = measure_progress(run, START + 42 * 20 + 7200, find_totals(run, 1000))
    assert progress.step == step
    assert progress.steps_per_s == pytest.approx(0.5)
    assert progress.eta_s == pytest.approx((1000 - step) * 2)
    assert progress.elapsed_s == pytest.approx((29 + 11) * 20)


def test_the_eta_counts_down_until_the_next_line_is_due_and_then_stands_still() -> None:
    training = Training().train(40)
    states = {after: training.progress(after_s=after) for after in (0, 15, 50, 300, 700)}
    assert [states[after].eta_s for after in (0, 15, 50)] == [
        pytest.approx(1200),
        pytest.approx(1185),
        pytest.approx(1180),
    ]
    assert [state.eta_state.name for state in states.values()] == [
        "KNOWN",
        "KNOWN",
        "KNOWN",
        "PAUSED",
        "STALLED",
    ]
    assert states[300].eta_s == pytest.approx(1180)
    assert states[300].finish_time == pytest.approx(training.now + 300 + 1180)
    assert states[700].eta_s is None


def test_an_evaluation_that_is_due_counts_down_too() -> None:
    training = Training()
    for _ in range(4):
        training.train(10).evaluate(60)
    training.train(10)
    before = training.progress()
    assert before.eta_s == pytest.approx(500 * 2 + 6 * 60)
    assert training.progress(after_s=50).eta_s == pytest.approx(500 * 2 + 6 * 60 - 50)
    assert training.progress(after_s=70).pause == "paused (evaluation)"
    training.evaluate(60).train(4)
    assert training.progress(after_s=70).pause == "paused"
    assert training.progress().pause == ""


def test_a_rule_may_say_that_the_run_hangs() -> None:
    run = run_of(Training().train(40).lines)
    progress = measure_progress(run, START + 800, find_totals(run, 1000), stalled=True)
    assert (progress.eta_state, progress.eta_s) == (EtaState.STALLED, None)


@pytest.mark.parametrize(
    ("status", "eta_s"), [(Status.DONE, 0.0), (Status.FAILED, None), (Status.STOPPED, None)]
)
def test_a_run_that_ended_has_no_eta(status: Status, eta_s: float | None) -> None:
    progress = Training().train(40).progress(status=status)
    assert (progress.eta_state, progress.eta_s) == (EtaState.ENDED, eta_s)


def test_the_range_holds_the_estimate() -> None:
    training, rng = Training(), np.random.default_rng(5)
    for seconds in rng.lognormal(0.7, 0.4, 60):
        training.seconds_per_step = float(seconds)
        training.train(1)
    progress = training.progress()
    assert progress.eta_low_s is not None
    assert progress.eta_s is not None
    assert progress.eta_high_s is not None
    assert (
        0.5 * progress.eta_s
        < progress.eta_low_s
        < progress.eta_s
        < progress.eta_high_s
        < 1.6 * progress.eta_s
    )


def test_repeated_steps_and_missing_times_are_survived() -> None:
    lines: list[Line] = []
    for at in range(60):
        times = [START + 10 * at, START + 10 * at + 1] if at % 7 else [math.nan]
        lines += [{"step": at, "time": time, "loss": math.nan} for time in times]
    run = run_of(lines)
    progress = measure_progress(run, START + 600, find_totals(run, 100))
    assert progress.steps_per_s == pytest.approx(0.1, rel=0.05)
    assert progress.eta_s == pytest.approx(410, rel=0.1)


def test_a_thousand_lines_of_one_step_do_not_hide_the_steps_before() -> None:
    lines = [{"step": 10 * (at // 500), "time": START + 0.1 * at, "loss": 1.0} for at in range(500 * 8)]
    run = run_of(lines)
    assert measure_progress(run, START + 400, find_totals(run, 100)).steps_per_s == pytest.approx(0.2)


def test_the_pace_is_measured_anew_for_new_lines_and_evaluations_only() -> None:
    store, measured = RunStore(), []
    gauge: Gauge | None = None
    rows = np.arange(20)
    store.extend(0, [ScalarBatch(("loss",), rows, rows, np.linspace(1e9, 1e9 + 38, 20), (np.ones(20),))])
    more = (
        (0, "loss", 20, 1e9 + 40),
        (HARDWARE_STREAM, "gpu.0.util", 1, 1e9 + 41),
        (0, "lr", 21, 1e9 + 42),
        (0, "eval_loss", 22, 1e9 + 43),
        (HARDWARE_STREAM, "gpu.0.util", 2, 1e9 + 44),
        (0, "loss", 23, 1e9 + 60),
    )
    for stream, tag, order, at in more:
        one = np.array([order])
        store.extend(stream, [ScalarBatch((tag,), one, one, np.array([at]), (np.array([0.5]),))])
        run = store.freeze()
        wanted = Gauge.of(run, Totals(total_steps=100))
        with mock.patch("tuimon.analysis.eta.measure_pace", wraps=measure_pace) as measuring:
            gauge = Gauge.of(run, Totals(total_steps=100), gauge)
        measured.append(measuring.called)
        assert (gauge.progress, gauge.pace) == (wanted.progress, wanted.pace)
    assert measured == [True, False, False, True, False, True]


def test_nothing_logged_is_no_progress() -> None:
    run = run_of([])
    assert measure_progress(run, START, find_totals(run)) == Progress()
    assert measure_progress(run, START, find_totals(run, 10)).eta_state is EtaState.ESTIMATING
    assert list(trace_eta(run)) == []


def test_a_run_without_times_is_measured_by_its_closing_line() -> None:
    lines: list[Line] = [{"step": step, "loss": 2.0, "epoch": step / 100} for step in range(10, 301, 10)]
    run = run_of(lines, config={"max_steps": 300, "num_train_epochs": 3})
    progress = measure_progress(run, math.nan, find_totals(run))
    assert (progress.eta_state, progress.steps_per_s, progress.elapsed_s) == (EtaState.ESTIMATING, None, None)
    assert (progress.epoch, progress.total_epochs, progress.fraction) == (3.0, 3.0, 1.0)
    closed = run_of([*lines, {"step": 300, "train_runtime": 600.0, "train_samples_per_second": 8.0}])
    progress = measure_progress(closed, math.nan, find_totals(closed))
    assert (progress.elapsed_s, progress.steps_per_s) == (600.0, 0.5)


def test_a_logged_stopwatch_stands_in_for_wall_times() -> None:
    lines = [{"step": step, "loss": 2.0, "elapsed_time": 2.0 * step} for step in range(10, 401, 10)]
    run = run_of(lines)
    progress = measure_progress(run, START, find_totals(run, 1000))
    assert progress.eta_s == pytest.approx(1200)
    assert (progress.finish_time, progress.last_time) == (None, None)
    assert progress.elapsed_s == 800


def test_a_checkpoint_after_the_last_line_tells_the_step() -> None:
    training = Training().train(40)
    saved = [LifecycleRecord("checkpoint", 40, 405, training.now, "checkpoint-405")]
    run = run_of(training.lines, events=saved)
    assert measure_progress(run, training.now, find_totals(run, 1000)).step == 405


def test_throughput_is_as_logged_or_follows_from_tokens() -> None:
    logged = Training().train(20, **{"train/samples_per_second": 7.5, "tokens_per_second": 900.0}).progress()
    assert (logged.samples_per_s, logged.tokens_per_s) == (7.5, 900.0)
    training = Training()
    for at in range(20):
        training.train(1, num_input_tokens_seen=4096.0 * 10 * at)
    assert training.progress().tokens_per_s == pytest.approx(4096 * 0.5)
    training = Training()
    for at in range(20):
        training.train(1, num_tokens=float(at % 3))
    assert training.progress().tokens_per_s is None
    assert Training().train(20, eval_samples_per_second=3.0).progress().samples_per_s is None


def test_epochs_alone_give_the_fraction_and_the_total() -> None:
    training = Training()
    for step in range(10, 401, 10):
        training.train(1, epoch=step / 500)
    run = run_of(training.lines, config={"num_train_epochs": 2})
    progress = measure_progress(run, training.now, find_totals(run))
    assert (progress.total_steps, progress.fraction, progress.epoch) == (1000, 0.4, 0.8)
    assert progress.eta_s == pytest.approx(1200)


def test_the_epoch_follows_from_the_steps_where_none_is_logged() -> None:
    run = run_of(Training().train(40).lines, config={"steps_per_epoch": 160, "epochs": 5})
    progress = measure_progress(run, START, find_totals(run))
    assert (progress.epoch, progress.total_epochs, progress.total_steps) == (2.5, 5, 800)


def test_the_trace_is_what_was_known_at_each_line() -> None:
    training = Training()
    for at in range(6):
        training.seconds_per_step = 2.0 + 0.1 * at
        training.train(7, epoch=0.01 * at).evaluate(30)
    traced = list(trace_eta(run_of(training.lines), 1000))
    assert [(point.time, point.step) for point in traced] == [
        (line["time"], line["step"]) for line in training.lines
    ]
    for at in (2, 3, 7, 20, len(traced) - 1):
        run = run_of(training.lines[: at + 1])
        then = measure_progress(run, traced[at].time, find_totals(run, 1000))
        assert traced[at].eta_s == (None if then.eta_s is None else pytest.approx(then.eta_s))
    assert traced[2].eta_s is None


def test_the_trace_knows_no_later_epochs() -> None:
    training = Training()
    for step in range(10, 401, 10):
        training.train(1, epoch=step / (500 if step < 200 else 400))
    traced = list(trace_eta(run_of(training.lines, config={"num_train_epochs": 2})))
    assert traced[4].eta_s == pytest.approx((1000 - 50) * 2)
    assert traced[-1].eta_s == pytest.approx((800 - 400) * 2)


def test_the_trace_of_a_resumed_run_goes_on_from_the_resumed_step() -> None:
    traced = list(trace_eta(resumed(writer=False, back_steps=100), 1000))
    assert traced[29][:2] == (START + 600, 300)
    assert traced[29].eta_s == pytest.approx(1400)
    assert traced[30].step == 210
    assert all(point.eta_s == pytest.approx((1000 - point.step) * 2) for point in traced[30:])


def known(finish_time: float, now: float) -> Progress:
    left = finish_time - now
    return Progress(
        elapsed_s=500.0,
        eta_s=left,
        eta_low_s=left - 5,
        eta_high_s=left + 5,
        finish_time=finish_time,
        eta_state=EtaState.KNOWN,
    )


def test_the_shown_figure_is_calm() -> None:
    steady, now = SteadyEta(), START
    first = steady.show(known(now + 500, now), now)
    assert first.eta_s == 500
    kept = steady.show(known(now + 509, now + 2), now + 2)
    assert (kept.finish_time, kept.eta_s, kept.eta_low_s) == (now + 500, 498, 493)
    moved = steady.show(known(now + 511, now + 3), now + 3)
    assert moved.finish_time == now + 511
    assert steady.show(known(now + 512, now + 7), now + 7).finish_time == now + 511
    assert steady.show(known(now + 512, now + 8), now + 8).finish_time == now + 512
    paused = Progress(eta_state=EtaState.PAUSED, eta_s=3.0, finish_time=now)
    assert steady.show(paused, now + 9) is paused


@pytest.mark.shared
def test_the_measured_error_stays_where_it_was(tmp_path: Path) -> None:
    """Relative error of the remaining time over runs with evaluations, checkpoints, changes and restarts."""
    if not BENCH.exists():
        pytest.skip("the ETA runs are not at hand")
    subprocess.run(
        [sys.executable, BENCH / "generate.py", "--seed", "5", "--n", "24", "--out", tmp_path], check=True
    )
    truth = json.loads((tmp_path / "truth.json").read_text())
    errors: dict[str, list[float]] = defaultdict(list)
    for name, run_truth in truth.items():
        config, *lines = map(json.loads, (tmp_path / "runs" / f"{name}.jsonl").read_text().splitlines())
        end, whole = run_truth["t_end"], run_truth["t_end"] - run_truth["t0"]
        for share in range(10, 100, 10):
            part = [line for line in lines if line["time"] <= run_truth["t0"] + share / 100 * whole]
            if not part:
                continue
            run = run_of(part, config=config["config"])
            now = part[-1]["time"]
            eta_s = measure_progress(run, now, find_totals(run)).eta_s
            left = end - now
            errors[run_truth["kind"]].append(
                1.0 if eta_s is None else abs(eta_s - left) / max(left, 0.02 * whole)
            )
    everything = np.concatenate([np.array(each) for each in errors.values()])
    assert float(np.median(everything)) < 0.04
    assert float(np.median(errors["ckpt"])) < 0.03
    assert float(np.percentile(everything, 90)) < 0.45
    assert float(np.median(errors["plain"])) < 0.01
