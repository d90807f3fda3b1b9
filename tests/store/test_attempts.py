from __future__ import annotations

import math

import numpy as np
import pytest

from tests.store.logged import START, batch
from tuimon.core.batch import LifecycleRecord, Record, ScalarBatch
from tuimon.store.axis import Axis
from tuimon.store.run import HARDWARE_STREAM, RunView
from tuimon.store.run_store import RunStore


def run_of(*records: Record) -> RunView:
    store = RunStore()
    store.extend(0, records)
    return store.freeze()


def writer(order: int) -> LifecycleRecord:
    return LifecycleRecord("writer", order, None, math.nan)


def row(order: int, step: int, *tags: str, time: float | None = None) -> ScalarBatch:
    return batch(tags, [step], first_order=order, wall_times=[START + order if time is None else time])


def accumulated(run: RunView, tag: str = "loss") -> list[float]:
    return list(run.series[tag].axis_values(Axis.ACCUMULATED))


def test_steps_that_fall_begin_an_attempt() -> None:
    run = run_of(batch("loss", [10, 20, 30, 10, 20]))
    first, second = run.attempts
    assert (first.number, first.first_step, first.last_step, first.offset) == (1, 10, 30, 0)
    assert (second.number, second.first_step, second.last_step, second.offset) == (2, 10, 20, 21)
    assert (first.start_time, first.last_time) == (START, START + 2)
    assert (second.start_time, second.last_time) == (START + 3, START + 4)
    assert accumulated(run) == [10, 20, 30, 31, 41]
    assert run.series["loss"].axis_values(Axis.RELATIVE).tolist() == [0, 1, 2, 0, 1]
    assert run.series["loss"].axis_values(Axis.STEP).tolist() == [10, 20, 30, 10, 20]
    assert not run.interleaved


def test_attempts_do_not_depend_on_the_portions_in_which_points_came() -> None:
    rng = np.random.default_rng(3)
    steps = np.concatenate([np.arange(300), np.arange(200, 500), np.arange(50, 60), np.arange(55, 400)])
    whole = batch("loss", steps)
    store = RunStore()
    at = 0
    while at < len(steps):
        stop = at + int(rng.integers(1, 40))
        store.extend(0, [batch("loss", steps[at:stop], first_order=at)])
        store.freeze()
        at = stop
    assert store.freeze().attempts == run_of(whole).attempts
    assert [attempt.first_step for attempt in store.freeze().attempts] == [0, 200, 50, 55]


def test_equal_steps_begin_nothing() -> None:
    assert len(run_of(batch("loss", [1, 1, 2, 2, 2, 3])).attempts) == 1


def test_a_new_writer_after_a_pause_begins_an_attempt_even_when_the_step_goes_on() -> None:
    times = START + np.array([0, 1, 2, 3, 500, 501])
    run = run_of(
        writer(0),
        batch("loss", [1, 2, 3, 4], wall_times=times[:4]),
        writer(4),
        batch("loss", [9, 10], first_order=4, wall_times=times[4:]),
    )
    assert [attempt.first_step for attempt in run.attempts] == [1, 9]
    assert accumulated(run) == [1, 2, 3, 4, 9, 10]
    assert run.attempts[1].start_time == START + 500


def test_a_new_writer_without_a_pause_goes_on() -> None:
    times = START + np.arange(6)
    parts = (
        batch("loss", [1, 2, 3], wall_times=times[:3]),
        batch("loss", [4, 5], first_order=3, wall_times=times[3:5]),
    )
    assert len(run_of(writer(0), parts[0], writer(3), parts[1]).attempts) == 1


def test_a_pause_without_a_new_writer_goes_on() -> None:
    assert len(run_of(batch("loss", [1, 2, 3, 4], wall_times=START + np.array([0, 1, 2, 900]))).attempts) == 1


