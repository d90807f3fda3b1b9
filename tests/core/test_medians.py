"""Medians are those of numpy, without the import that numpy's own start."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tuimon.core.medians import median, row_medians

SHAPES = st.tuples(st.integers(1, 5), st.integers(1, 9))
# Half of the smallest double is zero.
VALUES = st.floats(-1e9, 1e9, allow_subnormal=False) | st.just(float("nan"))


@given(hnp.arrays(np.float64, SHAPES, elements=VALUES))
def test_row_medians_are_those_of_the_values_that_are_left(values: np.ndarray) -> None:
    expected = [np.median(row[~np.isnan(row)]) if not np.isnan(row).all() else np.nan for row in values]
    np.testing.assert_allclose(row_medians(values), expected)


@pytest.mark.parametrize(
    ("values", "middle"), [([3.0, 1.0, 2.0], 2.0), ([4.0, 1.0], 2.5), ([np.inf, 1.0, 2.0], 2.0)]
)
def test_a_median_is_the_middle(values: list[float], middle: float) -> None:
    assert median(np.array(values)) == middle


def test_whole_numbers_have_a_median_between_them() -> None:
    assert median(np.array([1, 2])) == 1.5


def test_nothing_has_no_median() -> None:
    assert np.isnan(median(np.array([])))
    assert np.isnan(median(np.array([np.nan])))


def test_values_near_the_largest_double_do_not_overflow() -> None:
    assert median(np.array([1.7e308, 1.7e308])) == 1.7e308


def test_masked_arrays_are_not_imported() -> None:
    code = (
        # numpy 1 imports its masked arrays itself.
        "import sys, numpy; before = 'numpy.ma' in sys.modules; from tuimon.core.medians import median; "
        "median(numpy.arange(3.0)); assert before or 'numpy.ma' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
