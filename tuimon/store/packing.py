"""Packed columns while they grow, shared by series for as long as these are logged together."""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from tuimon.core.batch import ScalarBatch
from tuimon.core.columns import Int64Array
from tuimon.store.column import BLOCK, NO_BLOCKS, Blocks, Column, Element
from tuimon.store.growing import GrowingArray
from tuimon.store.heap import keep_freed_memory

_WITHIN = np.arange(BLOCK)
_POOLS = (np.int8, np.int16, np.int32, np.int64)
_REACHES = np.array([np.iinfo(pool).max for pool in _POOLS])
_PIECE = 1 << 18
_NO_INDICES = np.empty(0, np.int64)
# Tags that part at the same row mostly go on in the same few ways.
_KEPT_FORKS = 8

# Before the first block is read for a column.
keep_freed_memory()


class _GrowingBlocks:
    """The growing form of `Blocks`."""

    __slots__ = ("_base", "_pool", "_pools", "_row", "_stride")

    def __init__(self) -> None:
        self._base: GrowingArray[np.int64] = GrowingArray(np.int64)
        self._stride: GrowingArray[np.int64] = GrowingArray(np.int64)
        self._pool: GrowingArray[np.uint8] = GrowingArray(np.uint8)
        self._row: GrowingArray[np.int32] = GrowingArray(np.int32)
        self._pools: dict[int, GrowingArray[np.signedinteger[Any]]] = {}

    def extend(self, blocks: Int64Array) -> None:
        """Append blocks, int64[k, 256]."""
        base = blocks[:, 0]
        stride = (blocks[:, -1] - base) // (BLOCK - 1)
        pool, row = np.zeros(len(blocks), np.uint8), np.zeros(len(blocks), np.int32)
        # Orders and steps mostly are progressions.
        if not (blocks[:, 1:] - blocks[:, :-1] == stride[:, np.newaxis]).all():
            beside = blocks - (base[:, np.newaxis] + stride[:, np.newaxis] * _WITHIN)
            lowest, highest = beside.min(axis=1), beside.max(axis=1)
            pool[:] = _REACHES.searchsorted(np.maximum(highest, -1 - lowest)) + 1
            pool[(lowest == 0) & (highest == 0)] = 0
            for number in set(pool[pool > 0].tolist()):
                among = pool == number
                held = self._pools.setdefault(number, GrowingArray(_POOLS[number - 1]))
                row[among] = len(held) // BLOCK + np.arange(np.count_nonzero(among))
                held.extend(beside[among].astype(held.dtype).ravel())
        self._base.extend(base)
        self._stride.extend(stride)
        self._pool.extend(pool)
        self._row.extend(row)

    def extend_packed(self, blocks: Blocks) -> None:
        """Append blocks that are packed, as they are."""
        row = blocks.row.copy()
        for number, beside in blocks.pools.items():
            among = blocks.pool == number
            if among.any():
                held = self._pools.setdefault(number, GrowingArray(_POOLS[number - 1]))
                rows = blocks.row[among]
                row[among] = len(held) // BLOCK + np.arange(len(rows))
                # Blocks lie in a pool in the order of the column.
                held.extend(beside[rows[0] : rows[-1] + 1].ravel())
        self._base.extend(blocks.base)
        self._stride.extend(blocks.stride)
        self._pool.extend(blocks.pool)
        self._row.extend(row)

    def view(self) -> Blocks:
        """Return the blocks so far."""
        pools = {number: held.view().reshape(-1, BLOCK) for number, held in sorted(self._pools.items())}
        return Blocks(self._base.view(), self._stride.view(), self._pool.view(), self._row.view(), pools)


