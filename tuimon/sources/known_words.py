"""Words of a text that come again and again, told by number, thousands at once in numpy.

A word of up to 32 bytes is fetched as one window, multiplied to a place in a table, and compared there with
the word that the place belongs to. A word that is not known, or longer, or whose place another one has, is
left to the caller.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tuimon.core.columns import Int64Array

WINDOW = 32
"""The longest word that can be told. So many bytes of a text lie before the end of each word."""

UNKNOWN = -1

_PLACE_BITS = 16
# Odd numbers of many digits: 2**64 divided by the golden ratio, and its powers (D. E. Knuth, "The Art of
# Computer Programming", volume 3, section 6.4).
_GOLDEN = 0x9E3779B97F4A7C15
_FACTORS = np.array([pow(_GOLDEN, power, 1 << 64) for power in (1, 2, 3, 4)], np.uint64)
_WORD_DTYPE = np.dtype(f"V{WINDOW}")
# For each length, which bytes of a window belong to the word that ends with it.
_MASKS = np.frombuffer(
    b"".join((b"\xff" * length).rjust(WINDOW, b"\0") for length in range(WINDOW + 1)), _WORD_DTYPE
)

Bytes = npt.NDArray[np.uint8]
Quarters = npt.NDArray[np.uint64]


class KnownWords:
    """Tells the numbers of words that it was told. Used by one thread."""

    def __init__(self) -> None:
        self._places = np.full(1 << _PLACE_BITS, UNKNOWN, np.int32)
        self._words = np.empty(0, _WORD_DTYPE)
        self._lengths = np.empty(0, np.int64)
        self._numbers = np.empty(0, np.int64)

    def learn(self, word: bytes, number: int) -> None:
        """Learn the number of a word; one that is known, empty or too long is left as it is."""
        if not 0 < len(word) <= WINDOW:
            return
        seen = np.frombuffer(word.rjust(WINDOW, b"\0"), _WORD_DTYPE)
        place = int(_place(seen.view(np.uint64).reshape(1, -1))[0])
        if self._places[place] == UNKNOWN:
            self._places[place] = len(self._words)
            self._words = np.append(self._words, seen)
            self._lengths = np.append(self._lengths, len(word))
            self._numbers = np.append(self._numbers, number)

    def find(self, text: Bytes, begins: Int64Array, ends: Int64Array) -> Int64Array:
        """Return the numbers of the words at `[begins, ends)` as int64[n], `UNKNOWN` where it is not told."""
        if not len(self._words):
            return np.full(len(begins), UNKNOWN, np.int64)
        windows = np.ndarray((len(text) - WINDOW + 1,), _WORD_DTYPE, text.data, strides=(1,))
        seen = _quarters(windows[ends - WINDOW])
        lengths = ends - begins
        seen &= _quarters(_MASKS.take(lengths, mode="clip"))
        index = self._places[_place(seen)]
        seen ^= _quarters(self._words.take(index, mode="clip"))
        same = (seen[:, 0] | seen[:, 1] | seen[:, 2] | seen[:, 3]) == 0
        same &= (index != UNKNOWN) & (self._lengths.take(index, mode="clip") == lengths)
        return np.where(same, self._numbers.take(index, mode="clip"), UNKNOWN)


def _quarters(words: npt.NDArray[np.void]) -> Quarters:
    quarters: Quarters = words.view(np.uint64).reshape(-1, WINDOW // 8)
    return quarters


def _place(quarters: Quarters) -> Int64Array:
    mixed = quarters[:, 0] * _FACTORS[0]
    for column in range(1, len(_FACTORS)):
        mixed += quarters[:, column] * _FACTORS[column]
    mixed ^= mixed >> np.uint64(32)
    mixed *= _FACTORS[0]
    places: Int64Array = (mixed >> np.uint64(64 - _PLACE_BITS)).view(np.int64)
    return places
