"""Reading on in gzip files, as far as they are written."""

from __future__ import annotations

import zlib
from pathlib import Path

from tuimon.core.batch import Problem
from tuimon.sources.tailed_file import BLOCK_BYTES, Chunk, TailedFile

GZIP_FORMAT = 31  # zlib's window bits for a stream with a gzip header
# Deflate packs at most 1032 bytes into one, so that a hostile file cannot take more than 8 MB at once.
_INPUT_BYTES = 8 << 10
_CUT_OFF = "the gzip file is cut off or still being written; what it holds so far was read"


class GzipTail:
    """The content of a gzip file that may be cut off or still growing, read block by block.

    Reads like `TailedFile`; offsets count uncompressed bytes. Several gzip streams behind each other are
    one content.
    """

    def __init__(self, path: Path) -> None:
        self._file = TailedFile(path)
        self._start_again()

    def _start_again(self) -> None:
        self._stream = zlib.decompressobj(GZIP_FORMAT)
        self._ready = bytearray()
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
        """How many compressed bytes were taken from the file."""
        return self._file.position

    def read(self, max_bytes: int = BLOCK_BYTES, *, whole_bytes: int = 0) -> Chunk:
        """Return about `max_bytes` uncompressed bytes from where the last read stopped. Never raises.

        Args:
            max_bytes: Less is brought at the end of the file, a little more elsewhere.
            whole_bytes: At least so much is brought if the file holds it.
        """
        had = len(self._ready)
        wanted = max(min(max_bytes, BLOCK_BYTES), whole_bytes, had + 1)
        problem = None
        is_new, more = False, True
        while more and len(self._ready) < wanted:
            chunk = self._file.read(_INPUT_BYTES)
            problem = problem or chunk.problem
            if chunk.new_generation:
                self._start_again()
                is_new, had = True, 0
            problem = self._unpack(chunk.data) or problem
            more = chunk.more and not self._is_damaged
        if not more and not self._is_whole:
            problem = problem or self._report_once(_CUT_OFF)
        begin = self._offset
        if len(self._ready) == had:
            return Chunk(b"", begin, is_new, more, problem)
        self._given, self._ready = bytes(self._ready), bytearray()
        self._offset += len(self._given)
        return Chunk(self._given, begin, is_new, more, problem)

    def reread_from(self, offset: int) -> None:
        """Give the bytes from `offset` on, which the last read brought, again before those that follow."""
        back = min(self._offset - offset, len(self._given))
        self._ready = bytearray(self._given[len(self._given) - back :])
        self._offset -= back

    def _unpack(self, packed: bytes) -> Problem | None:
        """Add what `packed` holds to the bytes that are ready, over the ends of streams."""
        while packed and not self._is_damaged:
            try:
                self._ready += self._stream.decompress(packed)
            except zlib.error as error:
                self._is_damaged = True
                return self._report_once(f"the gzip file is damaged and was read only up to there: {error}")
            packed = b""
            self._is_whole = self._stream.eof
            if self._stream.eof:
                # Zeros may fill the last block of a tape; the next stream begins behind them.
                packed = self._stream.unused_data.lstrip(b"\0")
                self._stream = zlib.decompressobj(GZIP_FORMAT)
        return None

    def _report_once(self, message: str) -> Problem | None:
        if message == self._said:
            return None
        self._said = message
        return Problem(str(self.path), message, self._file.position)
