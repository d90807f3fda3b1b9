from __future__ import annotations

import json
import math
import re
import struct

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tuimon.sources.decimal_text import MARGIN, WORD, Numbers, read_numbers

# The grammar of JSON, and what Python's `json` writes beyond it.
NUMBER = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|Infinity)|NaN")

DIGITS = st.text("0123456789", min_size=1, max_size=24)
WRITTEN = st.one_of(
    st.floats().map(json.dumps),
    st.floats(-1e4, 1e4).map(lambda value: f"{value:.6f}"),
    st.integers().map(str),
    st.tuples(DIGITS, DIGITS).map(".".join),
    st.builds("{}.{}e{}".format, st.integers(0, 9), DIGITS, st.integers(-330, 320)),
    # Halfway between two doubles, or next to it.
    st.integers(2**52, 2**53 - 1).flatmap(
        lambda m: st.sampled_from([str(2 * m + 1), f"{m}.5", f"{m}.50001"])
    ),
)
SPELLINGS = (
    WRITTEN
    | st.text("0123456789.eE+-", min_size=1, max_size=26)
    | st.sampled_from(
        [
            "null",
            "true",
            "-",
            "-0",
            "-0.0",
            "00",
            "01",
            "1.",
            ".5",
            "1..2",
            "1.2.3",
            "1e",
            "1e+",
            "e5",
            "-NaN",
            "/",
            "1/2",
        ]
    )
)


def read(spellings: list[str], rows: int = 1) -> Numbers:
    """Read numbers that stand in a text one after another, as a table of so many rows."""
    text = " " * MARGIN + ",".join(spellings) + " " * WORD
    lengths = np.array([len(spelling) for spelling in spellings])
    ends = MARGIN + np.cumsum(lengths + 1) - 1
    shape = (rows, len(spellings) // rows)
    characters = np.frombuffer(text.encode(), np.uint8)
    return read_numbers(characters, (ends - lengths).reshape(shape), ends.reshape(shape))


def bits(value: float) -> bytes:
    return b"NaN" if math.isnan(value) else struct.pack("<d", value)


@settings(max_examples=120)
@given(spellings=st.lists(SPELLINGS, min_size=1, max_size=20))
@example(spellings=["0.6931471805599453", "9.989898989898991e-05", "-0.1", "1234567.9", "12345678", "1e-400"])
@example(
    spellings=["9007199254740993", "9007199254740993.0", "4503599627370497.5", "0.500000000000000166533453"]
)
@example(spellings=["7-2", "75+3", "1-0483", "19+7126"])
def test_numbers_are_read_as_python_reads_them(spellings: list[str]) -> None:
    found = read(spellings)
    for place, spelling in enumerate(spellings):
        is_number = NUMBER.fullmatch(spelling) is not None
        assert found.odd[0, place] != is_number, spelling
        if is_number:
            # As JSON: an integer has no negative zero.
            expected = float(spelling) if re.search("[.eENI]", spelling) else float(spelling) + 0.0
            assert bits(found.values[0, place]) == bits(expected), spelling
            assert found.fractional[0, place] or not re.search("[.eENI]", spelling)


def test_rows_may_differ_in_length() -> None:
    spellings = ["1", "-22", "1700000000.25", "1700000000.5", "0.12345678901234567", "-0.1234567890123456"]
    found = read(spellings, rows=3)
    assert found.values.tolist() == [[float(text) for text in spellings[row : row + 2]] for row in (0, 2, 4)]
    assert found.fractional.tolist() == [[False, False], [True, True], [True, True]]
    assert not found.odd.any()


def test_what_differs_from_most_short_numbers_is_read_too() -> None:
    others = [
        "12.5",
        "1.",
        "3",
        "1.2345678",
        "-0.0",
        "1.5e-07",
        "9-123456",
        "9+1",
        "1.2-3",
        "-1.234567",
        "1.12.34",
    ]
    spellings = ["1.25", "-0.000001", "9.99", "3.141593"] * 20 + others
    found = read(spellings)
    for place, spelling in enumerate(spellings):
        is_number = NUMBER.fullmatch(spelling) is not None
        assert found.odd[0, place] != is_number, spelling
        if is_number:
            assert bits(found.values[0, place]) == bits(float(spelling)), spelling
            assert found.fractional[0, place] == (not spelling.isdigit())


@pytest.mark.parametrize("decimals", [2, 6, 17])
def test_many_numbers_are_exact(decimals: int) -> None:
    rng = np.random.default_rng(decimals)
    spellings = [f"{value:.{decimals}f}" for value in rng.standard_normal(5000)]
    found = read(spellings, rows=5)
    assert found.values.ravel().tolist() == [float(spelling) for spelling in spellings]
