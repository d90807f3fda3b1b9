"""Reading on in gzip files, as far as they are written."""

from __future__ import annotations

import zlib
from pathlib import Path

from tuimon.core.batch import Problem
from tuimon.sources.tailed_file import BLOCK_BYTES, Chunk, TailedFile

GZIP_FORMAT = 31  # zlib's window bits for a stream with a gzip header
_INPUT_BYTES = 1 << 18
# So much is unpacked at a time: what comes out stays in the processor's cache.
_PIECE_BYTES = 1 << 13
_CUT_OFF = "the gzip file is cut off or still being written; what it holds so far was read"


class GzipTail:
    """The content of a gzip file that may be cut off or still growing, read block by block.

    Reads like `TailedFile`; offsets count uncompressed bytes. Several gzip streams behind each other are
    one content. Only as much is unpacked as is asked for: a hostile file takes no more memory than another.
    """

    def __init__(self, path: Path) -> None:
        self._file = TailedFile(path)
        self._start_again()

    def _start_again(self) -> None:
        self._stream = zlib.decompressobj(GZIP_FORMAT)
        # What was taken from the file and is not unpacked yet, and whether the stream itself holds some back.
        self._packed: bytes | memoryview = b""
        self._is_full = False
        self._is_behind_stream = False
        # Whether the file held more when it was last read, and whether the last read said that there is more.
        self._file_goes_on = False
        self._said_more = False
        self._ready: list[bytes] = []
        self._ready_bytes = 0
        self._given = b""
        self._offset = 0
        self._is_whole = True
        self._is_damaged = False
        self._said = ""

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    @property
    def size(self) -> int:
        """Compressed size in bytes, as last seen."""
        return self._file.size

    @property
    def is_settled(self) -> bool:
        """Whether the file has not changed for a minute, so that nobody seems to be writing it."""
        return self._file.is_settled

    @property
    def position(self) -> int:
        """How many compressed bytes were unpacked."""
        return self._file.position - len(self._packed)

    def read(self, max_bytes: int = BLOCK_BYTES, *, whole_bytes: int = 0) -> Chunk:
        """Return about `max_bytes` uncompressed bytes from where the last read stopped. Never raises.

        Args:
            max_bytes: Less is brought at the end of the file, a little more elsewhere.
            whole_bytes: At least so much is brought if the file holds it.
        """
        had = self._ready_bytes
        wanted = max(min(max_bytes, BLOCK_BYTES), whole_bytes, had + 1)
        problem = None
        is_new, more = False, True
        while more and self._ready_bytes < wanted:
            if not (self._packed or self._is_full):
                chunk = self._file.read(_INPUT_BYTES)
                problem = problem or chunk.problem
                if chunk.new_generation:
                    self._start_again()
                    is_new, had = True, 0
                self._packed = memoryview(b"" if self._is_damaged else chunk.data)
                self._file_goes_on = chunk.more
            problem = self._unpack(wanted) or problem
            more = not self._is_damaged and bool(self._packed or self._is_full or self._file_goes_on)
        if not more and not self._is_whole:
            problem = problem or self._report_once(_CUT_OFF)
        begin = self._offset
        # What seemed to be more may have been the end of the stream: what was given back has to be looked at
        # as the last that there is.
        is_last_look = self._said_more and not more
        self._said_more = more
        if self._ready_bytes == had and not is_last_look:
            return Chunk(b"", begin, is_new, more, problem)
        self._given = b"".join(self._ready)
        self._ready, self._ready_bytes = [], 0
        self._offset += len(self._given)
        return Chunk(self._given, begin, is_new, more, problem)

    def reread_from(self, offset: int) -> None:
        """Give the bytes from `offset` on, which the last read brought, again before those that follow."""
        back = min(self._offset - offset, len(self._given))
        self._ready, self._ready_bytes = [self._given[len(self._given) - back :]], back
        self._offset -= back

    def _unpack(self, wanted: int) -> Problem | None:
        """Unpack until `wanted` bytes are ready, or nothing is left, over the ends of streams."""
        while (self._packed or self._is_full) and self._ready_bytes < wanted:
            if self._is_behind_stream:
                # Zeros may fill the last block of a tape; the next stream begins behind them.
                self._packed = bytes(self._packed).lstrip(b"\0")
                self._is_behind_stream = not self._packed
                continue
            piece = self._packed[:_PIECE_BYTES]
            try:
                self._ready.append(self._stream.decompress(piece, wanted - self._ready_bytes))
            except zlib.error as error:
                self._is_damaged, self._packed, self._is_full = True, b"", False
                return self._report_once(f"the gzip file is damaged and was read only up to there: {error}")
            self._ready_bytes += len(self._ready[-1])
            rest = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
            self._packed = self._packed[len(piece) - len(rest) :]
            self._is_whole = self._is_behind_stream = self._stream.eof
            self._is_full = self._ready_bytes == wanted and not self._stream.eof
            if self._stream.eof:
                self._stream = zlib.decompressobj(GZIP_FORMAT)
        return None

    def _report_once(self, message: str) -> Problem | None:
        if message == self._said:
            return None
        self._said = message
        return Problem(str(self.path), message, self._file.position)
