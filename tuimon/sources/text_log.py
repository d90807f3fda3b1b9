"""Text logs of trainers: what they print while they train."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tuimon.sources.base import Confidence, Sniff, Source, Trainer
from tuimon.sources.sniffing import HEAD_BYTES, LFS_ADVICE, LFS_PREFIX

_SUFFIX = re.compile(r"\.(log|txt|out|err)$|\.[oe]\d{4,}$", re.IGNORECASE)
# Written for people to read, with lines of a log in them perhaps.
_PROSE = re.compile(
    r"^(readme|license|licence|notice|changelog|changes|todo|requirements|notes?)\b", re.IGNORECASE
)
# Logs may begin with a thousand lines of source code: these names are worth a longer look.
_LOG_NAME = re.compile(
    r"\.(log|out|err)$|\.[oe]\d{4,}$|^[0-9a-f]{8}-[0-9a-f-]{27}\.txt$|log|train|output|stdout|stderr|console",
    re.IGNORECASE,
)
_LONGER_HEAD_BYTES = 1 << 18
_SURE_LINES = 3


class TextLogFactory:
    """Recognises text logs by lines that tell metrics and a step that rises."""

    format = "text"
    trainers: tuple[Trainer, ...] = (
        Trainer("Megatron-LM, DeepSpeed", "their output: lines of `iteration 10/ 1000` with `lm loss: ...`"),
        Trainer(
            "llm.c, nanoGPT, modded-nanogpt, torchtune",
            "their logs (`main.log`, `<uuid>.txt`, `log_*.txt`) and output",
        ),
        Trainer("fairseq, verl, Marian", "their logs and output (`train.log`)"),
        Trainer("mmengine, mmcv", "the text logs beside their JSON (`<time>.log`), also where that is gone"),
        Trainer(
            "Hugging Face Trainer", "its output: lines of `{'loss': ...}`, with the step of the progress bar"
        ),
        Trainer(
            "anything that prints its metrics",
            "`.log`, `.txt`, `.out`, `.err`: `key: value`, `key=value`, `Epoch 1, Loss: 2.456`, "
            "in English or Chinese",
        ),
    )

    def sniff(self, path: Path, head: bytes) -> Sniff:
        """Tell whether `path`, which begins with `head`, is a log with metrics."""
        if not _SUFFIX.search(path.name) or _PROSE.search(path.name):
            return Sniff(Confidence.NO, "")
        if head.startswith(LFS_PREFIX):
            return Sniff(Confidence.NO, LFS_ADVICE)
        found = _judge(head, is_whole=len(head) < HEAD_BYTES)
        if found.confidence < Confidence.LIKELY and len(head) >= HEAD_BYTES and _LOG_NAME.search(path.name):
            found = _judge(_longer_head(path), is_whole=False)
        return found

    def open(self, paths: tuple[Path, ...]) -> Source:
        """Return a source over files of one writer."""
        # Imported only where there is such a file.
        from tuimon.sources.line_files import LineFilesSource  # noqa: PLC0415
        from tuimon.sources.text_source import TextLogFile  # noqa: PLC0415

        return LineFilesSource(self.format, TextLogFile, paths)


def _judge(text: bytes, *, is_whole: bool) -> Sniff:
    from tuimon.sources.log_reader import LogReader  # noqa: PLC0415  # only for files that may be logs

    text = text.replace(b"\0", b"\n").replace(b"\r", b"\n")
    text = text + b"\n" if is_whole else text[: text.rfind(b"\n") + 1]
    reader = LogReader()
    lines = len(reader.read(text).rows)
    if reader.dialect is not None and lines:
        confidence = Confidence.CERTAIN if lines >= _SURE_LINES else Confidence.LIKELY
        return Sniff(confidence, f"lines of metrics as {reader.dialect.name} writes them")
    if lines >= _SURE_LINES:
        return Sniff(Confidence.LIKELY, "lines of metrics by a step that rises")
    if lines or reader.has_unsure_lines:
        return Sniff(Confidence.POSSIBLE, "a line or two of metrics")
    return Sniff(Confidence.NO, "text without lines of metrics")


def _longer_head(path: Path) -> bytes:
    """Return what a file begins with, and the same amount before its end if it is long."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        return b""
    try:
        head = os.pread(descriptor, _LONGER_HEAD_BYTES, 0)
        rest = os.fstat(descriptor).st_size - len(head)
        tail = os.pread(descriptor, _LONGER_HEAD_BYTES, max(len(head), len(head) + rest - _LONGER_HEAD_BYTES))
    except OSError:
        return b""
    finally:
        os.close(descriptor)
    return head + tail
