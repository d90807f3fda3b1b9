"""Reading the lines of text files that other programs are still writing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import numpy as np

from tuimon.core.batch import Problem
from tuimon.core.frozen import frozen
from tuimon.sources.decimal_text import WORD
from tuimon.sources.holes import Holes
from tuimon.sources.line_blocks import MARGIN, LineBlock, find_lines, spare_memory
from tuimon.sources.tailed_file import BLOCK_BYTES, Chunk, TailedFile

MAX_LINE_BYTES = 8 << 20
"""Lines longer than this are skipped."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@frozen
class Lines:
    """What one read of a text file brought.

    Attributes:
        lines: Complete lines without their ends; empty lines are left out.
        offsets: Where in the file each line begins.
        new_generation: These lines begin another file (see `Chunk`).
        more: Whether another read would bring more at once.
        bytes_read: How many bytes were read.
        problems: What is wrong. Each problem is reported once.
    """

    lines: list[bytes]
    offsets: list[int]
    new_generation: bool = False
    more: bool = False
    bytes_read: int = 0
    problems: tuple[Problem, ...] = ()


class LineTail:
    r"""The complete lines of a text file that may still be growing.

    Lines end with `\n`, `\r\n` or `\r` (progress bars). A byte order mark at the start is left out. A hole
    of NUL bytes ends a line; at the end of the file it counts as not written yet. A last line without an
    end is kept until its end comes.

    Args:
        path: The file.
        max_line_bytes: Longer lines are skipped, so that memory stays bounded.
        complete_last: Tells whether the last line, which has no end yet, is complete as it is. Such a line
            is handed out at once, and not again when its end comes. For lines that tell their own end,
            such as a JSON object. None: no line is complete before its end is written.
    """

    def __init__(
        self,
        path: Path,
        *,
        max_line_bytes: int = MAX_LINE_BYTES,
        complete_last: Callable[[bytes], bool] | None = None,
    ) -> None:
        self.tail = TailedFile(path)
        self._max_line_bytes = max_line_bytes
        self._complete_last = complete_last
        self._partial = b""
        self._is_skipping = False
        self._cut_off_at: int | None = None
        self._holes = Holes(self.tail)

    def read(self, max_bytes: int = BLOCK_BYTES) -> Lines:
        """Read up to `max_bytes` bytes on and return the lines that they complete. Never raises."""
        chunk = self.tail.read(max_bytes)
        lines, offsets, problems = self._lines(chunk)
        self._note_cut_off(chunk, problems)
        return Lines(lines, offsets, chunk.new_generation, chunk.more, len(chunk.data), tuple(problems))

    def read_block(self, max_bytes: int = BLOCK_BYTES) -> LineBlock:
        """Read like `read`, but leave the lines in one piece: for who looks at many of them at once."""
        begin = MARGIN + len(self._partial)
        # One byte more, for the end of a last line that has none.
        memory = spare_memory(begin + max_bytes + 1 + WORD)
        chunk = self.tail.read(max_bytes, into=memoryview(memory)[begin : begin + max_bytes])
        stop = begin + chunk.filled
        if chunk.new_generation:
            self._forget()
        elif self._partial:
            memory[MARGIN:begin] = self._partial
            begin = MARGIN
        start = chunk.offset - len(self._partial)
        if memory.find(b"\r", begin, stop) >= 0:
            memory[begin:stop] = memory[begin:stop].replace(b"\r", b"\n")
        if self._is_plain(memory, begin, stop, start):
            problems = [chunk.problem] if chunk.problem else []
            whole = max(memory.rfind(b"\n", begin, stop) + 1, begin)
            self._partial = bytes(memoryview(memory)[whole:stop])
            if self._takes_last(chunk, self._partial):
                memory[stop : stop + 1] = b"\n"
                self._partial, whole = b"", stop + 1
            found = find_lines(memory, begin, whole)
            offsets = found.starts + (start - begin)
        else:
            data = bytes(memoryview(memory)[stop - chunk.filled : stop])
            lines, places, problems = self._lines(replace(chunk, data=data))
            memory = bytearray(b"".join([bytes(MARGIN), *(line + b"\n" for line in lines), bytes(WORD)]))
            found, offsets = find_lines(memory, MARGIN, len(memory) - WORD), np.array(places, np.int64)
        self._note_cut_off(chunk, problems)
        return LineBlock(
            memory, found, offsets, chunk.new_generation, chunk.more, chunk.filled, tuple(problems)
        )

    def _is_plain(self, memory: bytearray, begin: int, stop: int, start: int) -> bool:
        """Tell whether a text needs no more than to be cut at its line ends."""
        return not (
            self._is_skipping
            or stop - begin > self._max_line_bytes
            or memory.find(b"\0", begin, stop) >= 0
            or (start == 0 and memory.startswith(_BYTE_ORDER_MARK, begin, stop))
        )

    def _lines(self, chunk: Chunk) -> tuple[list[bytes], list[int], list[Problem]]:
        """Return the lines that a chunk completes, where they begin, and what is wrong."""
        if chunk.new_generation:
            self._forget()
        problems = [chunk.problem] if chunk.problem else []
        start = chunk.offset - len(self._partial)
        text = self._partial
        if chunk.data:
            text = self._holes.filled(text + chunk.data, start, problems, at_end=not chunk.more)
            text = text.replace(b"\r", b"\n")
        lines, offsets = self._split(text, start, problems)
        place = start + len(text) - len(self._partial)
        last = self._partial.removeprefix(_BYTE_ORDER_MARK) if place == 0 else self._partial
        if self._takes_last(chunk, last):
            lines.append(last)
            offsets.append(place)
            self._partial = b""
        return lines, offsets, problems

    def _takes_last(self, chunk: Chunk, line: bytes) -> bool:
        """Tell whether the line that has no end yet is to be handed out: the caller takes it as complete."""
        is_news = len(chunk.data) + chunk.filled > 0 and not chunk.more
        return is_news and bool(line) and self._complete_last is not None and self._complete_last(line)

    def _note_cut_off(self, chunk: Chunk, problems: list[Problem]) -> None:
        """Tell of a last line that is not whole, once nobody seems to write it."""
        begin = self.tail.position - len(self._partial)
        is_last = not chunk.more and self._complete_last is not None and bool(self._partial.strip())
        if is_last and begin != self._cut_off_at and self.tail.is_settled:
            self._cut_off_at = begin
            message = "the last line is cut off; it is read when the rest is written"
            problems.append(Problem(str(self.tail.path), message, begin))

    def _forget(self) -> None:
        """Begin with another file."""
        self._cut_off_at = None
        self._partial, self._is_skipping = b"", False
        self._holes.forget()

    def _split(self, text: bytes, start: int, problems: list[Problem]) -> tuple[list[bytes], list[int]]:
        """Return the whole lines of a text and where they begin; keep what is not whole yet."""
        pieces = text.split(b"\n")
        starts = list(accumulate((len(piece) + 1 for piece in pieces), initial=start))
        self._partial = pieces.pop()
        if self._is_skipping and pieces:
            self._is_skipping = False
            pieces[0] = b""
        if start == 0 and pieces and pieces[0].startswith(_BYTE_ORDER_MARK):
            pieces[0] = pieces[0][len(_BYTE_ORDER_MARK) :]
        if len(text) > self._max_line_bytes:
            self._drop_long_lines(pieces, starts, problems)
        if self._is_skipping:
            self._partial = b""
        if b"" not in pieces:
            return pieces, starts[: len(pieces)]
        return (
            [piece for piece in pieces if piece],
            [place for piece, place in zip(pieces, starts, strict=False) if piece],
        )

    def _drop_long_lines(self, pieces: list[bytes], starts: list[int], problems: list[Problem]) -> None:
        for index, piece in enumerate([*pieces, self._partial]):
            if len(piece) <= self._max_line_bytes or (index == len(pieces) and self._is_skipping):
                continue
            message = f"a line of more than {self._max_line_bytes} bytes was skipped"
            problems.append(Problem(str(self.tail.path), message, starts[index]))
            if index < len(pieces):
                pieces[index] = b""
            else:
                self._is_skipping = True
