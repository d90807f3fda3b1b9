"""Dots and the characters that show them: braille patterns, or three ASCII points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tuimon.charts.grid import SPACE, CharArray, StyleArray
from tuimon.charts.style import Glyphs
from tuimon.core.frozen import frozen

BoolArray = npt.NDArray[np.bool_]
CodeArray = npt.NDArray[np.uint8]


@frozen(eq=False)
class DotSet:
    """How the cells of one set of glyphs are divided into dots.

    Attributes:
        rows: dots of a cell from top to bottom.
        columns: dots of a cell from left to right.
        bits: uint8[rows, columns], the bit of a cell's code that each dot sets.
        characters: uint32[256], the character of each code.
    """

    rows: int
    columns: int
    bits: CodeArray
    characters: CharArray


def _braille() -> DotSet:
    # Unicode chapter "Braille Patterns": dots 1-3 and 7 run down the left column, 4-6 and 8 down the right.
    bits = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.uint8)
    characters = np.arange(0x2800, 0x2900, dtype=np.uint32)
    characters[0] = SPACE
    return DotSet(4, 2, bits, characters)


def _ascii() -> DotSet:
    characters = np.full(256, SPACE, dtype=np.uint32)
    characters[1:4] = [ord("'"), ord("."), ord(":")]
    return DotSet(2, 1, np.array([[1], [2]], dtype=np.uint8), characters)


DOT_SETS: dict[Glyphs, DotSet] = {"braille": _braille(), "ascii": _ascii()}


def packed(dots: BoolArray, dot_set: DotSet) -> CodeArray:
    """Gather dots into cells.

    Args:
        dots: bool[s, h * rows, w * columns], the dots of `s` layers.
        dot_set: the division of a cell.

    Returns:
        uint8[s, h, w], the code of each cell; 0 where it has no dot.
    """
    layers, height, width = len(dots), dots.shape[1] // dot_set.rows, dots.shape[2] // dot_set.columns
    by_cell = dots.view(np.uint8).reshape(layers, height, dot_set.rows, width, dot_set.columns)
    codes = np.zeros((layers, height, width), dtype=np.uint8)
    for row in range(dot_set.rows):
        for column in range(dot_set.columns):
            codes |= by_cell[:, :, row, :, column] * dot_set.bits[row, column]
    return codes


def lay_on(
    chars: CharArray, styles: StyleArray, codes: CodeArray, layer_styles: Sequence[int], dot_set: DotSet
) -> BoolArray:
    """Draw layers of dots into cells.

    Where layers share a cell their dots are joined and the later one gives the style. What was in the cell
    before is replaced: grid dots or raw points joined to a curve would look like points of the curve.

    Args:
        chars: uint32[h, w], written.
        styles: uint8[h, w], written.
        codes: uint8[s, h, w], from `packed`.
        layer_styles: the style of each layer.
        dot_set: the division of a cell.

    Returns:
        bool[h, w], the cells that were drawn.
    """
    joined = np.bitwise_or.reduce(codes, axis=0)
    inked: BoolArray = joined != 0
    np.copyto(chars, dot_set.characters[joined], where=inked)
    for layer, style in zip(codes, layer_styles, strict=True):
        np.copyto(styles, np.uint8(style), where=layer != 0)
    return inked
