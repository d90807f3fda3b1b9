"""Arrays that only ever grow, so that a view taken once stays true for ever."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

Scalar = TypeVar("Scalar", bound=np.generic)


class GrowingArray(Generic[Scalar]):
    """A numpy column with room for more at its end.

    Elements that were appended are never written again. A view is therefore safe to read in another thread
    while the owner appends: growing either writes behind the view's end or moves to a new buffer.
    """

    __slots__ = ("_buffer", "_size")

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self._buffer: npt.NDArray[Scalar] = np.empty(0, dtype)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def nbytes(self) -> int:
        """How many bytes it takes, those at its end included."""
        return self._buffer.nbytes

    @property
    def dtype(self) -> np.dtype[Scalar]:
        """What the elements are."""
        return self._buffer.dtype

    def extend(self, more: npt.NDArray[Scalar]) -> None:
        """Append a column."""
        needed = self._size + len(more)
        if needed > len(self._buffer):
            # Room for an eighth more: memory counts for more here than the time of copying.
            grown = np.empty(needed + needed // 8 + 8, self._buffer.dtype)
            grown[: self._size] = self._buffer[: self._size]
            self._buffer = grown
        self._buffer[self._size : needed] = more
        self._size = needed

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
