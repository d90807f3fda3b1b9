"""Reading a SQLite database that another program writes, without a trace in its folder.

SQLite itself would make `-wal` and `-shm` files beside a database in WAL mode even when it only reads, and
keep the writer from removing its own. So a database is opened in one of three ways:

- with a rollback journal: `mode=ro`, under a shared lock that lasts as long as one short query;
- in WAL mode with no log beside it: `immutable=1`, which takes no lock and makes no file, and the answer
  counts only if the file did not change meanwhile;
- in WAL mode with a log: the file and the committed pages of the log are read as bytes and joined in memory.
  The formats are those of "Database File Format" and "WAL-mode File Format" in SQLite's documentation.
"""

from __future__ import annotations

import os
import sqlite3
import struct
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import quote
from weakref import WeakValueDictionary

from tuimon.sources.sniffing import LFS_ADVICE, LFS_PREFIX, read_head

MAGIC = b"SQLite format 3\0"
_VERSIONS = slice(18, 20)  # 2 in both says WAL, 1 a rollback journal
_WAL_MAGIC = {0x377F0682: "<", 0x377F0683: ">"}  # the byte order of its checksums
_WAL_HEADER, _FRAME_HEADER = struct.Struct(">IIIIIIII"), struct.Struct(">IIIIII")
# A larger database is read without its log, up to where SQLite has moved that into the file: by default it
# does so after every 1,000 pages.
_MOST_JOINED_BYTES = 64 << 20
_CAN_JOIN = hasattr(sqlite3.Connection, "deserialize")  # SQLite can be built without it
_ATTEMPTS = 3
_BUSY_S = 0.1
# A file may define tables as queries that never end.
_MOST_INSTRUCTIONS, _INSTRUCTIONS_AT_ONCE = 200_000_000, 1_000_000
_LONGEST_VALUE = 16 << 20

Signature = tuple[int, ...]


class _Way(Enum):
    LOCKED = "under a shared lock for each query"
    UNLOCKED = "as if nobody wrote"
    COPIED = "joined in memory"


class DatabaseFault(Exception):  # noqa: N818  # a fault of the file, to be told in one line
    """The database cannot be read, now or at all; the text says why."""


class SqliteFile:
    """One database, which several sources may read. Used by one thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[Signature, _Way] | None = None
        self._instructions = 0

    def signature(self) -> Signature:
        """Return what changes when the database is written.

        Raises:
            OSError: It is gone, or may not be looked at.
        """
        found = self.path.stat()
        log = _size_and_time(self._wal)
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, *log

    def query(self, statement: str, arguments: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows that a statement gives; texts that are no UTF-8 have stand-ins for what is not.

        Raises:
            DatabaseFault: It cannot be read, or was written meanwhile so that the answer may be wrong.
        """
        try:
            signature = self.signature()
            connection = self._connect(signature)
            self._instructions = 0
            rows = connection.execute(statement, arguments).fetchall()
            if self._opened == (signature, _Way.UNLOCKED) and self.signature() != signature:
                self.close()
                raise DatabaseFault("is being written; it is read a little later")
        except FileNotFoundError:
            raise DatabaseFault("is gone or does not exist; what was read is kept") from None
        except OSError as error:
            raise DatabaseFault(f"could not be read and is tried again: {error.strerror or error}") from None
        except (sqlite3.Error, OverflowError, MemoryError, UnicodeDecodeError) as error:
            # Python decodes the names in SQLite's own messages strictly.
            self.close()
            raise DatabaseFault(f"could not be read and is tried again: {error}") from None
        return rows

    def close(self) -> None:
        """Let go of the open file; the next query opens it again."""
        connection, self._connection, self._opened = self._connection, None, None
        if connection is not None:
            connection.close()

    @property
    def _wal(self) -> Path:
        return self.path.with_name(self.path.name + "-wal")

    def _connect(self, signature: Signature) -> sqlite3.Connection:
        if self._connection is not None and self._opened is not None and self._opened[0] == signature:
            return self._connection
        self.close()
        head = read_head(self.path)
        if head.startswith(LFS_PREFIX):
            raise DatabaseFault(LFS_ADVICE)
        if not head.startswith(MAGIC):
            raise DatabaseFault("is no SQLite database")
        if head[_VERSIONS] != b"\2\2":
            way = _Way.LOCKED
            self._connection = self._open("mode=ro")
        elif not signature[4] or signature[2] > _MOST_JOINED_BYTES or not _CAN_JOIN:
            way = _Way.UNLOCKED
            self._connection = self._open("mode=ro&immutable=1")
        else:
            way = _Way.COPIED
            self._connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
            self._connection.deserialize(_joined(self.path, self._wal))
        self._prepare(self._connection)
        self._opened = signature, way
        return self._connection

    def _open(self, how: str) -> sqlite3.Connection:
        address = f"file:{quote(os.fsencode(self.path.absolute()))}?{how}"
        return sqlite3.connect(
            address, uri=True, timeout=_BUSY_S, check_same_thread=False, isolation_level=None
        )

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.text_factory = _decoded
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
        connection.set_progress_handler(self._is_endless, _INSTRUCTIONS_AT_ONCE)
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA cell_size_check=ON")

    def _is_endless(self) -> bool:
        self._instructions += _INSTRUCTIONS_AT_ONCE
        return self._instructions > _MOST_INSTRUCTIONS


