"""A block of a text log: where its lines and the numbers in them stand."""

from __future__ import annotations

import numpy as np

from tuimon.core.columns import Int64Array
from tuimon.sources.decimal_text import MARGIN, WORD, ByteArray, WordArray, words_of

_LINE_END = 0x0A
_POINT, _SLASH_BEHIND_POINT, _DIGITS_AND_POINT = 0x2E, 1, 12
_PLUS, _COMMA, _MINUS, _LETTER_E, _TO_LOWER = 0x2B, 0x2C, 0x2D, 0x65, 0x20
_GROUP_DIGITS = 3
# Masks of so many bytes stay in the processor's cache.
_BYTES_AT_ONCE = 1 << 16


class LogText:
    """A block of whole lines, and where numbers stand in it.

    A number is a run of digits and points, with a sign before it (unless another number stands there), an
    exponent behind it, and commas between groups of three digits.

    Attributes:
        text: uint8[m], with `MARGIN` bytes before and a word behind.
        line_starts: int64[n], in `text`.
        line_ends: int64[n], where the line ends stand.
        run_starts: int64[r], where the numbers begin.
        run_ends: int64[r].
        first_runs: int64[n], the first number in each line.
        run_counts: int64[n].
    """

    def __init__(self, block: bytes) -> None:
        self.text: ByteArray = np.frombuffer(bytes(MARGIN) + block + bytes(WORD), np.uint8)
        self.words: WordArray = words_of(self.text)
        marks = [
            _marks(self.text[begin : begin + _BYTES_AT_ONCE + 2 * WORD], begin)
            for begin in range(MARGIN - WORD, len(self.text) - 2 * WORD + 1, _BYTES_AT_ONCE)
        ]
        self.line_ends, edges = map(np.concatenate, zip(*marks, strict=True))
        self.line_starts = np.append(MARGIN, self.line_ends[:-1] + 1)
        self.run_starts, self.run_ends = edges[::2], edges[1::2]
        self.first_runs = self.run_starts.searchsorted(self.line_starts)
        self.run_counts = np.diff(np.append(self.first_runs, len(self.run_starts)))

    def __len__(self) -> int:
        return len(self.line_ends)


def _marks(text: ByteArray, begin: int) -> tuple[Int64Array, Int64Array]:
    """Return where line ends stand, and where numbers begin and end in turn.

    Args:
        text: uint8[m]; a word before and behind what is told of is only looked at.
        begin: Where `text` begins in the block.
    """
    shifted = text - np.uint8(_POINT)
    is_digit = (shifted < _DIGITS_AND_POINT) & (shifted != _SLASH_BEHIND_POINT)
    is_number = is_digit.copy()
    is_sign = (text == _MINUS) | (text == _PLUS)
    is_number[1:-1] |= is_sign[1:-1] & is_digit[2:] & ~is_digit[:-2]
    letters = ((text | np.uint8(_TO_LOWER)) == _LETTER_E)[1:-2] & is_digit[:-3]
    signed = letters & is_sign[2:-1] & is_digit[3:]
    is_number[1:-2] |= signed
    is_number[2:-1] |= signed
    is_number[1:-2] |= letters & is_digit[2:-1]
    commas = np.flatnonzero((text[1:-1] == _COMMA) & is_digit[:-2] & is_digit[2:]) + 1
    commas = commas[commas < len(text) - _GROUP_DIGITS - 1]
    commas = commas[is_digit[commas + 2] & is_digit[commas + 3] & ~is_digit[commas + 4]]
    is_number[commas] = True
    told = slice(WORD, -WORD)
    edges = np.flatnonzero(is_number[WORD:-WORD] != is_number[WORD - 1 : -WORD - 1])
    line_ends = np.flatnonzero(text[told] == _LINE_END)
    return line_ends + (begin + WORD), edges + (begin + WORD)
