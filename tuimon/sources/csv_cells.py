"""Lines of a table in text into cells, and cells into columns of numbers."""

from __future__ import annotations

import csv
from collections.abc import Sequence

import numpy as np

from tuimon.core.columns import Int64Array
from tuimon.sources.rows import MAX_TAGS, NumberColumn, RawColumn, as_float

DELIMITERS = ",\t;"


def delimiter_of(line: str) -> str | None:
    """Return what separates the cells of a line, or None if it has only one."""
    bare = "".join(line.split('"')[::2])  # what is quoted separates nothing
    best = max(DELIMITERS, key=bare.count)
    return best if best in bare else None


def split_lines(lines: Sequence[bytes], delimiter: str) -> list[list[str]]:
    """Return the cells of each line; a line whose quotes make no sense is a single cell.

    One line is one row: a quote that is never closed swallows no other line. Behind the first `MAX_TAGS`
    cells the rest of a line is one cell.
    """
    text = b"\n".join(lines).decode("utf-8", "replace")
    if '"' not in text:
        return [line.split(delimiter, MAX_TAGS) for line in text.split("\n")]
    return [
        _unquoted(line, delimiter) if '"' in line else line.split(delimiter, MAX_TAGS)
        for line in text.split("\n")
    ]


def number_column(cells: Sequence[str], everywhere: Int64Array) -> NumberColumn | None:
    """Return the numbers of a column, or None if it holds none; empty cells and words are left out.

    Args:
        cells: One for each row.
        everywhere: int64[n], the places of all rows, shared by all columns without holes.
    """
    try:
        return NumberColumn(everywhere, np.fromiter(map(float, cells), np.float64, len(cells)))
    except ValueError:
        pass
    places = np.flatnonzero(np.fromiter(map(len, cells), np.int64, len(cells)))
    filled = list(filter(None, cells))
    try:
        values = np.fromiter(map(float, filled), np.float64, len(filled))
    except ValueError:
        meaning = {text: as_float(text) for text in set(filled)}
        numbers = [meaning[text] for text in filled]
        places = places[[number is not None for number in numbers]]
        values = np.array([number for number in numbers if number is not None], np.float64)
    return NumberColumn(places, values) if len(places) else None


def axis_column(cells: Sequence[str]) -> RawColumn | None:
    """Return a column that may be step or clock: integers, else numbers, else texts."""
    filled = [place for place, text in enumerate(cells) if text and not text.isspace()]
    texts = [cells[place] for place in filled]
    if not texts:
        return None
    try:
        return RawColumn(filled, list(map(int, texts)))
    except ValueError:
        return RawColumn(filled, list(map(_axis_value, texts)))


def _axis_value(text: str) -> int | float | str:
    for parse in (int, float):
        try:
            return parse(text)
        except ValueError:
            continue
    return text.strip()


def _unquoted(line: str, delimiter: str) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
    except csv.Error:  # a cell of more than 128 KiB
        return [line]
    return cells if len(cells) <= MAX_TAGS else [*cells[:MAX_TAGS], ""]
