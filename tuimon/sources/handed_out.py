"""Which rows of a table were handed out, so that a rewritten file brings no row twice."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tuimon.sources.rows import NumberColumn

_Marks = npt.NDArray[np.uint64]


class HandedOut:
    """Remembers eight bytes for each row: a checksum of its numbers and the names of their columns.

    A row has the same checksum in whatever order its columns stand, and with further columns that are
    empty in it, so that a table with a new column is recognised.
    """

    def __init__(self) -> None:
        self._marks: list[_Marks] = []
        self._former: _Marks | None = None
        self._at = 0

    def begin_again(self) -> None:
        """Note that the file is read from its start once more."""
        if self._former is None:
            self._former = np.concatenate([np.empty(0, np.uint64), *self._marks])
        self._at = 0

    def take(self, numbers: Mapping[str, NumberColumn], count: int) -> tuple[int, bool]:
        """Return how many of the next `count` rows were handed out before, and whether others follow.

        The second is True once: where a file that is read again holds another row than it did. From there
        on all rows are new.
        """
        marks = _marks_of(numbers, count)
        if self._former is None:
            self._marks.append(marks)
            return 0, False
        former = self._former[self._at : self._at + count]
        differing = np.flatnonzero(marks[: len(former)] != former)
        known = int(differing[0]) if len(differing) else len(former)
        self._at += known
        if known == count:
            return known, False
        differs = self._at < len(self._former)
        self._marks = [self._former[: self._at], marks[known:]]
        self._former = None
        return known, differs


def _marks_of(numbers: Mapping[str, NumberColumn], count: int) -> _Marks:
    marks = np.zeros(count, np.uint64)
    for name, column in numbers.items():
        factor = np.uint64(hash(name) % (1 << 64) | 1)
        marks[column.places] += column.values.view(np.uint64) * factor
    return marks
