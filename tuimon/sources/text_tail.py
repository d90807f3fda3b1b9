"""Reading text that other programs are still writing in blocks of whole lines."""

from __future__ import annotations

from pathlib import Path

from tuimon.core.batch import Problem
from tuimon.core.frozen import frozen
from tuimon.sources.holes import Holes
from tuimon.sources.tailed_file import BLOCK_BYTES, TailedFile

MAX_LINE_BYTES = 1 << 20
"""Longer lines are cut into several."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@frozen
class TextBlock:
    r"""Whole lines, each with a `\n` at its end.

    Attributes:
        text: The lines; carriage returns (progress bars) and NUL bytes are line ends.
        new_generation: These lines begin another file (see `Chunk`).
        more: Whether another read would bring more at once.
        bytes_read: How many bytes were read.
        problems: What is wrong. Each problem is reported once.
    """

    text: bytes
    new_generation: bool = False
    more: bool = False
    bytes_read: int = 0
    problems: tuple[Problem, ...] = ()


class TextTail:
    """The whole lines of a text file that may still be growing, block by block and not line by line.

    A last line without an end is handed out when the file has not changed for a minute.
    """

    def __init__(self, path: Path) -> None:
        self.tail = TailedFile(path)
        self._partial = b""
        self._holes = Holes(self.tail)

    @property
    def size(self) -> int:
        """The file's size in bytes when it was read last."""
        return self.tail.size

    def read(self, max_bytes: int = BLOCK_BYTES) -> TextBlock:
        """Read up to `max_bytes` bytes on and return the lines that they complete. Never raises."""
        chunk = self.tail.read(max_bytes)
        if chunk.new_generation:
            self._partial = b""
            self._holes.forget()
        problems = [chunk.problem] if chunk.problem else []
        data = self._holes.filled(chunk.data, chunk.offset, problems, at_end=not chunk.more)
        if chunk.offset == 0:
            data = data.removeprefix(_BYTE_ORDER_MARK)
        if b"\r" in data:
            data = data.replace(b"\r", b"\n")
        whole = data.rfind(b"\n") + 1
        text = self._partial + data[:whole] if whole else b""
        self._partial = data[whole:] if whole else self._partial + data
        if len(self._partial) > MAX_LINE_BYTES or (self._partial and self._is_over(chunk.more)):
            text += self._partial + b"\n"
            self._partial = b""
        return TextBlock(text, chunk.new_generation, chunk.more, len(chunk.data), tuple(problems))

    def _is_over(self, more: bool) -> bool:  # noqa: FBT001  # private, and named at its only call
        return not more and self.tail.is_settled
