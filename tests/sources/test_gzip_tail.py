"""Gzip files unpacked a little at a time: everything comes, and the last read says that it was the last."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import pytest

from tuimon.sources.gzip_tail import GZIP_FORMAT, GzipTail


def tail_of(path: Path, content: bytes) -> GzipTail:
    path.write_bytes(content)
    return GzipTail(path)


@pytest.mark.parametrize("max_bytes", [1, 7, 257, 5000])
def test_a_cut_off_file_gives_all_that_its_bytes_tell(tmp_path: Path, max_bytes: int) -> None:
    content = gzip.compress(bytes(3000) + b"end", mtime=0)
    for cut in range(len(content) + 1):
        tail = tail_of(tmp_path / f"{cut}.gz", content[:cut])
        found, more = b"", True
        while more:
            chunk = tail.read(max_bytes)
            found, more = found + chunk.data, chunk.more
        assert found == zlib.decompressobj(GZIP_FORMAT).decompress(content[:cut])
        assert tail.position == cut


def test_what_is_given_back_comes_again_as_the_last(tmp_path: Path) -> None:
    # What is asked for ends where the stream does; that only zeros follow it is seen later.
    content = gzip.compress(b"0123456789") + bytes(100)
    tail = tail_of(tmp_path / "a.gz", content)
    assert (tail.read(10).data, tail.read(10).data) == (b"0123456789", b"")
    tail = tail_of(tmp_path / "b.gz", content)
    assert tail.read(10).more
    tail.reread_from(7)
    last = tail.read(10)
    assert (last.data, last.offset, last.more) == (b"789", 7, False)
    tail.reread_from(7)
    assert tail.read(10).data == b""
