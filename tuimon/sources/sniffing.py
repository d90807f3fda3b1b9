"""What a file is, by its name and its first bytes."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import TypeAlias

from tuimon.core.frozen import frozen
from tuimon.sources.base import Confidence, SourceFactory

HEAD_BYTES = 4096
LEFT_OUT = "none"
"""What stands for a format where a person wants a file to be left out."""

Formats: TypeAlias = Sequence[tuple[str, str]]
LFS_PREFIX = b"version https://git-lfs.github.com/spec"
LFS_ADVICE = "Git LFS pointer: run git lfs pull"

# Only these are opened to look at their first bytes: a folder may hold a million images.
_CANDIDATE = re.compile(
    r"\.(jsonl|ndjson|json|txt|log|out|err|csv|tsv|wandb|db|sqlite3?)$|\.[oe]\d{4,}$|tfevents", re.IGNORECASE
)
_CONFIG = re.compile(
    r"^(args|opt|hparams|params|config|configuration)\.ya?ml$|^meta\.yaml$|^config\.py$|^training_args\.bin$"
)
# The name that every writer of event files gives them; `read_tfevents.py` is none.
_EVENT_FILE = re.compile(r"(^|\.)tfevents\.\d", re.IGNORECASE)
_PLAIN_INTENT = re.compile(
    r"(^|\.)tfevents\.\d|\.(jsonl|ndjson)$|^trainer_state\.json$|^metrics\.json$", re.IGNORECASE
)
# Tables that a trainer names so: worth a word where only a Git LFS pointer is left of them.
_TABLE_INTENT = re.compile(r"^(metrics|progress)\.csv$|(^|\.)monitor\.csv$", re.IGNORECASE)
# What catches a program's standard streams is named so, whatever the program prints.
_CONSOLE = re.compile(r"\.(log|out|err)$|\.[oe]\d{4,}$|^(stdout|stderr|console[^/]*)\.txt$", re.IGNORECASE)
# W&B's logs of itself tell of its own troubles.
_OF_A_TOOL = re.compile(r"^debug(-internal|-core)?\.log$")
CONSOLE_REASON = "console output: its lines and failures go to the run of its folder"
_NO_ACCESS_TIME = getattr(os, "O_NOATIME", 0)


def is_event_file_name(name: str) -> bool:
    """Return whether a file is named as TensorBoard's writers name their files."""
    return _EVENT_FILE.search(name) is not None


@frozen
class FileVerdict:
    """What a file was taken for, how surely, and why (shown by `tuimon doctor`).

    Attributes:
        path: The file.
        format: Name of the format, or None.
        confidence: How sure it is; `NO` where `format` is None.
        reason: Why, or why not, in one line.
        trouble: What a person should do about the file, or "".
        is_unread: It could not be opened, which may change without any sign of it in the file.
        is_console: It makes no run, but tells what the run of its folder printed.
    """

    path: Path
    format: str | None
    confidence: Confidence
    reason: str
    trouble: str = ""
    is_unread: bool = False
    is_console: bool = False


def is_console(name: str, head: bytes) -> bool:
    """Tell whether a file that is no log of metrics is by its name what a program printed, and is text."""
    return (
        bool(head.strip())
        and b"\0" not in head
        and _CONSOLE.search(name) is not None
        and (_OF_A_TOOL.search(name) is None)
    )


def is_ignored(name: str) -> bool:
    """Tell whether a file is hidden or a companion that another system leaves beside the real one."""
    return name.startswith(".") or name.endswith((":Zone.Identifier", "~", ".tmp", ".swp"))


def is_candidate(name: str) -> bool:
    """Tell whether a file may be of a known format as far as its name goes."""
    is_text = _CANDIDATE.search(name) is not None or _CONFIG.search(name) is not None
    return is_text and not is_ignored(name)


def breaks_its_promise(name: str, head: bytes) -> bool:
    """Tell whether a file that no format took is named so that silence about it would hide a run.

    Sets of examples are JSON lines too: a file that at least begins like JSON is nobody's loss.
    """
    if not head or _PLAIN_INTENT.search(name) is None:
        return False
    return is_event_file_name(name) or not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))


def is_log_of_run(verdict: FileVerdict) -> bool:
    """Tell whether a file that nobody named explicitly makes a run.

    JSON lines that are only possibly a log are a set of examples, as a rule; what is named like an event
    file is one, however damaged.
    """
    if verdict.format is None:
        return False
    return is_sure(verdict.confidence) or is_event_file_name(verdict.path.name)


def is_sure(confidence: Confidence) -> bool:
    """Tell whether a file is so surely of its format that it makes a run without being named."""
    return confidence >= Confidence.LIKELY


def read_head(path: str | Path) -> bytes:
    """Return the first bytes of a file.

    Raises:
        OSError: It cannot be read.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags | _NO_ACCESS_TIME)
    except PermissionError:  # only a file's owner may leave its access time alone
        descriptor = os.open(path, flags)
    try:
        return os.read(descriptor, HEAD_BYTES)
    finally:
        os.close(descriptor)


def said_format(name: str, path: str, formats: Formats) -> str | None:
    """Return what a person says that a file is: a format, `none`, or None where they say nothing."""
    for pattern, said in formats:
        if fnmatchcase(name, pattern) or ("/" in pattern and PurePath(path).match(pattern)):
            return said
    return None


def sniff_file(path: Path, factories: Sequence[SourceFactory], formats: Formats = ()) -> FileVerdict:
    """Look at a file's name and first bytes. Never raises.

    What a person says counts. Else the surest factory wins; of equally sure ones the first.
    """
    said = said_format(path.name, str(path), formats) if formats else None
    if said == LEFT_OUT:
        return FileVerdict(path, None, Confidence.NO, "is left out, as tuimon.toml or --format says")
    if said is not None:
        return FileVerdict(path, said, Confidence.CERTAIN, "is so, as tuimon.toml or --format says")
    try:
        head = read_head(path)
    except (OSError, ValueError) as error:
        cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        fault = f"cannot be read: {cause}"
        return FileVerdict(path, None, Confidence.NO, fault, fault, is_unread=True)
    if head.startswith(LFS_PREFIX):
        is_missed = _PLAIN_INTENT.search(path.name) or _TABLE_INTENT.search(path.name)
        trouble = LFS_ADVICE if is_missed else ""
        return FileVerdict(path, None, Confidence.NO, LFS_ADVICE, trouble)
    sniffs = []
    for factory in factories:
        sniff = factory.sniff(path, head)
        sniffs.append((factory.format, sniff))
        if sniff.confidence is Confidence.CERTAIN:
            break
    name, best = max(sniffs, key=lambda found: found[1].confidence)
    may_be_console = best.confidence is Confidence.NO or (name == "text" and not is_sure(best.confidence))
    console = may_be_console and is_console(path.name, head)
    if best.confidence is not Confidence.NO:
        return FileVerdict(path, name, best.confidence, best.reason, is_console=console)
    # Every factory may say why not; the later ones judge the more general formats by their content.
    reason = next((sniff.reason for _, sniff in reversed(sniffs) if sniff.reason), "is of no known format")
    if console:
        reason = CONSOLE_REASON
    trouble = f"was left out: {reason}" if breaks_its_promise(path.name, head) else ""
    return FileVerdict(path, None, Confidence.NO, reason, trouble, is_console=console)
