"""The event log: which steps have a line, and what a line says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.tui.states import sample_state
from tuimon.analysis.status import Status
from tuimon.core.batch import ScalarBatch
from tuimon.monitor.events import Event, EventKind, run_events
from tuimon.monitor.snapshot import RunState
from tuimon.store.run_store import RunStore


def state_of(store: RunStore, status: Status) -> RunState:
    return replace(sample_state("overfit"), run=store.freeze(), findings=(), status=status)


def points(tag: str, steps: list[int], first_order: int = 0, *, records_apart: int = 1) -> ScalarBatch:
    """Points of one tag, a second apart, worth a tenth of their step."""
    logged = np.array(steps, np.int64)
    order = first_order + np.arange(len(steps)) * records_apart
    values = logged.astype(np.float64)
    return ScalarBatch((tag,), order, logged, 1_700_000_000.0 + values, (values / 10,))


def step_events(state: RunState, limit: int = 200) -> list[Event]:
    return [event for event in run_events(state, limit) if event.kind is EventKind.STEP]


def test_every_step_of_a_run_that_ended_has_a_line() -> None:
    store = RunStore()
    store.extend(0, [points("train/loss", list(range(100)))])
    assert [event.step for event in step_events(state_of(store, Status.DONE))] == list(range(100))


def test_while_a_run_goes_on_its_newest_step_and_one_of_ten_seconds_have_a_line() -> None:
    store = RunStore()
    store.extend(0, [points("train/loss", list(range(96)))])
    steps = [event.step for event in step_events(state_of(store, Status.RUNNING))]
    assert steps == [9, 19, 29, 39, 49, 59, 69, 79, 89, 95]
    store.extend(0, [points("train/loss", [96], first_order=96)])
    now = [event.step for event in step_events(state_of(store, Status.RUNNING))]
    assert now == [*steps[:-1], 96], "only the last line changes"


def test_steps_without_times_all_have_a_line() -> None:
    store = RunStore()
    timeless = replace(points("train/loss", [1, 2, 3]), wall_times=np.full(3, np.nan))
    store.extend(0, [timeless])
    assert [event.step for event in step_events(state_of(store, Status.RUNNING))] == [1, 2, 3]


def test_a_line_has_the_values_that_were_logged_at_its_step_before_or_after() -> None:
    store = RunStore()
    store.extend(
        0,
        [
            points("train/learning_rate", [10, 20, 30], first_order=0, records_apart=3),
            points("train/loss", [10, 20, 30], first_order=1, records_apart=3),
            points("train/grad_norm", [10, 30], first_order=2, records_apart=6),
        ],
    )
    texts = [event.text for event in step_events(state_of(store, Status.DONE))]
    assert texts == [
        "train/loss 1  lr 1  grad norm 1",
        "train/loss 2  lr 2",
        "train/loss 3  lr 3  grad norm 3",
    ]


def test_a_step_that_was_done_twice_has_the_values_of_each_time() -> None:
    store = RunStore()
    store.extend(0, [points("train/loss", [10, 20]), points("train/learning_rate", [10, 20])])
    again = replace(points("train/loss", [10, 20], first_order=2), values=(np.array([7.0, 8.0]),))
    other = replace(points("train/learning_rate", [10, 20], first_order=2), values=(np.array([5.0, 6.0]),))
    store.extend(0, [again, other])
    texts = [event.text for event in step_events(state_of(store, Status.DONE))]
    assert texts == ["train/loss 1  lr 1", "train/loss 2  lr 2", "train/loss 7  lr 5", "train/loss 8  lr 6"]


def test_the_limit_holds() -> None:
    store = RunStore()
    store.extend(0, [points("train/loss", list(range(5000)))])
    state = state_of(store, Status.DONE)
    assert [event.step for event in run_events(state, 3)][:2] == [4998, 4999]
    assert len(run_events(state, 1000)) == 1000
