"""NUL bytes in text files: holes that a network file system has not filled yet, or never will."""

from __future__ import annotations

from tuimon.core.batch import Problem
from tuimon.sources.tailed_file import TailedFile

_NUL = b"\0"


class Holes:
    """Fills the holes of one file with line ends; those at its end are read again when it has changed."""

    def __init__(self, tail: TailedFile) -> None:
        self._tail = tail
        self._is_told = False

    def forget(self) -> None:
        """Begin with another file."""
        self._is_told = False

    def filled(self, text: bytes, start: int, problems: list[Problem], *, at_end: bool) -> bytes:
        """Return a text of the file without holes; the first one is told.

        Args:
            text: What was read.
            start: Where in the file it begins.
            problems: Takes what is wrong.
            at_end: Whether the file ends with it.
        """
        if _NUL not in text:
            return text
        if at_end:
            text = text.rstrip(_NUL)
            self._tail.reread_from(start + len(text))
        if _NUL in text and not self._is_told:
            self._is_told = True
            message = "NUL bytes were skipped (a write was lost, or this is no text file)"
            problems.append(Problem(str(self._tail.path), message, start + text.index(_NUL)))
        return text.replace(_NUL, b"\n")
