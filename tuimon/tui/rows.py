"""Rows of inked text: what panes are made of before Textual sees them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from tuimon.charts.grid import CellGrid, runs
from tuimon.core.frozen import frozen
from tuimon.core.text import cell_width, pad, shorten
from tuimon.tui.ink import Ink

Span: TypeAlias = tuple[str, int]
Row: TypeAlias = tuple[Span, ...]


@frozen
class Frame:
    """The characters of a pane's border."""

    top_left: str
    top_right: str
    bottom_left: str
    bottom_right: str
    horizontal: str
    vertical: str


ROUND = Frame("╭", "╮", "╰", "╯", "─", "│")
PLAIN = Frame("+", "+", "+", "+", "-", "|")
# What the panes themselves say beyond ASCII; anything else was logged by somebody.
_ASCII = {"×": "x", "±": "~", "…": "."}
# Two corners, and a piece of edge beside each.
_LEAST_FRAMED_WIDTH = 4


def text_row(*spans: Span | str) -> Row:
    """Make a row of spans; a bare string is plain text."""
    return tuple((span, Ink.TEXT) if isinstance(span, str) else span for span in spans)


def grid_rows(grid: CellGrid) -> list[Row]:
    """Return a drawing as rows; the slots of charts are inks."""
    return [tuple(row) for row in runs(grid)]


def row_width(row: Iterable[Span]) -> int:
    """Return how many cells a row takes."""
    return sum(cell_width(text) for text, _ in row)


def in_ascii(row: Row) -> Row:
    """Return a row of the same width for terminals and locales that know nothing beyond ASCII."""
    return tuple((text if text.isascii() else "".join(map(_ascii, text)), ink) for text, ink in row)


def _ascii(character: str) -> str:
    if character.isascii():
        return character
    return _ASCII.get(character, "?" * cell_width(character))


def fit(row: Iterable[Span], width: int) -> Row:
    """Cut or fill a row to exactly `width` cells."""
    fitted: list[Span] = []
    room = width
    for text, ink in row:
        taken = cell_width(text)
        if taken > room:
            text = pad(text, room)  # noqa: PLW2901  # the cut form takes the place of the whole
            taken = room
        if text:
            fitted.append((text, ink))
        room -= taken
        if room <= 0:
            break
    if room > 0:
        fitted.append((" " * room, Ink.TEXT))
    return tuple(fitted)


def spread(left: Row, right: Row, width: int) -> Row:
    """Put one row at the left and another at the right edge; the right one goes first when room is short."""
    room = width - row_width(left)
    if room >= row_width(right) + 1:
        return (*left, (" " * (room - row_width(right)), Ink.TEXT), *right)
    return fit(left, width)


def framed(
    rows: Sequence[Row],
    width: int,
    height: int,
    title: Row,
    *,
    right_title: Row = (),
    focused: bool = False,
    frame: Frame = ROUND,
) -> list[Row]:
    """Put a border around rows: exactly `height` rows of `width` cells, the title in the upper edge."""
    if width < _LEAST_FRAMED_WIDTH:
        return [fit(row, width) for row in (*rows[:height], *[()] * (height - len(rows)))]
    ink = Ink.FRAME_FOCUSED if focused else Ink.FRAME
    inner = width - 2
    body = [fit(row, inner) for row in rows[: height - 2]]
    body += [fit((), inner)] * (height - 2 - len(body))
    return [
        _edge(title, right_title, width, ink, frame),
        *(((frame.vertical, ink), *row, (frame.vertical, ink)) for row in body),
        ((frame.bottom_left + frame.horizontal * inner + frame.bottom_right, ink),),
    ][:height]


def _edge(title: Row, right_title: Row, width: int, ink: int, frame: Frame) -> Row:
    room = width - 4
    left = ((" ", ink), *title, (" ", ink)) if row_width(title) else ()
    right = ((" ", ink), *right_title, (" ", ink)) if row_width(right_title) else ()
    if row_width(left) + row_width(right) > room:
        right = ()
    if row_width(left) > room:
        left = fit(left, room)
    filling = frame.horizontal * (room - row_width(left) - row_width(right))
    return (
        (frame.top_left + frame.horizontal, ink),
        *left,
        (filling, ink),
        *right,
        (frame.horizontal + frame.top_right, ink),
    )


def columns_row(cells: Sequence[tuple[str, int, int]]) -> Row:
    """Make a table row of (text, width, ink) cells; a negative width aligns to the right."""
    spans: list[Span] = []
    for text, width, ink in cells:
        if spans:
            spans.append((" ", Ink.TEXT))
        if width >= 0:
            spans.append((pad(text, width), ink))
        else:
            short = shorten(text, -width)
            spans.append((" " * (-width - cell_width(short)) + short, ink))
    return tuple(spans)


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Break a sentence into lines of at most `width` cells, later lines indented."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        candidate = f"{line} {word}" if line.strip() else line + word
        if cell_width(candidate) <= width or not line.strip():
            line = candidate
        else:
            lines.append(line)
            line = indent + word
    return [shorten(each, width) for each in (*lines, line) if each.strip()]
