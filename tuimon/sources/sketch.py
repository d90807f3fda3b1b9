"""A first look at files that are too large to wait for: what stands at a few hundred places in them.

The pieces are put into a thin file of the same format, which the format's own reader then reads. So a sketch
holds nothing that the file does not hold, and knows its last point as well as its first; what lies between
two pieces comes with the whole reading.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tuimon.core.batch import Record, ScalarBatch
from tuimon.core.framing import FRAME_BYTES, HEADER_BYTES, find_header
from tuimon.sources.base import UNBOUNDED, SourceRef
from tuimon.sources.registry import open_source

LARGE_BYTES = 16 << 20
"""Less than this is read in less than the time that a person takes to look."""

_WINDOW_BYTES = 4 << 10
_LENGTH_BYTES = 8
# How a progress bar begins.
_BAR_SIGN = b"%|"

# From the bytes of a window, and whether it begins or ends its file, to the whole records in it.
_Cut = Callable[[bytes, bool, bool], bytes]


def read_sketch(ref: SourceRef, windows: int) -> tuple[Record, ...] | None:
    """Return records from about `windows` places in the files of a source, in their order.

    None says that the format or the size of the files does not ask for it. Never raises on what the files
    hold. Nothing is written beside the files: the thin ones lie in the system's folder for temporary files
    and are gone when this returns.
    """
    cut = _CUTS.get(ref.format)
    sizes = [_size_of(path) for path in ref.paths]
    if cut is None or sum(sizes) < LARGE_BYTES or any(path.suffix == ".gz" for path in ref.paths):
        return None
    with TemporaryDirectory(prefix="tuimon-") as folder:
        thin: list[Path] = []
        for index, (path, size) in enumerate(zip(ref.paths, sizes, strict=True)):
            copy = Path(folder) / str(index) / path.name
            copy.parent.mkdir()
            share = max(2, round(windows * size / sum(sizes)))
            copy.write_bytes(b"".join(_pieces(path, size, share, cut)))
            thin.append(copy)
        records = _read(replace(ref, paths=tuple(thin)))
    return records if _counts_by_itself(records, falls=ref.format != "text") else None


def _read(ref: SourceRef) -> tuple[Record, ...]:
    source = open_source(ref)
    records: list[Record] = []
    more = True
    while more:
        result = source.read(UNBOUNDED)
        records += result.records
        more = result.more
    source.close()
    return tuple(records)


def _counts_by_itself(records: Sequence[Record], *, falls: bool) -> bool:
    """Return whether the files log steps: rows that are merely numbered would all move to the left.

    Args:
        records: What the thin files hold.
        falls: Whether steps may fall. In a text log a step that falls may hang on a line that is left out.
    """
    steps = [np.diff(record.steps) for record in records if isinstance(record, ScalarBatch)]
    return any((each > 1).any() for each in steps) and (falls or not any((each < 0).any() for each in steps))


def _pieces(path: Path, size: int, windows: int, cut: _Cut) -> Sequence[bytes]:
    """Return the whole records of evenly spaced windows, the first and the last of the file among them."""
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError:
        return ()
    try:
        if size <= windows * _WINDOW_BYTES:
            return [os.pread(file, size, 0)]
        places = [(size - _WINDOW_BYTES) * index // (windows - 1) for index in range(windows)]
        return [
            cut(os.pread(file, _WINDOW_BYTES, place), index == 0, index == windows - 1)
            for index, place in enumerate(places)
        ]
    except OSError:
        return ()
    finally:
        os.close(file)


def _whole_lines(window: bytes, first: bool, last: bool) -> bytes:  # noqa: FBT001  # see _Cut
    begin = 0 if first else window.find(b"\n") + 1
    end = len(window) if last else window.rfind(b"\n") + 1
    return window[begin:end] if begin or first else b""


def _whole_log_lines(window: bytes, first: bool, last: bool) -> bytes:  # noqa: FBT001  # see _Cut
    lines = _whole_lines(window.replace(b"\r", b"\n"), first, last)
    bar = lines.find(_BAR_SIGN)
    # The step of a line may be that of the bar before it.
    return lines if first or bar < 0 else lines[lines.rfind(b"\n", 0, bar) + 1 :]


def _whole_frames(window: bytes, first: bool, last: bool) -> bytes:  # noqa: ARG001, FBT001  # see _Cut
    begin = 0 if first else find_header(window, 0)
    if begin is None:
        return b""
    end = begin
    while end + HEADER_BYTES <= len(window):
        record_bytes = int.from_bytes(window[end : end + _LENGTH_BYTES], "little")
        if end + record_bytes + FRAME_BYTES > len(window):
            break
        end += record_bytes + FRAME_BYTES
    return window[begin:end]


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


_CUTS: dict[str, _Cut] = {
    "tfevents": _whole_frames,
    "jsonl": _whole_lines,
    "csv": _whole_lines,
    "text": _whole_log_lines,
}
