"""Arrays that only ever grow, so that a view taken once stays true for ever."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

Scalar = TypeVar("Scalar", bound=np.generic)
Item = TypeVar("Item")


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


class GrowingLists(Generic[Item]):
    """Lists by tag, and frozen copies of them; only the lists that grew are copied anew."""

    __slots__ = ("_frozen", "_items")

    def __init__(self) -> None:
        self._items: dict[str, list[Item]] = {}
        self._frozen: dict[str, tuple[Item, ...]] = {}

    def add(self, tag: str, item: Item) -> None:
        """Append an item to the list of a tag."""
        self._items.setdefault(tag, []).append(item)

    def freeze(self) -> Mapping[str, tuple[Item, ...]]:
        """Return the lists as they are now, in the order in which the tags appeared."""
        for tag, items in self._items.items():
            if len(items) != len(self._frozen.get(tag, ())):
                self._frozen[tag] = tuple(items)
        return MappingProxyType(dict(self._frozen))
