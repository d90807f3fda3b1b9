"""Bytes that stay in their file until somebody looks at them."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from tuimon.core.frozen import frozen

# To come to a place in a packed file, all before it is unpacked: a second or two at most.
_MOST_UNPACKED = 1 << 30


@frozen
class FilePart:
    """A part of a file, or of what a gzip file (`.gz`) holds; as it was when it was found.

    Attributes:
        path: The file.
        offset: Where the part begins, in bytes; in a gzip file of what is packed in it.
        length: How long it is in bytes; None for all from `offset` on.
    """

    path: Path
    offset: int = 0
    length: int | None = None

    def read(self, most_bytes: int) -> bytes:
        """Return the bytes that stand there now: another file may have its place since. In any thread.

        Raises:
            OSError: It cannot be read, is shorter by now, or longer than `most_bytes`.
        """
        with open(os.open(self.path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123  # an open one
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(22, "is no plain file", str(self.path))
            length = self.length
            if length is None:
                length = max(os.fstat(file.fileno()).st_size - self.offset, 0)
            if length > most_bytes:
                raise OSError(27, f"is larger than {most_bytes >> 20} MB", str(self.path))
            if self.path.suffix == ".gz":
                found = self._unpacked(file, length)
            else:
                found = os.pread(file.fileno(), length, self.offset)
        if len(found) < length:
            raise OSError(5, "is shorter than it was", str(self.path))
        return found

    def _unpacked(self, packed: BinaryIO, length: int) -> bytes:
        import gzip  # noqa: PLC0415  # few runs are packed
        import zlib  # noqa: PLC0415

        if self.offset + length > _MOST_UNPACKED:
            raise OSError(27, f"lies behind the first {_MOST_UNPACKED >> 20} MB", str(self.path))
        try:
            with gzip.open(packed) as file:
                file.seek(self.offset)
                return file.read(length)
        except (EOFError, zlib.error) as error:
            raise OSError(5, "is cut off or damaged", str(self.path)) from error
