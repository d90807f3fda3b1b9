"""Whether a text file is a table of metrics, or another table such as a set of examples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tuimon.core.roles import Role, role_of
from tuimon.sources.base import Confidence, Sniff, Source, Trainer
from tuimon.sources.csv_cells import delimiter_of, split_lines
from tuimon.sources.csv_dialects import TRAINERS, EpisodeAxes, dvclive_root, is_log_name
from tuimon.sources.row_axes import STEP_NAMES
from tuimon.sources.rows import as_float
from tuimon.sources.sniffing import HEAD_BYTES

_SUFFIXES = (".csv", ".tsv")
# Tables under these endings too: Keras's training.log, Spinning Up's progress.txt.
_TEXT_SUFFIXES = (".log", ".txt")
_MOST_ROWS = 20
# A column name is no sentence.
_LONGEST_NAME = 120
_NO_METRIC = frozenset({Role.OTHER, Role.EPOCH, Role.CONFIG, Role.SUMMARY})
_METRIC_WORD = re.compile(r"reward|return|loss|acc", re.IGNORECASE)


class CsvFactory:
    """Recognises tables of metrics by name and content."""

    format = "csv"
    trainers: tuple[Trainer, ...] = TRAINERS

    def sniff(self, path: Path, head: bytes) -> Sniff:
        """Tell whether `path`, which begins with `head`, is a table of metrics."""
        return sniff_table(path, head)

    def open(self, paths: tuple[Path, ...]) -> Source:
        """Return a source over files of one writer."""
        from tuimon.sources.csv_table import CsvSource  # noqa: PLC0415  # only where there is such a file

        return CsvSource(paths)


def sniff_table(path: Path, head: bytes) -> Sniff:
    """Tell whether `path`, which begins with `head`, is a table of metrics."""
    name = path.name.lower()
    is_table = name.endswith(_SUFFIXES)
    if not is_table and not name.endswith(_TEXT_SUFFIXES):
        return Sniff(Confidence.NO, "")
    is_expected = is_log_name(name) or dvclive_root(path) is not None
    if not head.strip():
        if is_expected:
            return Sniff(Confidence.LIKELY, "is empty so far, and named as a table of metrics")
        return Sniff(Confidence.NO, "is empty" if is_table else "")
    found = _first_lines(head)
    if found is None:
        return Sniff(Confidence.NO, "has no first line that names columns" if is_table else "")
    header, rows = found
    if not is_table and not rows:
        return Sniff(Confidence.NO, "")
    return _judge([each.strip() for each in header], rows, is_expected=is_expected)


def names_columns(cells: Sequence[str]) -> bool:
    """Return whether a line's cells name the columns below: words, and no number."""
    words = [cell.strip() for cell in cells]
    named = [word for word in words if word]
    return (
        bool(named)
        and all(len(word) <= _LONGEST_NAME and as_float(word) is None for word in named)
        and not named[0].startswith(("{", "[", "<"))
    )


def _first_lines(head: bytes) -> tuple[list[str], list[list[str]]] | None:
    """Return the header and the first complete rows, or None if there is no header."""
    lines = head.removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"\n").replace(b"\0", b"\n").split(b"\n")
    last = lines.pop()
    is_cut = len(head) >= HEAD_BYTES
    lines = [line for line in lines if line.strip() and not line.startswith(b"#{")]
    if not lines and not is_cut and last.startswith(b"#{"):
        return None
    text = (lines[0] if lines else last).decode("utf-8", "replace").removeprefix("#")
    delimiter = delimiter_of(text)
    if delimiter is None:
        return None
    (header,) = split_lines([text.encode()], delimiter)
    if is_cut and not lines:
        header.pop()  # it goes on beyond the head
    if not names_columns(header):
        return None
    rows = split_lines(lines[1 : 1 + _MOST_ROWS], delimiter) if len(lines) > 1 else []
    return header, rows


def _judge(header: list[str], rows: list[list[str]], *, is_expected: bool) -> Sniff:
    cells = [cell for row in rows if len(row) == len(header) for cell in row if cell.strip()]
    numbers = sum(as_float(cell) is not None for cell in cells)
    if rows and 2 * numbers < max(1, len(cells)):
        return Sniff(Confidence.NO, "a table that holds more text than numbers")
    has_metric = any(role_of(name) not in _NO_METRIC or _METRIC_WORD.search(name) for name in header if name)
    lowered = [name.lower() for name in header]
    step = next((name for name in STEP_NAMES if name in lowered), None)
    if EpisodeAxes.fits(lowered):
        return Sniff(Confidence.CERTAIN, "a table of episodes (r, l, t)")
    if step is None:
        return _judge_uncounted(has_metric=has_metric, is_expected=is_expected)
    if not _is_counted(lowered.index(step), header, rows):
        return Sniff(Confidence.NO, f"a table whose column `{step}` holds no numbers")
    if has_metric or is_expected:
        return Sniff(Confidence.CERTAIN, f"a table of numbers by `{step}`")
    return Sniff(Confidence.POSSIBLE, f"a table of numbers by `{step}`, but none that training is known for")


def _judge_uncounted(*, has_metric: bool, is_expected: bool) -> Sniff:
    if not has_metric:
        return Sniff(Confidence.NO, "a table without a step column")
    if is_expected:
        return Sniff(Confidence.LIKELY, "a table of metrics without a step: its rows are counted")
    return Sniff(Confidence.POSSIBLE, "a table with numbers, but without a step column")


def _is_counted(column: int, header: list[str], rows: list[list[str]]) -> bool:
    """Return whether the step column of the first rows holds numbers, but for damaged rows, or nothing."""
    steps = [step for row in rows if len(row) == len(header) and (step := row[column].strip())]
    return 2 * sum(as_float(step) is not None for step in steps) >= len(steps)
