"""Columns of whole numbers and of times that take a fraction of their usual room and give back every bit.

Steps, orders and times mostly rise evenly. A block of them is kept as a straight line and what each element
lies beside it, in the narrowest type that holds that: nothing at all for a progression, a few bytes for the
jitter of a clock. Times are packed as their bits: doubles between two powers of two are evenly spaced, so
that their bits, read as integers, lie on a line just as the times do, and come back exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Literal, TypeVar, overload

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen

BLOCK = 256

Element = TypeVar("Element", np.int64, np.float64)
Side = Literal["left", "right"]

_WITHIN = np.arange(BLOCK)
_WORD = 1 << 64
# An answer to a question about more elements is not kept.
_MOST_REMEMBERED = 1024


@frozen(eq=False)
class Blocks:
    """Packed blocks of 256 integers. Element j of block i is `base[i] + stride[i] * j` and what lies beside.

    All sums are modulo 2**64, so that no number is too far from its line.

    Attributes:
        base: int64[n], the first element of each block.
        stride: int64[n].
        pool: uint8[n], in which of `pools` a block has what lies beside its line; 0 if nothing does.
        row: int32[n], in which row of that pool.
        pools: By number, the narrowest first: integers[rows, 256]. Those that hold nothing are not there.
    """

    base: Int64Array
    stride: Int64Array
    pool: npt.NDArray[np.uint8]
    row: npt.NDArray[np.int32]
    pools: Mapping[int, npt.NDArray[np.signedinteger[Any]]]

    def __len__(self) -> int:
        return len(self.base)

    @property
    def nbytes(self) -> int:
        """How many bytes they take."""
        tables: list[npt.NDArray[Any]] = [self.base, self.stride, self.pool, self.row, *self.pools.values()]
        return sum(table.nbytes for table in tables)

    def part(self, first: int, last: int) -> Blocks:
        """Return the blocks `[first, last)`; the pools stay those of all."""
        chosen = slice(first, last)
        return Blocks(self.base[chosen], self.stride[chosen], self.pool[chosen], self.row[chosen], self.pools)

    def unpack(self, chosen: slice | Int64Array) -> Int64Array:
        """Return some of the blocks as int64[k, 256]."""
        blocks = self.stride[chosen, np.newaxis] * _WITHIN
        blocks += self.base[chosen, np.newaxis]
        pool, row = self.pool[chosen], self.row[chosen]
        for number, beside in self.pools.items():
            if len(beside) == len(self):
                blocks += beside[row]
            else:
                among = pool == number
                blocks[among] += beside[row[among]]
        return blocks

    def take(self, index: Int64Array) -> Int64Array:
        """Return single elements."""
        block, within = index // BLOCK, index % BLOCK
        taken = self.base[block] + self.stride[block] * within
        pool, row = self.pool[block], self.row[block]
        for number, beside in self.pools.items():
            if len(beside) == len(self):
                taken += beside[row, within]
            else:
                among = pool == number
                taken[among] += beside[row[among], within[among]]
        return taken

    def element(self, index: int) -> int:
        """Return one element, without the cost of numpy."""
        block, within = divmod(index, BLOCK)
        pool = int(self.pool[block])
        beside = int(self.pools[pool][self.row[block], within]) if pool else 0
        element = int(self.base[block]) + int(self.stride[block]) * within + beside
        return (element + _WORD // 2) % _WORD - _WORD // 2


NO_BLOCKS = Blocks(
    np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.int32), {}
)


class Column(NDArrayOperatorsMixin, Generic[Element]):
    """A packed column as it was at one moment: a read-only sequence that numpy takes for an array.

    Elements, slices and picked elements are unpacked when they are asked for, at a cost that follows their
    number. What needs all of them as an array (`np.asarray`, arithmetic) unpacks all of them, each time.
    May be used in any thread.

    Attributes:
        dtype: What the elements are: int64 or float64.
        falls: int64[k], the indices at which an element is smaller than the one before, or begins or ceases
            to be a finite number.
    """

    __slots__ = ("_begin", "_blocks", "_end", "_found", "_known", "_tail", "dtype", "falls")

    def __init__(
        self,
        blocks: Blocks,
        tail: Int64Array,
        dtype: np.dtype[Element],
        falls: Int64Array,
        begin: int,
        end: int,
    ) -> None:
        self._blocks = blocks
        self._tail = tail
        self.dtype: np.dtype[Element] = dtype
        self.falls = falls
        self._begin = begin
        self._end = end
        self._known: int | None = None
        self._found: tuple[bytes, Side, Int64Array] | None = None

    def __len__(self) -> int:
        return self._end - self._begin

    @property
    def known(self) -> int:
        """How many elements are finite numbers."""
        if self._known is None:
            begins = np.append(0, self.falls) if len(self) else self.falls
            lengths = np.diff(np.append(begins, len(self)))
            self._known = int(lengths[np.isfinite(self.take(begins))].sum())
        return self._known

    @property
    def nbytes(self) -> int:
        """How many bytes the packed elements take, those of the whole column that this may be a part of."""
        return self._blocks.nbytes + self._tail.nbytes + self.falls.nbytes

    def part(self, start: int, stop: int) -> Column[Element]:
        """Return the elements `[start, stop)`, still packed; both lie within the column."""
        if (start, stop) == (0, len(self)):
            return self
        first, last = self.falls.searchsorted([start + 1, stop])
        falls = self.falls[first:last] - start
        begin = self._begin + start
        return Column(self._blocks, self._tail, self.dtype, falls, begin, self._begin + stop)

    def take(self, index: Int64Array) -> npt.NDArray[Element]:
        """Return the elements at `index`, each of which lies within the column."""
        at = index + self._begin
        packed = len(self._blocks) * BLOCK
        in_tail = at >= packed
        if in_tail.all():
            return self._tail[at - packed].view(self.dtype)
        taken = self._blocks.take(np.minimum(at, packed - 1))
        taken[in_tail] = self._tail[at[in_tail] - packed]
        return taken.view(self.dtype)

    @overload
    def __getitem__(self, key: slice | npt.NDArray[np.integer[Any] | np.bool_]) -> npt.NDArray[Element]: ...
    @overload
    def __getitem__(self, key: int | np.integer[Any]) -> Element: ...
    def __getitem__(
        self, key: int | np.integer[Any] | slice | npt.NDArray[np.integer[Any] | np.bool_]
    ) -> Element | npt.NDArray[Element]:
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            return (
                self._unpack(start, max(start, stop))
                if step == 1
                else self.take(np.arange(start, stop, step))
            )
        if isinstance(key, np.ndarray) and key.ndim:
            index = key.nonzero()[0] if key.dtype == np.bool_ else np.where(key < 0, key + len(self), key)
            if index.size and (index.min() < 0 or index.max() >= len(self)):
                raise IndexError(f"index out of range for a column of {len(self)} elements")
            return self.take(index)
        index_of_one = range(len(self))[key]
        at, packed = index_of_one + self._begin, len(self._blocks) * BLOCK
        bits = self._blocks.element(at) if at < packed else self._tail[at - packed]
        element: Element = np.int64(bits).view(self.dtype)
        return element

    def tolist(self) -> list[Any]:
        """Return the elements as numbers of Python."""
        elements: list[Any] = self._unpack(0, len(self)).tolist()
        return elements

    def searchsorted(self, targets: npt.ArrayLike, side: Side = "left", sorter: None = None) -> Int64Array:  # noqa: ARG002  # numpy passes it
        """Return where each target belongs among the elements, which must be ascending.

        As that of an array, at a cost that follows the number of targets.
        """
        wanted = np.atleast_1d(np.asarray(targets))
        if len(wanted) > _MOST_REMEMBERED:
            found = self._search(wanted, side)
        else:
            # The charts of a screen ask the same of the columns that they share.
            asked, remembered = wanted.tobytes(), self._found
            if remembered is None or remembered[:2] != (asked, side):
                remembered = self._found = asked, side, self._search(wanted, side)
            found = remembered[2].copy()
        return found if np.ndim(targets) else found[0]

    def _search(self, targets: npt.NDArray[Any], side: Side) -> Int64Array:
        if len(targets) * BLOCK > len(self):
            return self._unpack(0, len(self)).searchsorted(targets, side)
        begin, end, packed = self._begin, self._end, len(self._blocks) * BLOCK
        found = np.zeros(len(targets), np.int64)
        if begin < min(end, packed):
            found += self._search_blocks(targets, side, begin, min(end, packed))
        if end > packed:
            tail = self._tail[max(begin - packed, 0) : end - packed].view(self.dtype)
            found += tail.searchsorted(targets, side)
        return found

    def _search_blocks(self, targets: npt.NDArray[Any], side: Side, begin: int, end: int) -> Int64Array:
        """Search among packed elements: first for the block that a target belongs in, then within it."""
        first, last = begin // BLOCK, (end - 1) // BLOCK
        heads = self._blocks.base[first + 1 : last + 1].view(self.dtype)
        block = first + heads.searchsorted(targets, side)
        elements = self._blocks.unpack(block).view(self.dtype)
        wanted = targets[:, np.newaxis]
        below = elements < wanted if side == "left" else elements <= wanted
        below[block == first, : begin - first * BLOCK] = True
        below[block == last, end - last * BLOCK :] = False
        found: Int64Array = block * BLOCK + np.count_nonzero(below, axis=1) - begin
        return found

    def _unpack(self, start: int, stop: int) -> npt.NDArray[Element]:
        begin, end = self._begin + start, self._begin + stop
        packed = len(self._blocks) * BLOCK
        if begin >= packed:
            unpacked = self._tail[begin - packed : end - packed]
        else:
            first = begin // BLOCK
            whole = self._blocks.unpack(slice(first, -(-min(end, packed) // BLOCK))).ravel()
            unpacked = whole[begin - first * BLOCK : min(end, packed) - first * BLOCK]
            if end > packed:
                unpacked = np.concatenate([unpacked, self._tail[: end - packed]])
        elements: npt.NDArray[Element] = unpacked.view(self.dtype)
        elements.flags.writeable = False
        return elements

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:  # noqa: FBT001  # as numpy calls it
        whole = self._unpack(0, len(self))
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: object, **options: Any) -> Any:  # noqa: ANN401  # whatever numpy returns
        arrays = (np.asarray(each) if isinstance(each, Column) else each for each in inputs)
        return getattr(ufunc, method)(*arrays, **options)


IntColumn = Int64Array | Column[np.int64]
TimeColumn = Float64Array | Column[np.float64]