def test_a_pause_is_judged_by_what_follows_where_nothing_came_before() -> None:
    times = START + np.array([0, 900, 901, 902])
    run = run_of(
        batch("loss", [1], wall_times=times[:1]),
        writer(1),
        batch("loss", [2, 3, 4], first_order=1, wall_times=times[1:]),
    )
    assert [attempt.first_step for attempt in run.attempts] == [1, 2]


def test_a_writer_that_never_wrote_a_point_is_no_attempt() -> None:
    assert len(run_of(writer(0), writer(0), batch("loss", [1, 2]), writer(2), writer(3)).attempts) == 1


@pytest.mark.parametrize(
    "tag", ["eval_loss", "val/accuracy", "epoch", "train/epoch", "gpu.0.util", "Config/lr", "eval_runtime"]
)
def test_tags_on_another_step_scale_never_begin_an_attempt(tag: str) -> None:
    run = run_of(batch("loss", [100, 200, 300]), batch(tag, [3, 1, 2], first_order=3), row(6, 400, "loss"))
    assert len(run.attempts) == 1
    assert accumulated(run, tag) == [3, 1, 2]


def test_a_run_of_evaluations_alone_has_no_attempts_but_still_its_axes() -> None:
    run = run_of(batch("eval_loss", [3, 1, 2]))
    assert run.attempts == ()
    assert accumulated(run, "eval_loss") == [3, 1, 2]
    assert run.series["eval_loss"].axis_values(Axis.RELATIVE).tolist() == [0, 1, 2]


def test_the_training_loss_leads_whatever_came_first() -> None:
    noise = batch("queue_size", [5, 4, 3, 2, 1])
    run = run_of(noise, batch("loss", [10, 20, 30, 40], first_order=5))
    assert len(run.attempts) == 1


def test_tags_before_the_leading_one_of_a_record_belong_to_its_attempt() -> None:
    run = run_of(*(row(order, step, "lr", "loss") for order, step in enumerate([10, 20, 30, 10, 20])))
    assert accumulated(run, "lr") == accumulated(run, "loss")


def test_tags_between_two_records_go_with_the_attempt_of_their_step() -> None:
    run = run_of(
        row(0, 20, "loss"),
        row(1, 30, "loss"),
        row(2, 30, "eval_loss"),
        row(3, 10, "lr"),
        row(4, 10, "eval_loss"),
        row(5, 10, "loss"),
        row(6, 20, "lr"),
        row(7, 20, "loss"),
    )
    assert [attempt.first_step for attempt in run.attempts] == [20, 10]
    assert accumulated(run, "eval_loss") == [30, 31]
    assert accumulated(run, "lr") == [31, 41]


def test_a_writer_between_two_records_is_where_the_attempt_begins() -> None:
    times = {0: 0.0, 1: 1.0, 2: 2.0, 3: 900.0, 4: 901.0}
    run = run_of(
        row(0, 1, "loss"),
        row(1, 2, "loss"),
        row(2, 2, "lr"),
        writer(3),
        row(3, 3, "lr", time=START + times[3]),
        row(4, 3, "loss", time=START + times[4]),
    )
    assert len(run.attempts) == 2
    assert [segment.attempt.number for segment in run.series["lr"].segments] == [1, 2]


def test_a_tag_of_the_second_attempt_alone_lies_in_it() -> None:
    run = run_of(batch("loss", [10, 20, 10]), row(3, 20, "loss", "extra"))
    assert accumulated(run, "extra") == [31.0]
    assert [segment.attempt.number for segment in run.series["extra"].segments] == [2]
    assert run.series["loss"].window(Axis.STEP, np.array([0.0, 100.0]), attempt=2).count.tolist() == [2]


def test_series_that_did_not_grow_move_when_an_attempt_begins() -> None:
    store = RunStore()
    store.extend(0, [batch(["loss", "eval_loss"], [10, 20, 10])])
    store.freeze()
    store.extend(0, [batch("loss", [20, 30, 5, 15], first_order=3)])
    run = store.freeze()
    assert len(run.attempts) == 3
    assert accumulated(run, "eval_loss") == [10, 20, 21]
    store.extend(0, [row(7, 15, "eval_loss")])
    assert accumulated(store.freeze(), "eval_loss") == [10, 20, 21, run.attempts[2].offset + 15]


