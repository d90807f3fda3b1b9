from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tuimon.sources.sparse_marks import places_of


@given(count=st.integers(0, 80), places=st.sets(st.integers(0, 79), max_size=6))
def test_marks_are_found_where_they_are_set(count: int, places: set[int]) -> None:
    marks = np.zeros(count, np.bool_)
    expected = sorted(place for place in places if place < count)
    marks[expected] = True
    assert places_of(marks).tolist() == expected
