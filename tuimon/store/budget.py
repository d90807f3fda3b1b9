"""How much memory the points of all runs may take."""

from __future__ import annotations

from typing import Protocol
from weakref import WeakKeyDictionary

# While a column grows or folds, and until nobody looks at older views, both the old and the new are there.
_SHARE_HELD = 0.5


class Foldable(Protocol):
    """What holds points and can make do with less memory."""

    def fold(self) -> int | None:
        """Fold older points; return the bytes that are held now, or None where nothing could be folded."""


class MemoryBudget:
    """Keeps the points of all stores that share it within a limit. Only the reader thread touches it.

    Give one to every `RunStore` of a program. A store tells what it holds as it grows; where all of them
    together hold too much, the largest ones fold their older points (see `thinning`). Nothing is dropped.

    Args:
        limit_bytes: What all points may take, what is in use for a moment included: folding begins at half of
            this.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._held: WeakKeyDictionary[Foldable, int] = WeakKeyDictionary()

    @property
    def held_bytes(self) -> int:
        """What all stores hold, as far as they have told."""
        return sum(self._held.values())

    def tell(self, store: Foldable, held_bytes: int) -> None:
        """Note what a store holds, and let the largest stores fold until all have room."""
        self._held[store] = held_bytes
        able = set(self._held)
        while able and self.held_bytes > self.limit_bytes * _SHARE_HELD:
            largest = max(able, key=self._held.__getitem__)
            left = largest.fold()
            if left is None:
                able.discard(largest)
            else:
                self._held[largest] = left