def test_series_that_did_not_grow_move_when_attempts_turn_out_to_be_none() -> None:
    store = RunStore()
    for order in range(0, 42, 2):
        store.extend(0, [batch(["loss", "eval_loss"], [1, 2], first_order=order)])
    assert accumulated(store.freeze(), "eval_loss") == list(range(1, 43))
    store.extend(0, [batch("loss", [1, 2], first_order=42)])
    run = store.freeze()
    assert run.interleaved
    assert accumulated(run, "eval_loss") == [1, 2] * 21


def test_hardware_samples_of_this_machine_never_begin_an_attempt() -> None:
    store = RunStore()
    store.extend(HARDWARE_STREAM, [batch("mig.5.1.mem_used_gb", [30, 20, 10])])
    assert store.freeze().attempts == ()


def test_streams_that_saw_the_same_restarts_share_one_axis() -> None:
    store = RunStore()
    store.extend(0, [batch("loss", [10, 20, 30, 10, 20])])
    store.extend(1, [batch("speed", [10, 30, 20])])
    run = store.freeze()
    assert accumulated(run, "speed") == [10, 30, 41]
    assert run.attempts == tuple(segment.attempt for segment in run.series["speed"].segments)


def test_streams_that_saw_no_restart_are_divided_by_the_clock() -> None:
    store = RunStore()
    store.extend(0, [batch("loss", [10, 20, 30, 10, 20])])
    store.extend(1, [batch("eval_loss", [20, 30, 20], wall_times=START + np.array([1.5, 2.5, 4.5]))])
    store.extend(
        HARDWARE_STREAM, [batch("gpu.0.util", [30, 30, 10], wall_times=START + np.array([2, 2.4, 3.5]))]
    )
    run = store.freeze()
    assert accumulated(run, "eval_loss") == [20, 30, 41]
    assert accumulated(run, "gpu.0.util") == [30, 30, 31]


def test_streams_without_times_keep_their_steps() -> None:
    store = RunStore()
    store.extend(0, [batch("loss", [10, 20, 30, 10, 20])])
    store.extend(1, [batch("eval_loss", [20, 30], wall_times=[math.nan, math.nan])])
    assert accumulated(store.freeze(), "eval_loss") == [20, 30]


def test_steps_that_fall_all_the_time_are_no_restarts() -> None:
    steps = np.stack([np.arange(0, 4000, 10), np.arange(0, 4000, 10) - 7]).T.ravel()
    run = run_of(batch("loss", steps))
    assert run.interleaved
    assert [(attempt.first_step, attempt.last_step) for attempt in run.attempts] == [(0, 3990)]
    assert accumulated(run) == steps.tolist()


def test_a_clock_that_is_not_known_at_first_starts_the_attempt_when_it_is() -> None:
    run = run_of(batch("loss", [1, 2, 3], wall_times=[math.nan, START, START + 1]))
    assert run.attempts[0].start_time == START
    np.testing.assert_array_equal(run.series["loss"].axis_values(Axis.RELATIVE), [math.nan, 0, 1])


def test_a_log_of_several_processes_whose_step_falls_416_times_is_one_attempt() -> None:
    steps = np.concatenate([np.arange(begin, begin + 3) for begin in range(417)])
    run = run_of(batch("loss", steps))
    assert len(run.series["loss"].step_falls) == 416
    assert run.interleaved
    assert len(run.attempts) == 1
    columns = run.series["loss"].window(Axis.ACCUMULATED, np.linspace(0, 420, 50))
    assert columns.count.sum() == len(steps)


def test_means_of_epochs_do_not_lead_where_a_loss_per_step_is_logged() -> None:
    run = run_of(batch("train_loss_epoch", [9, 5, 1]), batch("train_loss_step", [1, 2, 3], first_order=3))
    assert len(run.attempts) == 1
