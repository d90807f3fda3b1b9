"""One `trainer_state.json`: its last good content, and what tells its training from others."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import stat
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from tuimon.core.batch import ConfigValue, Problem
from tuimon.sources.lenient_json import parse
from tuimon.sources.rows import Row, as_float
from tuimon.sources.sniffing import LFS_ADVICE, LFS_PREFIX

CHECKPOINT_NAME = re.compile(r"^checkpoint[-_](\d+)$")

_MOST_BYTES = 1 << 30
_PEEK_BYTES = 16 << 10
_CONFIG_KEYS = (
    "max_steps",
    "num_train_epochs",
    "logging_steps",
    "eval_steps",
    "save_steps",
    "train_batch_size",
    "best_metric",
    "best_model_checkpoint",
    "best_global_step",
)
_BROKEN = "is half-written or damaged; it is tried again when it changes, and what was read before counts"
_CUT_OFF = "is half-written or damaged; its rows up to there were read, and it is tried again when it changes"
_LOG = re.compile(rb'"log_history"\s*:\s*\[\s*')
_BETWEEN = re.compile(r"\s*,\s*")
_DECODER = json.JSONDecoder()
_FIRST_ROW = re.compile(rb'"log_history"\s*:\s*\[\s*(\{[^{}]*\})')
_MAX_STEPS = re.compile(rb'"max_steps"\s*:\s*(-?\d+)')


@dataclass(slots=True)
class StateFile:
    """A state file that is rewritten whole, again and again, and its last good content.

    Attributes:
        path: The file.
        size: In bytes, when it was read last.
        mtime: When the good content was written, in unix seconds.
        rows: The log from the beginning of the training.
        config: What the file says of the training beside its log.
    """

    path: Path
    size: int = 0
    mtime: float = math.nan
    rows: list[Row] = field(default_factory=list)
    config: dict[str, ConfigValue] = field(default_factory=dict)
    _seen: tuple[int, ...] = ()
    _broken: tuple[int, ...] = ()
    _fault: str = ""

    @property
    def checkpoint(self) -> tuple[str, int] | None:
        """Name and step of the checkpoint folder that the file lies in, or None."""
        match = CHECKPOINT_NAME.match(self.path.parent.name)
        return None if match is None else (match[0], int(match[1]))

    def poll(self, problems: list[Problem]) -> os.stat_result | None:
        """Return the file's state if it changed since it was read, else None."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            # Trainers remove old checkpoints; their rows are in the newer ones.
            if not (self.rows and self.checkpoint):
                self._report("is gone; what was read is kept" if self.rows else "does not exist", problems)
            return None
        except (OSError, ValueError) as error:
            self._report(_cause(error), problems)
            return None
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST_BYTES:
            self._report("is no regular file, or too large to be a trainer state", problems)
            return None
        return found if _signature(found) != self._seen else None

    def read(self, found: os.stat_result, problems: list[Problem]) -> bool:
        """Read the whole file, which `poll` found changed; return whether it is good."""
        try:
            text = self.path.read_bytes()
        except OSError as error:
            self._report(_cause(error), problems)
            return False
        self.size = len(text)
        signature = _signature(found)
        if self._take(text):
            self._seen, self._fault, self.mtime = signature, "", found.st_mtime
            return True
        begun, end = _begun(text) if not self.rows else ([], None)
        if begun:
            self.rows, self._seen, self.mtime = begun, signature, found.st_mtime
            self._report(_CUT_OFF, problems, end)
            return True
        # With something to show, only a file that stays broken is worth a word: it is being written.
        is_second_look = signature == self._broken
        self._broken = signature
        if is_second_look or not self.rows:
            self._seen = signature
            self._report(LFS_ADVICE if text.startswith(LFS_PREFIX) else _BROKEN, problems)
        return False

    def _take(self, text: bytes) -> bool:
        try:
            state = parse(text)
        except ValueError:
            return False
        if not isinstance(state, dict) or not isinstance(state.get("log_history"), list):
            return False
        self.rows = [row for row in state["log_history"] if isinstance(row, dict)]
        self.config = {
            key: state[key] for key in _CONFIG_KEYS if isinstance(state.get(key), str | int | float)
        }
        global_step = as_float(state.get("global_step"))
        if global_step is not None and math.isfinite(global_step):
            self.config["hf.global_step"] = int(global_step)
        return True

    def _report(self, fault: str, problems: list[Problem], offset: int | None = None) -> None:
        if fault != self._fault:
            self._fault = fault
            problems.append(Problem(str(self.path), fault, offset))


def _begun(text: bytes) -> tuple[list[Row], int | None]:
    """Return the whole rows of a log that is cut off, and where the last of them ends in the text."""
    found = _LOG.search(text)
    if found is None:
        return [], None
    # Of this encoding each character is a byte: it tells where rows end.
    characters = text.decode("latin-1")
    rows: list[Row] = []
    place = end = found.end()
    with contextlib.suppress(ValueError, RecursionError):
        while characters.startswith("{", place):
            _, row_end = _DECODER.raw_decode(characters, place)
            row = parse(text[place:row_end])
            if isinstance(row, dict):
                rows.append(row)
            end = row_end
            between = _BETWEEN.match(characters, end)
            if between is None:
                break
            place = between.end()
    return rows, end


@lru_cache(maxsize=16384)
def training_mark(path: Path, size: int, mtime: float) -> tuple[int | None, bytes]:  # noqa: ARG001 the cache's key
    """Return what tells one training from another: its `max_steps`, and the first row of its log.

    Reads only the head and the tail of the file. `size` and `mtime` say which content is meant, so that
    an unchanged file is not read again. What cannot be told is None and b"".
    """
    try:
        with path.open("rb") as file:
            head = file.read(_PEEK_BYTES)
            file.seek(max(0, size - _PEEK_BYTES))
            tail = file.read(_PEEK_BYTES)
    except OSError:
        return None, b""
    max_steps = _MAX_STEPS.search(tail) or _MAX_STEPS.search(head)
    first_row = _FIRST_ROW.search(head)
    return (
        int(max_steps[1]) if max_steps is not None else None,
        b"".join(first_row[1].split()) if first_row is not None else b"",
    )


def _signature(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _cause(error: Exception) -> str:
    cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"could not be read and is tried again: {cause}"
