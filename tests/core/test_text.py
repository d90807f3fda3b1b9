from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import get_character_cell_size

from tuimon.core.text import cell_width, clean, clean_lines, pad, shorten, shorten_middle

EVERY_CHARACTER = "".join(map(chr, range(sys.maxunicode + 1)))
HOSTILE = ("Cc", "Cf", "Cs", "Zl", "Zp")
WIDE_SCRIPTS = [
    *range(0x3041, 0x3097),
    *range(0x3400, 0x4DC0),
    *range(0x4E00, 0xA000),
    *range(0xAC00, 0xD7A4),
]
FULL_WIDTH = range(0xFF01, 0xFF61)
MARKS = [*range(0x300, 0x370), 0x483, 0xE31, *range(0xE34, 0xE3B), 0x903, 0x20DD, 0xFE0F, 0x3099]
NARROW = [
    *range(0x20, 0x7F),
    *range(0xA1, 0xAD),
    *range(0x391, 0x3A2),
    *range(0x2800, 0x2900),
    0x2588,
    0xFF71,
]


def test_nothing_of_all_unicode_can_drive_the_terminal() -> None:
    cleaned = clean(EVERY_CHARACTER)
    assert len(cleaned) == len(EVERY_CHARACTER)
    assert not {unicodedata.category(character) for character in set(cleaned)} & set(HOSTILE)
    changed = {a for a, b in zip(EVERY_CHARACTER, cleaned, strict=True) if a != b}
    assert changed == {a for a in EVERY_CHARACTER if unicodedata.category(a) in HOSTILE}


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("train/loss", "train/loss"),
        ("损失 [平均]", "损失 [平均]"),
        ("a\tb\nc\r\nd", "a b c  d"),
        ("\x1b[2J\x1b]0;title\x07", "�[2J�]0;title�"),
        ("\x9b31m", "�31m"),
        ("abc\u202edcba", "abc�dcba"),
        ("zero\u200bwidth\ufeff", "zero�width�"),
        ("lone \ud800", "lone �"),
        ("hidden\U000e0041", "hidden�"),
        ("", ""),
    ],
)
def test_clean_replaces_what_is_hostile_and_nothing_else(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_lines_are_cleaned_one_by_one() -> None:
    assert clean_lines("one\r\ntwo\x1b[0m\n\n三") == ["one", "two�[0m", "", "三"]


@pytest.mark.parametrize("code_points", [WIDE_SCRIPTS, FULL_WIDTH, MARKS, NARROW, range(0x1100, 0x1200)])
def test_widths_are_those_that_textual_draws(code_points: list[int]) -> None:
    wrong = [hex(c) for c in code_points if cell_width(chr(c)) != get_character_cell_size(chr(c))]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("loss", 4),
        ("损失", 4),
        ("學習率 lr", 9),
        ("ロス", 4),
        ("ﾛｽ", 2),
        ("손실", 4),
        ("e\u0301", 1),
        ("", 0),
    ],
)
def test_cell_width(text: str, width: int) -> None:
    assert cell_width(text) == width


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("train/loss", 10, "train/loss"),
        ("train/loss", 9, "train/lo~"),
        ("train/loss", 1, "~"),
        ("train/loss", 0, ""),
        ("train/loss", -3, ""),
        ("验证损失", 8, "验证损失"),
        ("验证损失", 7, "验证损~"),
        ("验证损失", 6, "验证~"),
        ("e\u0301tude", 2, "e\u0301~"),
    ],
)
def test_shorten(text: str, width: int, short: str) -> None:
    assert shorten(text, width) == short


def test_an_ellipsis_may_be_wide() -> None:
    assert shorten("abcdef", 4, ellipsis="…") == "abc…"
    assert shorten("abcdef", 4, ellipsis="略") == "ab略"
    assert shorten("abcdef", 1, ellipsis="略") == ""


@given(st.text(), st.integers(0, 30))
def test_padded_text_fills_its_width_exactly(text: str, width: int) -> None:
    padded = pad(clean(text), width)
    assert cell_width(padded) == width
    assert cell_width(shorten(clean(text), width)) <= width


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("llama-sft-lr1e-4-seed3", 22, "llama-sft-lr1e-4-seed3"),
        ("llama-sft-lr1e-4-seed3", 12, "llam~4-seed3"),
        ("llama-sft-lr1e-4-seed3", 5, "llam~"),
        ("损失损失损失末", 9, "损失~失末"),
    ],
)
def test_what_is_cut_in_its_middle_keeps_both_ends(text: str, width: int, short: str) -> None:
    assert shorten_middle(text, width) == short


@given(st.text(), st.integers(0, 30))
def test_what_is_cut_in_its_middle_fits(text: str, width: int) -> None:
    assert cell_width(shorten_middle(clean(text), width)) <= width
