"""Words are found in the lines in which they stand, and in no others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tuimon.sources.word_search import WordSearch

GROUPS = ((b"loss", b"acc", "损失".encode()), (b"error", b"warn", b"out of memory"))
SEARCH = WordSearch(*GROUPS)
PIECES = [
    *(word.decode() for group in GROUPS for word in group), "LOSS", "Error", "los", "err", "or", "s", " ",
    "\n", "\x0c", "aCc", "损", "[", "{", "memory", "forward " * 1500,
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_lines_are_those_that_hold_a_word(pieces: list[str]) -> None:
    text = "".join([*pieces, "\n"]).encode()
    found = SEARCH.lines(text)
    begin = 0
    expected: list[list[tuple[int, int]]] = [[], []]
    for line in text.split(b"\n")[:-1]:
        stop = begin + len(line)
        for group, words in enumerate(GROUPS):
            if any(word in line.lower() for word in words):
                expected[group].append((begin, stop))
        begin = stop + 1
    assert found == expected