_OPEN_FILES: WeakValueDictionary[Path, SqliteFile] = WeakValueDictionary()


def sqlite_file(path: Path) -> SqliteFile:
    """Return the database at a path, the same for all who ask for it."""
    found = _OPEN_FILES.get(path)
    if found is None:
        found = _OPEN_FILES[path] = SqliteFile(path)
    return found


def columns_of(database: SqliteFile, table: str) -> frozenset[str]:
    """Return the names of a table's columns; none where there is no such table.

    Raises:
        DatabaseFault: It cannot be read.
    """
    is_table = database.query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,))
    if not is_table:
        return frozenset()
    return frozenset(row[0] for row in database.query("SELECT name FROM pragma_table_info(?)", (table,)))


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _size_and_time(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def _joined(path: Path, wal: Path) -> bytes:
    """Return a database with the committed pages of its log in their places.

    While SQLite moves pages from the log into the file, any page of the file may be half-written; but then
    the log holds it, as long as it was not begun anew: so the log is read after the file, and its salts are
    compared.

    Raises:
        DatabaseFault: The log was begun anew each time.
        OSError: One of them cannot be read.
    """
    for _ in range(_ATTEMPTS):
        before = _read(wal, _WAL_HEADER.size)
        pages = bytearray(_read(path))
        log = _read(wal)
        if log[: _WAL_HEADER.size] == before:
            _overlay(pages, log)
            pages[_VERSIONS] = b"\1\1"
            return bytes(pages)
    raise DatabaseFault("is being written; it is read a little later")


def _overlay(pages: bytearray, log: bytes) -> None:
    """Put the committed pages of a log in their places."""
    if len(log) < _WAL_HEADER.size:
        return
    magic, _, page_bytes, _, *salts, _, _ = _WAL_HEADER.unpack_from(log)
    order = _WAL_MAGIC.get(magic)
    if order is None or not 512 <= page_bytes <= 65536:
        return
    stride = _FRAME_HEADER.size + page_bytes
    frames: list[tuple[int, int]] = []
    ends: list[tuple[int, int]] = []  # how many frames a commit ends, and how many pages there are then
    for at in range(_WAL_HEADER.size, len(log) - stride + 1, stride):
        page, size, *frame_salts, _, _ = _FRAME_HEADER.unpack_from(log, at)
        if frame_salts != salts:
            break
        frames.append((page, at))
        if size:
            ends.append((len(frames), size))
    while ends and not _is_whole(log, frames[ends[-1][0] - 1][1], stride, order):
        ends.pop()  # its page is being written
    if not ends:
        return
    count, size = ends[-1]
    pages.extend(bytes(max(0, size * page_bytes - len(pages))))
    for page, at in frames[:count]:
        begin = at + _FRAME_HEADER.size
        if 0 < page <= size:
            pages[(page - 1) * page_bytes : page * page_bytes] = log[begin : begin + page_bytes]
    del pages[size * page_bytes :]


def _is_whole(log: bytes, at: int, stride: int, order: str) -> bool:
    """Return whether a frame has the checksum that follows from that of the frame before it."""
    before = at - 8 if at == _WAL_HEADER.size else at - stride + 16
    first, second = struct.unpack_from(">II", log, before)
    covered = log[at : at + 8] + log[at + _FRAME_HEADER.size : at + stride]
    words = struct.unpack(f"{order}{len(covered) // 4}I", covered)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return (first, second) == struct.unpack_from(">II", log, at + 16)


def _read(path: Path, most: int = -1) -> bytes:
    with path.open("rb") as file:
        return file.read(most)
