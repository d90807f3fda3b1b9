"""Arrays that only ever grow, so that a view taken once stays true for ever."""

from __future__ import annotations

import mmap
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from tuimon.store.heap import pages

Scalar = TypeVar("Scalar", bound=np.generic)

# From this size on, a column has pages of its own, of which those that were never written take no memory.
_OWN_PAGES_FROM_BYTES = 256 << 10


class GrowingArray(Generic[Scalar]):
    """A numpy column with room for more at its end.

    Elements that were appended are never written again. A view is therefore safe to read in another thread
    while the owner appends: growing either writes behind the view's end or moves to a new buffer.
    """

    __slots__ = ("_buffer", "_size")

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self._buffer: npt.NDArray[Scalar] = np.empty(0, dtype)
        self._size = 0

    @classmethod
    def holding(cls, elements: npt.NDArray[Scalar]) -> GrowingArray[Scalar]:
        """Return an array of elements that nobody else writes, without copying them."""
        array = cls(elements.dtype)
        array._buffer, array._size = elements, len(elements)
        return array

    def __len__(self) -> int:
        return self._size

    @property
    def nbytes(self) -> int:
        """How many bytes it takes, those at its end included."""
        written = self._size * self._buffer.itemsize
        return min(self._buffer.nbytes, -(-written // mmap.PAGESIZE) * mmap.PAGESIZE)

    @property
    def dtype(self) -> np.dtype[Scalar]:
        """What the elements are."""
        return self._buffer.dtype

    def extend(self, more: npt.NDArray[Scalar]) -> None:
        """Append a column."""
        needed = self._size + len(more)
        self.reserve(needed)
        self._buffer[self._size : needed] = more
        self._size = needed

    def reserve(self, count: int) -> None:
        """Have room for `count` elements, so that they can come piece by piece without being moved."""
        if count > len(self._buffer):
            grown = _room(count, self._buffer.dtype)
            grown[: self._size] = self._buffer[: self._size]
            self._buffer = grown

    def widened(self, dtype: npt.DTypeLike) -> GrowingArray[Scalar]:
        """Return the array with elements of a wider type; the array itself if they are."""
        if self._buffer.dtype == dtype:
            return self
        wider: GrowingArray[Scalar] = GrowingArray(dtype)
        wider.extend(self.view())
        return wider

    def view(self) -> npt.NDArray[Scalar]:
        """Return all elements as a read-only array that shares memory."""
        view = self._buffer[: self._size]
        view.setflags(write=False)
        return view


def _room(count: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return an array with room for `count` elements and more."""
    if count * dtype.itemsize < _OWN_PAGES_FROM_BYTES:
        # Room for an eighth more: memory counts for more here than the time of copying.
        return np.empty(count + count // 8 + 8, dtype)
    return np.frombuffer(pages(2 * count * dtype.itemsize), dtype)
