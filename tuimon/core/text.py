"""Text from files is hostile: nothing that it holds may drive the terminal."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

# Control characters, invisible formatting (text direction, zero width, tags), lone surrogates, line and
# paragraph separators. See "General Category" in chapter 4 of the Unicode Standard.
_HOSTILE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_BREAKS = frozenset("\t\n\v\f\r")
# In less room than this the beginning alone says more.
_LEAST_MIDDLE = 8
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Marks stand on the character before them.
_MARKS = frozenset({"Mn", "Me", "Mc"})
# Hangul vowels and final consonants join the consonant before them, and its filler shows nothing.
_JOINING_HANGUL = frozenset([*range(0x1160, 0x1200), *range(0xD7B0, 0xD800), 0x3164])


class _Replacements(dict[int, str]):
    """What each character becomes, found when it is met first."""

    def __missing__(self, code_point: int) -> str:
        character = chr(code_point)
        if character in _BREAKS:
            character = " "
        elif unicodedata.category(character) in _HOSTILE:
            character = _REPLACEMENT
        self[code_point] = character
        return character


_replacements = _Replacements()


def clean(text: str) -> str:
    """Return `text` in one line and without any character that could drive or confuse a terminal.

    Line breaks and tabs become spaces; other control, direction and zero-width characters and lone
    surrogates become U+FFFD.
    """
    # What Python calls printable holds none of them.
    return text if text.isprintable() else text.translate(_replacements)


def clean_lines(text: str) -> list[str]:
    """Return the lines of `text`, each one cleaned."""
    return [clean(line) for line in text.splitlines()]


def cell_width(text: str) -> int:
    """Return how many terminal cells clean `text` takes: two for wide East Asian characters, 0 for marks."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def shorten(text: str, width: int, *, ellipsis: str = "~") -> str:
    """Return `text` cut to at most `width` terminal cells, the cut marked by `ellipsis`."""
    if cell_width(text) <= width:
        return text
    room = width - cell_width(ellipsis)
    if room < 0:
        return ""
    kept = []
    for character in text:
        room -= _character_width(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept) + ellipsis


def shorten_middle(text: str, width: int, *, ellipsis: str = "~") -> str:
    """Return `text` cut to at most `width` terminal cells in its middle: names differ at their ends."""
    if cell_width(text) <= width or width < _LEAST_MIDDLE:
        return shorten(text, width, ellipsis=ellipsis)
    tail: list[str] = []
    room = (width - cell_width(ellipsis)) * 2 // 3
    for character in reversed(text):
        room -= _character_width(character)
        if room < 0:
            break
        tail.append(character)
    end = "".join(reversed(tail))
    return shorten(text, width - cell_width(end), ellipsis=ellipsis) + end


def pad(text: str, width: int) -> str:
    """Return `text` cut or filled with spaces to exactly `width` terminal cells."""
    short = shorten(text, width)
    return short + " " * (width - cell_width(short))


@lru_cache(maxsize=4096)
def _character_width(character: str) -> int:
    if unicodedata.category(character) in _MARKS or ord(character) in _JOINING_HANGUL:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
