from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from tuimon.sources.known_words import UNKNOWN, WINDOW, KnownWords

WORDS = st.binary(min_size=1, max_size=3) | st.binary(min_size=1, max_size=WINDOW + 3)


@given(known=st.lists(WORDS, unique=True, max_size=30), others=st.lists(WORDS, max_size=10))
@example(known=[b"a", b"\0"], others=[b"\0a", b"\0\0"])
def test_a_word_is_told_by_its_own_number_or_not_at_all(known: list[bytes], others: list[bytes]) -> None:
    table = KnownWords()
    for number, word in enumerate(known):
        table.learn(word, number)
    words = [*others, *known]
    text = np.frombuffer(bytes(WINDOW) + b"".join(words), np.uint8)
    ends = WINDOW + np.cumsum([len(word) for word in words]) if words else np.empty(0, np.int64)
    begins = ends - np.array([len(word) for word in words], np.int64)
    for word, number in zip(words, table.find(text, begins, ends).tolist(), strict=True):
        expected = known.index(word) if word in known and len(word) <= WINDOW else UNKNOWN
        assert number in (expected, UNKNOWN)


def test_words_of_a_training_are_known() -> None:
    words = [f"train/metric_{number}".encode() for number in range(500)]
    table = KnownWords()
    for number, word in enumerate(words):
        table.learn(word, number)
    text = np.frombuffer(bytes(WINDOW) + b"".join(words), np.uint8)
    ends = WINDOW + np.cumsum([len(word) for word in words])
    found = table.find(text, ends - [len(word) for word in words], ends)
    told = found != UNKNOWN
    assert np.count_nonzero(told) > 480
    assert found[told].tolist() == told.nonzero()[0].tolist()
