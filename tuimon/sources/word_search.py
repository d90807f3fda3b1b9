"""The lines of a text in which one of some words stands: few comparisons per byte for all words together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tuimon.core.columns import Int64Array
from tuimon.sources.decimal_text import BoolArray, ByteArray

_LONGEST = 4
# The masks of so many bytes stay in the processor's cache.
_BYTES_AT_ONCE = 1 << 16
# In fewer bytes the fragments are found sooner one by one.
_SHORT_BYTES = 1 << 13
_TO_LOWER = 0x20
# What English text is made of, the most frequent one first.
_FREQUENT = b" etaoinsrhldcumfpgwybvkxjqz"
# Parts of words that stand in every other line of a training: forward, memory, iterations, package.
_COMMON = frozenset({b"ward", b"mory", b"rati", b"iter", b"back", b"ack "})


class WordSearch:
    """Looks for words, in lower or upper case.

    Of each word a fragment of four bytes is looked for in the whole text, and where it stands, the words.

    Args:
        groups: Words in lower case, of at least two bytes each.
    """

    def __init__(self, *groups: Sequence[bytes]) -> None:
        self._groups = len(groups)
        self._words: dict[bytes, list[tuple[int, bytes, int]]] = {}
        for group, words in enumerate(groups):
            for word in words:
                fragment = next((known for known in self._words if known in word), None) or _rarest(word)
                self._words.setdefault(fragment, []).append((word.index(fragment), word, group))
        self._lengths = sorted({len(fragment) for fragment in self._words})

    def lines(self, text: bytes) -> list[list[tuple[int, int]]]:
        """Return for each group the places `(begin, end)` of the lines that hold one of its words, rising.

        Args:
            text: Whole lines.
        """
        found: list[list[tuple[int, int]]] = [[] for _ in range(self._groups)]
        stops = [-1] * self._groups
        is_short = len(text) < _SHORT_BYTES
        places = (
            self._found(text.lower()) if is_short else self._places(np.frombuffer(text, np.uint8)).tolist()
        )
        for at in places:
            fragment = text[at : at + _LONGEST].lower()
            for length in self._lengths:
                for behind, word, group in self._words.get(fragment[:length], ()):
                    begin = at - behind
                    if at >= stops[group] and begin >= 0 and text[begin : begin + len(word)].lower() == word:
                        stops[group] = text.find(b"\n", at)
                        found[group].append((text.rfind(b"\n", 0, at) + 1, stops[group]))
        return found

    def _found(self, lowered: bytes) -> list[int]:
        """Return where fragments stand in a short text."""
        places: list[int] = []
        for fragment in self._words:
            at = lowered.find(fragment)
            while at >= 0:
                places.append(at)
                at = lowered.find(fragment, at + 1)
        return sorted(places)

    def _places(self, text: ByteArray) -> Int64Array:
        """Return where fragments stand, or what differs from them in a bit that says nothing."""
        overlap = _LONGEST - 1
        found = []
        for begin in range(0, len(text), _BYTES_AT_ONCE):
            part = text[begin : begin + _BYTES_AT_ONCE + overlap]
            if begin + _BYTES_AT_ONCE + overlap > len(text):
                part = np.append(part, np.zeros(overlap, np.uint8))
            found.append(np.flatnonzero(self._marked(part)) + begin)
        return np.concatenate(found) if found else np.empty(0, np.int64)

    def _marked(self, text: ByteArray) -> BoolArray:
        """Return where fragments begin, but for the last bytes of a text."""
        lowered = text | np.uint8(_TO_LOWER)
        equal = {
            character: lowered == (character | _TO_LOWER)
            for character in {character for fragment in self._words for character in fragment}
        }
        count = len(text) - _LONGEST + 1
        marked = np.zeros(count, np.bool_)
        whole = np.empty(count, np.bool_)
        for fragment in self._words:
            np.logical_and(equal[fragment[0]][:count], equal[fragment[1]][1 : count + 1], out=whole)
            for behind, character in enumerate(fragment[2:], 2):
                whole &= equal[character][behind : count + behind]
            marked |= whole
        return marked


def _rarest(word: bytes) -> bytes:
    """Return the part of a word that is expected to stand in the fewest lines."""
    length = min(_LONGEST, len(word))
    parts = [word[begin : begin + length] for begin in range(len(word) - length + 1)]
    return max(parts, key=lambda part: (part not in _COMMON, sum(_rarity(byte) for byte in part)))


def _rarity(byte: int) -> int:
    place = _FREQUENT.find(byte)
    return place if place >= 0 else len(_FREQUENT)