class PackedColumn(Generic[Element]):
    """The growing form of a column. Only the reader thread touches it.

    What was appended is never written again, so that a `Column` that was taken once stays true.
    """

    __slots__ = ("_blocks", "_falls", "_forks", "_last", "_packed", "_tail", "_view", "dtype")

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self._blocks: _GrowingBlocks | None = None
        self._packed = 0
        self._tail: GrowingArray[np.int64] = GrowingArray(np.int64)
        self._falls: GrowingArray[np.int64] = GrowingArray(np.int64)
        self._last: npt.NDArray[Element] = np.empty(0, self.dtype)
        self._view: Column[Element] | None = None
        # By the place where they left, and the bits of their first element from there on.
        self._forks: list[tuple[tuple[int, int], PackedColumn[Element]]] = []

    def __len__(self) -> int:
        return self._packed + len(self._tail)

    def extend(self, more: npt.NDArray[Element]) -> None:
        """Append elements."""
        if not len(more):
            return
        self._note_falls(more)
        self._view = None
        bits = _bits_of(more)
        if len(self._tail) + len(bits) >= BLOCK:
            waiting = np.concatenate([self._tail.view(), bits])
            whole = len(waiting) // BLOCK * BLOCK
            self._blocks = self._blocks or _GrowingBlocks()
            self._blocks.extend(waiting[:whole].reshape(-1, BLOCK))
            self._packed += whole
            # Views of the old tail stay true: a new one is begun.
            self._tail = GrowingArray(np.int64)
            bits = waiting[whole:]
        self._tail.extend(bits)

    def extend_packed(self, blocks: Blocks, falls: Int64Array, last: npt.NDArray[Element]) -> None:
        """Append packed blocks to a column that has no other elements behind its own blocks.

        Args:
            blocks: The blocks.
            falls: See `Column.falls`, by their index in this column.
            last: The last element.
        """
        self._blocks = self._blocks or _GrowingBlocks()
        self._blocks.extend_packed(blocks)
        self._packed += len(blocks) * BLOCK
        self._falls.extend(falls)
        self._last = last
        self._view = None

    def joined(self, at: int, more: npt.NDArray[Element], arrived: Arrived) -> PackedColumn[Element]:
        """Return the column that begins with the first `at` elements of this one and goes on with `more`.

        This is the column itself where it ends there, or goes on in the same way; else the same of a column
        that others left for at that place, or a new one.

        Args:
            at: Is not beyond the end of this column.
            more: Elements.
            arrived: By what columns were extended lately; is added to.
        """
        if not len(more):
            return self
        bits = _bits_of(more)
        begin = at, bits.item(0)
        ways: list[PackedColumn[Element]] = [self]
        ways += [fork for left, fork in self._forks if left == begin]
        for column in ways:
            held = min(len(column) - at, len(bits))
            if _holds(column, at, bits[:held], arrived):
                break
        else:
            column, held = self.thinned(_NO_INDICES, 0, at), 0
            self._forks.append((begin, column))
            del self._forks[:-_KEPT_FORKS]
        if held < len(bits):
            column.extend(more[held:])
            arrived[column] = at, bits
        return column

    def thinned(self, kept: Int64Array, start: int, stop: int) -> PackedColumn[Element]:
        """Return a column of the elements `kept` and, behind them, `[start, stop)`.

        The number of those that are kept and `start` are multiples of 256, so that whole blocks are copied as
        they are. Where `start` is above 0, the element before it is kept as the last one.
        """
        column: PackedColumn[Element] = PackedColumn(self.dtype)
        view = self.view()
        # Piece by piece: unpacked elements take much room.
        for begin in range(0, len(kept), _PIECE):
            column.extend(view[kept[begin : begin + _PIECE]])
        whole = min(stop, self._packed) // BLOCK * BLOCK
        if whole > start and self._blocks is not None:
            falls = view.falls[slice(*view.falls.searchsorted([start, whole]))]
            column.extend_packed(
                self._blocks.view().part(start // BLOCK, whole // BLOCK),
                falls + (len(kept) - start),
                view[whole - 1 : whole],
            )
            start = whole
        column.extend(view[start:stop])
        return column

    def view(self) -> Column[Element]:
        """Return the column as it is now."""
        if self._view is None:
            blocks = NO_BLOCKS if self._blocks is None else self._blocks.view()
            self._view = Column(blocks, self._tail.view(), self.dtype, self._falls.view(), 0, len(self))
        return self._view

    def _note_falls(self, more: npt.NDArray[Element]) -> None:
        joint = np.concatenate([self._last, more])
        falls = joint[1:] < joint[:-1]
        if joint.dtype.kind == "f":
            known = np.isfinite(joint)
            if not known.all():
                falls |= known[1:] != known[:-1]
        if np.count_nonzero(falls):
            self._falls.extend(falls.nonzero()[0] + (len(self) + 1 - len(self._last)))
        self._last = joint[-1:].copy()


Arrived: TypeAlias = dict[PackedColumn[Any], tuple[int, Int64Array]]
"""By what columns were extended last: from which element on, and the bits as they came."""


def packed(elements: npt.NDArray[Element]) -> Column[Element]:
    """Return elements as a column that no longer grows."""
    column: PackedColumn[Element] = PackedColumn(elements.dtype)
    column.extend(elements)
    return column.view()


def _holds(column: PackedColumn[Element], at: int, bits: Int64Array, arrived: Arrived) -> bool:
    """Return whether a column has exactly these elements, given as their bits, from `at` on."""
    if not len(bits):
        return True
    begin, known = arrived.get(column, (-1, _NO_INDICES))
    if begin == at and len(known) >= len(bits):
        return known.item(0) == bits.item(0) and bool((known[: len(bits)] == bits).all())
    view = column.view()
    # A single element is unpacked at little cost, and mostly tells.
    if view[at].tobytes() != bits[0].tobytes():
        return False
    return bool((_bits_of(view[at : at + len(bits)]) == bits).all())


def _bits_of(elements: npt.NDArray[Element]) -> Int64Array:
    """Return elements as int64, bit by bit: so a NaN is equal to itself."""
    return np.ascontiguousarray(elements).view(np.int64)


class Clock(NamedTuple):
    """When the points of a series were logged. Series that are logged together have one of them in common.

    A clock may be ahead of a series that shares it: the first points of it are those of the series.
    """

    order: PackedColumn[np.int64]
    steps: PackedColumn[np.int64]
    wall_times: PackedColumn[np.float64]

    @classmethod
    def begin(cls) -> Clock:
        """Return a clock without points."""
        return cls(PackedColumn(np.int64), PackedColumn(np.int64), PackedColumn(np.float64))

    def thinned(self, kept: Int64Array, start: int, stop: int) -> Clock:
        """Return a clock of its own with the points `kept` and, behind them, `[start, stop)`."""
        return Clock(
            self.order.thinned(kept, start, stop),
            self.steps.thinned(kept, start, stop),
            self.wall_times.thinned(kept, start, stop),
        )


class ClockRows:
    """When the rows of one batch were logged, on their way into the clocks of its tags.

    Args:
        batch: The batch.
        arrived: What came with earlier batches, mostly of the same rows: to compare with that costs less than
            to unpack columns. It is to be forgotten with the arrays that it holds.
    """

    def __init__(self, batch: ScalarBatch, arrived: Arrived) -> None:
        self._batch = batch
        self._arrived = arrived
        self._joined: dict[tuple[int, int], tuple[Clock, Clock]] = {}

    def joined(self, clock: Clock, at: int) -> Clock:
        """Return the clock that begins with the first `at` points of `clock` and goes on with these rows."""
        # Tags of one batch have mostly one clock: what is found for one of them holds for all.
        known = self._joined.get((id(clock), at))
        if known is None:
            found = Clock(
                clock.order.joined(at, self._batch.order, self._arrived),
                clock.steps.joined(at, self._batch.steps, self._arrived),
                clock.wall_times.joined(at, self._batch.wall_times, self._arrived),
            )
            same = all(new is old for new, old in zip(found, clock, strict=True))
            known = self._joined[id(clock), at] = (clock, clock if same else found)
        return known[1]
