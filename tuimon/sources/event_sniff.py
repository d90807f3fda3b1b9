"""Whether a file is a TensorBoard event file."""

from __future__ import annotations

import zlib
from pathlib import Path

from tuimon.core.framing import FRAME_BYTES, HEADER_BYTES, masked_crc
from tuimon.sources.base import Confidence, Sniff, Source, Trainer
from tuimon.sources.gzip_tail import GZIP_FORMAT
from tuimon.sources.sniffing import LFS_ADVICE, LFS_PREFIX, is_event_file_name, is_ignored

# A frame begins with the length of its record, and the checksum of that.
_LENGTH_BYTES = 8
# What the first record holds, with a number behind it.
_VERSION = b"brain.Event:"


class TfEventsFactory:
    """Recognises TensorBoard event files by name and by their first record."""

    format = "tfevents"
    trainers: tuple[Trainer, ...] = (
        Trainer(
            "TensorBoard writers (PyTorch, TensorFlow, Keras, Lightning, ML-Agents, …)",
            "`events.out.tfevents.*`, also `.gz`: scalars, texts, histograms, images",
        ),
    )

    def sniff(self, path: Path, head: bytes) -> Sniff:
        """Tell whether `path`, which begins with `head` (up to 4 KiB), is an event file."""
        name = path.name
        if is_ignored(name):
            return Sniff(Confidence.NO, "hidden, or a companion file of macOS or Windows")
        if head.startswith(LFS_PREFIX):
            return Sniff(Confidence.NO, LFS_ADVICE)
        content = _unpacked(head) if name.endswith(".gz") else head
        if _begins_as_event_file(content):
            return Sniff(Confidence.CERTAIN, "its first record is that of an event file")
        if not is_event_file_name(name):
            return Sniff(Confidence.NO, "neither its name nor its content is that of an event file")
        if not head:
            return Sniff(Confidence.LIKELY, "named like an event file; nothing is written yet")
        return Sniff(Confidence.POSSIBLE, "named like an event file; its first record is damaged or cut off")

    def open(self, paths: tuple[Path, ...], *, verify: bool = False) -> Source:
        """Return a source over the event files of one run (see `TfEventsSource`); they may be gone."""
        from tuimon.sources.tfevents import TfEventsSource  # noqa: PLC0415  # only where there is such a file

        return TfEventsSource(paths, verify=verify)


def _begins_as_event_file(content: bytes) -> bool:
    """Return whether the first record of a file tells the version of event files."""
    # This is asked of thousands of files, most of which are of other formats: what they begin with would be
    # the length of a record that nobody could hold.
    length = content[:_LENGTH_BYTES]
    end = HEADER_BYTES + int.from_bytes(length, "little")
    if end + FRAME_BYTES - HEADER_BYTES > len(content) or _VERSION not in content[HEADER_BYTES:end]:
        return False
    return masked_crc(length).to_bytes(4, "little") == content[_LENGTH_BYTES:HEADER_BYTES]


def _unpacked(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(GZIP_FORMAT).decompress(head, 4096)
    except zlib.error:
        return b""
