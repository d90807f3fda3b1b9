"""A rectangle of character cells: what every chart returns and the screen turns into segments."""

from __future__ import annotations

import codecs
import unicodedata
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tuimon.charts.style import Style
from tuimon.core.frozen import frozen
from tuimon.core.text import cell_width, clean

CharArray = npt.NDArray[np.uint32]
StyleArray = npt.NDArray[np.uint8]

SPACE = 0x20
CONTINUATION = 0
NOT_ASCII = ord("?")
_LAST_ASCII = 0x7E
_ZERO_WIDTH = {"Mn", "Me"}


@frozen(eq=False)
class CellGrid:
    """Characters and styles of `h` rows of `w` cells; only the function that makes a grid writes into it.

    Attributes:
        chars: uint32[h, w], code points; 0 is the second cell of the wide character to its left.
        styles: uint8[h, w], `Style` slots.
    """

    chars: CharArray
    styles: StyleArray

    @property
    def height(self) -> int:
        """Rows of cells."""
        return int(self.chars.shape[0])

    @property
    def width(self) -> int:
        """Cells in a row."""
        return int(self.chars.shape[1])


def blank(height: int, width: int) -> CellGrid:
    """Make a grid of spaces in the default style; a negative size counts as zero."""
    shape = (max(height, 0), max(width, 0))
    return CellGrid(np.full(shape, SPACE, dtype=np.uint32), np.zeros(shape, dtype=np.uint8))


@lru_cache(maxsize=4096)
def text_cells(text: str) -> CharArray:
    """The cells that `text` takes: uint32[n], read-only, shared between callers.

    A wide East Asian character takes two cells. What could drive the terminal is replaced; a combining mark
    that has no composed form is dropped, since a cell holds one code point.
    """
    if text.isascii() and text.isprintable():
        cells = np.frombuffer(text.encode("ascii"), dtype=np.uint8).astype(np.uint32)
    else:
        points: list[int] = []
        for character in unicodedata.normalize("NFC", clean(text)):
            points.extend(_character_cells(character))
        cells = np.array(points, dtype=np.uint32)
    cells.setflags(write=False)
    return cells


def _character_cells(character: str) -> tuple[int, ...]:
    if unicodedata.category(character) in _ZERO_WIDTH:
        return ()
    return (ord(character), CONTINUATION)[: cell_width(character)]


def text_width(text: str) -> int:
    """How many cells `text` takes."""
    return len(text_cells(text))


def text_at(grid: CellGrid, row: int, col: int, text: str, style: int = Style.DEFAULT) -> None:
    """Write `text` into a grid under construction, clipped to it.

    A wide character that is cut in half, by an edge or by what was written over it, leaves a space.
    """
    cells = text_cells(text)
    start, end = max(col, 0), min(col + len(cells), grid.width)
    if not 0 <= row < grid.height or start >= end:
        return
    line = grid.chars[row]
    if line[start] == CONTINUATION and start > 0:
        line[start - 1] = SPACE
    line[start:end] = cells[start - col : end - col]
    grid.styles[row, start:end] = style
    if line[start] == CONTINUATION:
        line[start] = SPACE
    if end < grid.width and line[end] == CONTINUATION:
        line[end] = SPACE
    if end - col < len(cells) and cells[end - col] == CONTINUATION:
        line[end - 1] = SPACE


def in_ascii(grid: CellGrid) -> CellGrid:
    """Replace what is beyond ASCII (both cells of a wide character) by `?`; the styles are shared."""
    foreign = (grid.chars > _LAST_ASCII) | (grid.chars == CONTINUATION)
    return CellGrid(np.where(foreign, np.uint32(NOT_ASCII), grid.chars), grid.styles)


def rows(grid: CellGrid) -> list[str]:
    """The text of each row, without styles; `h` strings that are `w` cells wide."""
    text = _decoded(grid)
    width = grid.width
    lines = [text[start : start + width] for start in range(0, len(text), width)] if width else []
    lines += [""] * (grid.height - len(lines))
    return [line.replace("\0", "") for line in lines] if "\0" in text else lines


def runs(grid: CellGrid) -> list[list[tuple[str, int]]]:
    """Split each row into (text, style) spans, as few as possible; this is on the redraw path.

    A blank cell in the default style joins the span beside it: each span costs bytes on the wire and time
    in the compositor, and a space has no foreground to show.
    """
    height, width = grid.chars.shape
    spans: list[list[tuple[str, int]]] = [[] for _ in range(height)]
    if not height or not width:
        return spans
    text = _decoded(grid)
    styles = _joined_styles(grid)
    begins = np.ones((height, width), dtype=np.bool_)
    np.not_equal(styles[:, 1:], styles[:, :-1], out=begins[:, 1:])
    starts = np.flatnonzero(begins)
    span_styles = styles.ravel()[starts].tolist()
    span_rows = (starts // width).tolist()
    bounds = [*starts.tolist(), height * width]
    for index, (row, style) in enumerate(zip(span_rows, span_styles, strict=True)):
        spans[row].append((text[bounds[index] : bounds[index + 1]], style))
    if "\0" in text:
        return [[(part.replace("\0", ""), style) for part, style in row] for row in spans]
    return spans


def _decoded(grid: CellGrid) -> str:
    """All cells as one string of `h * w` characters, NUL for a continuation."""
    # By the name of the codec Python would look for a module first.
    return codecs.utf_32_le_decode(grid.chars.astype("<u4", copy=False).tobytes(), "replace", True)[0]  # noqa: FBT003  # final; it takes no names


def _joined_styles(grid: CellGrid) -> StyleArray:
    """The styles, with each plain blank cell given the style of the nearest inked cell, left before right."""
    inked = (grid.chars != SPACE) | (grid.styles != Style.DEFAULT)
    positions = np.where(inked, np.arange(grid.width), 0)
    np.maximum.accumulate(positions, axis=1, out=positions)
    first = inked.argmax(axis=1)
    np.maximum(positions, first[:, None], out=positions)
    return np.take_along_axis(grid.styles, positions, axis=1)
