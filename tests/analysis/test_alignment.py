from __future__ import annotations

import math

import numpy as np
import pytest

from tuimon.analysis.alignment import AlignedCurve, Alignment, align
from tuimon.analysis.differences import differences, settings_of
from tuimon.core.batch import ConfigRecord, ConfigValue, ScalarBatch
from tuimon.store.run import RunView
from tuimon.store.run_store import RunStore

START = 1.75e9


def run_of(steps: list[int], times: list[float] | None = None, **tags: list[float]) -> RunView:
    order = np.arange(len(steps))
    wall_times = np.full(len(steps), math.nan) if times is None else START + np.array(times)
    values = tuple(np.array(column, np.float64) for column in tags.values())
    store = RunStore()
    store.extend(0, [ScalarBatch(tuple(tags), order, np.array(steps), wall_times, values)])
    return store.freeze()


def aligned(run: RunView, alignment: Alignment, tag: str = "loss") -> AlignedCurve:
    curve = align(run, run.series[tag], alignment)
    assert curve is not None
    return curve


RESTARTED = run_of(
    [100, 110, 120, 110, 120],
    [0.0, 10.0, 20.0, 500.0, 510.0],
    loss=[5.0, 4.0, 3.0, 3.5, 2.5],
    epoch=[1.0, 1.1, 1.2, 1.3, 1.4],
    num_input_tokens_seen=[0.0, 1000.0, 2000.0, 3000.0, 4000.0],
)


@pytest.mark.parametrize(
    ("alignment", "x"),
    [
        (Alignment.STEP, [100, 110, 120, 110, 120]),
        (Alignment.RELATIVE_STEP, [0, 10, 20, 10, 20]),
        (Alignment.TIME, [0, 10, 20, 20, 30]),
        (Alignment.WALL, [START, START + 10, START + 20, START + 500, START + 510]),
        (Alignment.EPOCH, [1.0, 1.1, 1.2, 1.3, 1.4]),
        (Alignment.TOKENS, [0, 1000, 2000, 3000, 4000]),
    ],
)
def test_each_alignment_counts_what_it_says(alignment: Alignment, x: list[float]) -> None:
    assert len(RESTARTED.attempts) == 2
    np.testing.assert_allclose(aligned(RESTARTED, alignment).x, x)


@pytest.mark.parametrize("alignment", [Alignment.EPOCH, Alignment.TOKENS, Alignment.TIME, Alignment.WALL])
def test_what_is_not_logged_cannot_align(alignment: Alignment) -> None:
    run = run_of([1, 2], loss=[1.0, 0.5])
    assert align(run, run.series["loss"], alignment) is None


def test_at_a_place_the_newest_point_counts_that_has_reached_it() -> None:
    curve = aligned(RESTARTED, Alignment.STEP)
    places = {99: None, 100: 0, 105: 0, 110: 3, 119.5: 3, 120: 4, 121: None}
    assert {x: curve.index_at(x) for x in places} == places
    assert curve.limits == (100, 120)


def test_unknown_places_do_not_count() -> None:
    run = run_of([1, 2, 3], [0.0, math.nan, 5.0], loss=[3.0, 2.0, 1.0])
    curve = aligned(run, Alignment.WALL)
    assert curve.limits == (START, START + 5)
    assert curve.index_at(START + 4) == 0


def test_settings_are_config_and_what_was_logged_of_it() -> None:
    store = RunStore()
    order = np.array([0])
    tags = ("Config/learning_rate", "Config/batch_size")
    values = (np.array([1e-3], np.float32), np.array([16.0], np.float32))
    batch = ScalarBatch(tags, order, order, np.array([START]), values)
    store.extend(0, [ConfigRecord({"batch_size": 32, "model": "x", "best_metric": 0.5}), batch])
    assert settings_of(store.freeze()) == {"learning_rate": 0.001, "batch_size": 32, "model": "x"}


def configured(**config: ConfigValue) -> RunView:
    store = RunStore()
    store.extend(0, [ConfigRecord(config)])
    return store.freeze()


def test_settings_differ_where_a_run_has_another_value_or_none() -> None:
    found = differences([configured(a=1, b=1, c=math.nan, d=True), configured(a=1.0, b=2, c=math.nan, d=1)])
    assert dict(found.same).keys() == {"a", "c"}
    assert found.different == {"b": (1, 2), "d": (True, 1)}
    assert differences([configured(a=1), configured()]).different == {"a": (1, None)}
