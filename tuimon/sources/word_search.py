"""The lines of a text in which one of some words stands: few comparisons per byte for all words together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tuimon.core.columns import Int64Array
from tuimon.sources.decimal_text import BoolArray, ByteArray

_FRAGMENT = 3
# The masks of so many bytes stay in the processor's cache.
_BYTES_AT_ONCE = 1 << 16
_TO_LOWER = 0x20
# What English text is made of, the most frequent one first.
_FREQUENT = b" etaoinsrhldcumfpgwybvkxjqz"


class WordSearch:
    """Looks for words, in lower or upper case.

    Of each word a fragment of three bytes is looked for in the whole text, and where it stands, the words.

    Args:
        groups: Words in lower case, of at least three bytes each.
    """

    def __init__(self, *groups: Sequence[bytes]) -> None:
        self._groups = len(groups)
        self._words: dict[bytes, list[tuple[int, bytes, int]]] = {}
        for group, words in enumerate(groups):
            for word in words:
                fragment = next((known for known in self._words if known in word), None) or _rarest(word)
                self._words.setdefault(fragment, []).append((word.index(fragment), word, group))

    def lines(self, text: bytes) -> list[list[tuple[int, int]]]:
        """Return for each group the places `(begin, end)` of the lines that hold one of its words, rising.

        Args:
            text: Whole lines.
        """
        found: list[list[tuple[int, int]]] = [[] for _ in range(self._groups)]
        stops = [-1] * self._groups
        lowered = text.lower()
        for at in self._places(np.frombuffer(text, np.uint8)).tolist():
            for behind, word, group in self._words.get(lowered[at : at + _FRAGMENT], ()):
                if at >= stops[group] and at >= behind and lowered.startswith(word, at - behind):
                    stops[group] = text.find(b"\n", at)
                    found[group].append((text.rfind(b"\n", 0, at) + 1, stops[group]))
        return found

    def _places(self, text: ByteArray) -> Int64Array:
        """Return where fragments stand, or what differs from them in a bit that says nothing."""
        overlap = _FRAGMENT - 1
        parts = [
            np.flatnonzero(self._marked(text[begin : begin + _BYTES_AT_ONCE + overlap])) + begin
            for begin in range(0, max(len(text) - overlap, 0), _BYTES_AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def _marked(self, text: ByteArray) -> BoolArray:
        lowered = text | np.uint8(_TO_LOWER)
        equal: dict[int, BoolArray] = {}
        count = len(text) - _FRAGMENT + 1
        marked = np.zeros(count, np.bool_)
        both = np.empty(count, np.bool_)
        for fragment in self._words:
            for character in fragment:
                if character not in equal:
                    equal[character] = lowered == (character | _TO_LOWER)
            first, second, third = (equal[character] for character in fragment)
            np.logical_and(first[:count], second[1 : count + 1], out=both)
            both &= third[2:]
            marked |= both
        return marked


def _rarest(word: bytes) -> bytes:
    """Return the part of a word that is expected to stand in the fewest lines."""
    parts = [word[begin : begin + _FRAGMENT] for begin in range(len(word) - _FRAGMENT + 1)]
    return max(parts, key=lambda part: sum(_rarity(byte) for byte in part))


def _rarity(byte: int) -> int:
    place = _FREQUENT.find(byte)
    return place if place >= 0 else len(_FREQUENT)
