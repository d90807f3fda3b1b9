"""When two series are the same metric."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.store.logged import batch
from tuimon.store.run_store import RunStore
from tuimon.store.series import SeriesView
from tuimon.store.twins import Verdict, compare

STEPS = range(0, 1000, 10)
LOSS = [2.0 / (step + 1) + 0.1234567 for step in STEPS]


def series(steps: Sequence[int] | range, values: Sequence[float]) -> SeriesView:
    store = RunStore()
    store.extend(0, [batch("loss", steps, values)])
    return store.freeze().series["loss"]


@pytest.mark.parametrize(
    "spelled",
    [
        pytest.param([float(f"{value:.3f}") for value in LOSS], id="three decimals"),
        pytest.param([float(f"{value:.3g}") for value in LOSS], id="three digits"),
        pytest.param([int(value * 1000) / 1000 for value in LOSS], id="cut off"),
        pytest.param(np.array(LOSS, np.float32).tolist(), id="single precision"),
    ],
)
def test_the_digits_that_a_source_leaves_out_make_no_difference(spelled: list[float]) -> None:
    assert compare(series(STEPS, LOSS), series(STEPS, spelled)) is Verdict.EARLIER


@pytest.mark.parametrize(
    "others",
    [
        pytest.param([value + 0.01 for value in LOSS], id="beside it"),
        pytest.param([value * 1.001 for value in LOSS], id="a little larger"),
        pytest.param(LOSS[1:] + LOSS[:1], id="a step later"),
    ],
)
def test_other_values_are_another_metric(others: list[float]) -> None:
    assert compare(series(STEPS, LOSS), series(STEPS, others)) is Verdict.DIFFERENT


def test_whole_numbers_are_exact() -> None:
    hundreds = [100.0 * step for step in range(100)]
    others = [value + 40 for value in hundreds]
    assert compare(series(STEPS, hundreds), series(STEPS, others)) is Verdict.DIFFERENT
    assert compare(series(STEPS, hundreds), series(STEPS, hundreds)) is Verdict.EARLIER


def test_what_is_no_finite_number_has_to_be_so_in_both() -> None:
    broken = [np.nan, np.inf, -np.inf, *LOSS[3:]]
    assert compare(series(STEPS, broken), series(STEPS, broken)) is Verdict.EARLIER
    assert compare(series(STEPS, broken), series(STEPS, LOSS)) is Verdict.DIFFERENT


def test_steps_that_never_meet_say_nothing() -> None:
    assert compare(series(STEPS, LOSS), series(range(1, 1001, 10), LOSS)) is Verdict.UNKNOWN


def test_names_of_one_role_need_more_than_a_constant() -> None:
    constant = series(STEPS, [1e-4] * len(LOSS))
    assert compare(constant, constant, same_name=False) is Verdict.UNKNOWN
    assert compare(constant, constant) is Verdict.EARLIER
    assert compare(series(STEPS, LOSS), series(STEPS, LOSS), same_name=False) is Verdict.EARLIER


def test_a_source_with_twice_as_many_points_is_shown() -> None:
    sparse = series(range(0, 1000, 50), LOSS[::5])
    assert compare(sparse, series(STEPS, LOSS)) is Verdict.LATER
    assert compare(series(STEPS, LOSS), sparse) is Verdict.EARLIER


def test_each_of_two_that_lack_a_part_is_shown() -> None:
    values = np.sqrt(range(1000)).tolist()
    whole = series(range(1000), values)
    begin, end = series(range(600), values[:600]), series(range(400, 1000), values[400:])
    assert compare(begin, end) is compare(begin, whole) is compare(end, whole) is Verdict.BOTH
    # A point comes each second: what a writer has not written for a minute is merely late.
    assert compare(series(range(940), values[:940]), whole) is Verdict.EARLIER
    assert compare(series(range(750), values[:750]), whole) is Verdict.EARLIER
