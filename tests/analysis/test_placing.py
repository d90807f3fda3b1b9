"""Which x axis suits runs, and where series and restarts stand on it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.tui.states import batch, make_state, sample_state, scalar_state
from tuimon.analysis.placing import choose_axis, extent, logged_steps, place
from tuimon.core.batch import ScalarBatch
from tuimon.store.axis import Attempt, Axis

LOSS = [3.0, 2.5, 2.0, 1.5, 1.2, 1.1]


def test_the_axis_that_was_chosen_holds() -> None:
    run = scalar_state({"loss": LOSS}).run
    for axis in set(Axis) - {Axis.EPOCH, Axis.TOKENS}:
        assert choose_axis([run], axis) is axis
    assert choose_axis([run], None) is Axis.ACCUMULATED
    assert choose_axis([run, run], None) is Axis.STEP


def test_points_that_all_carry_one_step_are_laid_out_by_time() -> None:
    state = make_state([batch("loss", LOSS, steps=[0] * len(LOSS))])
    assert choose_axis([state.run], None) is Axis.WALL


def test_where_a_restart_stands_on_each_axis() -> None:
    run = sample_state("resumed").run
    second = run.attempts[1]
    accumulated = float(second.first_step + second.offset)
    assert place(run, Axis.ACCUMULATED, accumulated, second.start_time) == accumulated
    assert place(run, Axis.STEP, accumulated, second.start_time) == second.first_step
    assert place(run, Axis.WALL, accumulated, second.start_time) == second.start_time
    assert place(run, Axis.RELATIVE, accumulated, second.start_time) == 0.0
    assert place(run, Axis.WALL, accumulated, math.nan) is None


def test_epochs_come_from_the_epoch_that_was_logged() -> None:
    state = sample_state("huggingface")
    loss = state.run.series[next(tag for tag in state.run.series if tag.endswith("loss"))]
    reach = extent(state.run, loss, Axis.EPOCH)
    assert reach is not None
    assert state.progress.epoch is not None
    assert reach[1] == pytest.approx(state.progress.epoch, abs=0.2)


def test_without_epochs_there_is_no_axis_of_epochs() -> None:
    without, with_epochs = scalar_state({"loss": LOSS}).run, sample_state("huggingface").run
    assert choose_axis([with_epochs], Axis.EPOCH) is Axis.EPOCH
    assert choose_axis([without], Axis.EPOCH) is Axis.ACCUMULATED
    assert choose_axis([with_epochs, without], Axis.EPOCH) is Axis.STEP
    assert extent(without, without.series["loss"], Axis.EPOCH) == (1.0, 6.0)


def test_without_a_count_of_tokens_there_is_no_axis_of_tokens() -> None:
    without = scalar_state({"loss": LOSS}).run
    counting = scalar_state({"loss": LOSS, "tokens_seen": [1e6, 2e6, 3e6, 4e6, 5e6, 6e6]}).run
    assert choose_axis([counting], Axis.TOKENS) is Axis.TOKENS
    assert extent(counting, counting.series["loss"], Axis.TOKENS) == (1e6, 6e6)
    assert place(counting, Axis.TOKENS, 2.5, math.nan) == 2.5e6
    assert choose_axis([without], Axis.TOKENS) is Axis.ACCUMULATED
    assert choose_axis([counting, without], Axis.TOKENS) is Axis.STEP


def test_where_no_time_is_known_there_is_no_axis_of_times() -> None:
    steps = np.arange(5)
    points = ScalarBatch(("loss",), steps, steps, np.full(5, np.nan), (np.linspace(2, 1, 5),))
    run = make_state([points]).run
    assert choose_axis([run], Axis.WALL) is Axis.ACCUMULATED
    assert choose_axis([run], Axis.RELATIVE) is Axis.ACCUMULATED


def test_times_that_are_not_known_have_no_place_on_the_clock() -> None:
    steps = np.arange(5)
    points = ScalarBatch(("loss",), steps, steps, np.full(5, np.nan), (np.linspace(2, 1, 5),))
    run = make_state([points]).run
    assert extent(run, run.series["loss"], Axis.WALL) is None


def test_round_steps_of_every_attempt_stand_behind_those_of_the_one_before() -> None:
    attempts = (Attempt(1, 0, 25, 0.0, 0.0, 0), Attempt(2, 10, 40, 0.0, 0.0, 16))
    assert list(logged_steps(attempts, 0.0, 56.0, 10.0)) == [(0, (0, 10, 20)), (16, (10, 20, 30, 40))]
    assert list(logged_steps(attempts, 30.0, 40.0, 10.0)) == [(0, ()), (16, (20,))]
