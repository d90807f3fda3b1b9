"""Texts, images and histograms of a run: how many there were, and the first and the last few of each tag."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from itertools import repeat
from types import MappingProxyType
from typing import Generic, TypeVar

from tuimon.core.batch import HistogramBatch, ImageRecord, TextRecord
from tuimon.core.frozen import frozen

Item = TypeVar("Item", TextRecord, ImageRecord, HistogramBatch)


@frozen
class Records(Generic[Item]):
    """What was logged under one tag, at least once.

    Attributes:
        count: How many records there were.
        first: The first few.
        last: The last few of those after the first ones, oldest first.
    """

    count: int
    first: tuple[Item, ...]
    last: tuple[Item, ...]

    @property
    def newest(self) -> Item:
        """The last record."""
        return (self.last or self.first)[-1]

    @property
    def kept(self) -> tuple[Item, ...]:
        """All records that are kept, oldest first."""
        return self.first + self.last


class _Kept(Generic[Item]):
    """Of the records of one tag, the first ones, the last ones, and what makes those that came after these.

    A block of a file brings more records than are kept, and the next block as many: most are superseded
    before anybody looks at them.
    """

    __slots__ = ("count", "first", "last", "waiting")

    def __init__(self, last: int) -> None:
        self.count = 0
        self.first: list[Item] = []
        self.last: deque[Item] = deque(maxlen=last)
        self.waiting: deque[tuple[Callable[[int], Item], int]] = deque(maxlen=last)

    def freeze(self) -> Records[Item]:
        """Return the records as they are now."""
        self.last.extend(make(number) for make, number in self.waiting)
        self.waiting.clear()
        return Records(self.count, tuple(self.first), tuple(self.last))


class GrowingRecords(Generic[Item]):
    """Records by tag while they come. Only the reader thread touches it.

    Args:
        first: How many of the first records of each tag are kept.
        last: How many of the last ones.
    """

    __slots__ = ("_changed", "_first", "_frozen", "_kept", "_last")

    def __init__(self, first: int, last: int) -> None:
        self._first = first
        self._last = last
        self._kept: dict[str, _Kept[Item]] = {}
        self._changed: set[str] = set()
        self._frozen: Mapping[str, Records[Item]] = MappingProxyType({})

    def extend(self, tag: str, count: int, item: Callable[[int], Item]) -> None:
        """Append `count` records of a tag; `item` makes those of them that are kept."""
        if not count:
            return
        kept = self._kept.get(tag)
        if kept is None:
            kept = self._kept[tag] = _Kept(self._last)
        early = min(count, self._first - len(kept.first))
        kept.first += map(item, range(early))
        kept.waiting.extend(zip(repeat(item), range(max(early, count - self._last), count), strict=False))
        kept.count += count
        self._changed.add(tag)

    def add(self, tag: str, item: Item) -> None:
        """Append a record of a tag."""
        self.extend(tag, 1, lambda _: item)

    def freeze(self) -> Mapping[str, Records[Item]]:
        """Return the records as they are now, in the order in which the tags appeared."""
        if self._changed:
            # In the order of all tags, so that new ones go behind the others.
            fresh = {tag: kept.freeze() for tag, kept in self._kept.items() if tag in self._changed}
            self._frozen = MappingProxyType({**self._frozen, **fresh})
            self._changed.clear()
        return self._frozen


def histogram_at(batch: HistogramBatch, row: int) -> HistogramBatch:
    """Return one histogram of a batch, which holds nothing of the others' memory."""
    one = slice(row, row + 1)
    return HistogramBatch(
        batch.tag,
        batch.order[one].copy(),
        batch.steps[one].copy(),
        batch.wall_times[one].copy(),
        (batch.edges[row].copy(),),
        (batch.counts[row].copy(),),
    )
