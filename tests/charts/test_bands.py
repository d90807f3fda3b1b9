"""Several ranks as one line and a band: nothing of any rank lies outside of it, and no value is lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tuimon.charts.bands import band, mean_line
from tuimon.core.columns import Columns

Fold = Callable[..., Columns]
LIMITS = (0.0, 9.0)


def test_the_band_reaches_from_the_lowest_to_the_highest_rank_and_the_line_lies_in_the_middle(
    fold: Fold,
) -> None:
    x = np.arange(10.0)
    ranks = [fold(x, base + x, LIMITS, 5) for base in (0.0, 2.0, 7.0)]
    around, line = band(ranks), mean_line(ranks)
    assert around.lo.tolist() == [0, 2, 4, 6, 8]
    assert around.hi.tolist() == [8, 10, 12, 14, 16]
    assert line.first.tolist() == [3, 5, 7, 9, 11]
    assert line.last.tolist() == [4, 6, 8, 10, 12]
    assert line.count.tolist() == [6] * 5


def test_the_line_is_as_thin_as_the_mean_where_each_rank_is_noisy(fold: Fold) -> None:
    x = np.arange(100.0)
    noise = np.where(x % 4 < 2, 1.0, -1.0)
    ranks = [fold(x, 5 + noise, (0.0, 100.0), 10), fold(x, 5 - noise, (0.0, 100.0), 10)]
    around, line = band(ranks), mean_line(ranks)
    assert (around.lo == 4).all()
    assert (around.hi == 6).all()
    assert line.lo.tolist() == line.hi.tolist() == [5.0] * 10


def test_a_column_that_begins_and_ends_without_a_finite_value_keeps_what_lies_between(fold: Fold) -> None:
    values = np.array([np.nan, 3.0, np.nan])
    line = mean_line([fold(np.arange(3.0), values, (0.0, 3.0), 1)] * 2)
    assert (line.lo[0], line.hi[0]) == (3.0, 3.0)


def test_a_rank_that_logs_seldom_lies_on_a_straight_line_between_its_points(fold: Fold) -> None:
    often = fold(np.arange(10.0), np.zeros(10), LIMITS, 9)
    seldom = fold(np.array([0.0, 9.0]), np.array([0.0, 16.0]), LIMITS, 9)
    around, line = band([often, seldom]), mean_line([often, seldom])
    assert around.hi.tolist() == [0, 2, 4, 6, 8, 10, 12, 14, 16]
    assert around.lo.tolist() == [0] * 8 + [0]
    assert line.lo[4] == 4.0


def test_the_band_is_filled_where_no_rank_has_a_point(fold: Fold) -> None:
    x = np.array([0.0, 9.0])
    around = band([fold(x, np.zeros(2), LIMITS, 9), fold(x, np.full(2, 4.0), LIMITS, 9)])
    assert (around.count > 0).all()
    assert (around.lo == 0).all()
    assert (around.hi == 4).all()


def test_a_value_that_is_not_finite_is_counted_and_does_not_hide_the_other_ranks(fold: Fold) -> None:
    x = np.arange(10.0)
    broken = np.where(x == 4, np.nan, 5.0)
    ranks = [fold(x, np.ones(10), LIMITS, 9), fold(x, broken, LIMITS, 9)]
    around, line = band(ranks), mean_line(ranks)
    assert around.nonfinite.tolist() == line.nonfinite.tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert (around.lo[4], around.hi[4], line.first[4]) == (1, 1, 1)
    assert (line.first[3], around.hi[3]) == (3, 5)


@pytest.mark.parametrize("make", [band, mean_line])
def test_ranks_without_a_point_or_a_finite_value_make_nothing(
    fold: Fold, make: Callable[[list[Columns]], Columns]
) -> None:
    empty = fold(np.array([]), np.array([]), LIMITS, 4)
    endless = fold(np.arange(10.0), np.full(10, np.inf), LIMITS, 4)
    made = make([empty, endless, endless])
    assert not np.isfinite(made.lo).any()
    assert made.count.sum() == 20
    assert made.nonfinite.sum() == 20


def test_the_largest_numbers_make_no_warning(fold: Fold) -> None:
    x = np.arange(10.0)
    ranks = [fold(x, np.full(10, sign * 1.7e308), LIMITS, 4) for sign in (1, 1, -1)]
    assert band(ranks).hi.tolist() == [1.7e308] * 4
    assert len(mean_line(ranks)) == 4
