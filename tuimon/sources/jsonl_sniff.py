"""Whether a text file is a log of metrics in JSON lines, or other JSON such as a set of examples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from tuimon.sources.base import Confidence, Sniff, Source, Trainer
from tuimon.sources.lenient_json import parse
from tuimon.sources.row_axes import STEP_NAMES
from tuimon.sources.row_notes import CONFIG_NAMES
from tuimon.sources.rows import Row, as_float
from tuimon.sources.sniffing import HEAD_BYTES

_LINES_SUFFIXES = (".jsonl", ".ndjson")
# Files of JSON lines that trainers call otherwise: detectron2, mmengine, mmcv, baselines, DETR.
_TRAINER_NAMES = re.compile(
    r"^(metrics|scalars|progress|result|log|train_?log|history|stats)\.(json|txt|log)$|\.log\.json$"
)
# Names that a run's log has, so that a file without content yet is a run that begins.
_LOG_NAMES = re.compile(
    r"^(metrics?|(train(er)?|training)_?(log|metrics)?|logs?|history|eval|system)\.(jsonl|ndjson)$"
)
_METRIC = re.compile(
    rb'"[\w/.]*(loss|steps?|epoch|iteration|lr|reward)[\w/.]*"\s*:\s*[-"\d]|^\s*\{"env_info"'
)
_STEP_NAMES = frozenset(STEP_NAMES)
_MOST_LINES = 8
_MOST_VALUES = 2000


class JsonlFactory:
    """Recognises JSON lines by their content."""

    format = "jsonl"
    trainers: tuple[Trainer, ...] = (
        Trainer("LLaMA-Factory", "`trainer_log.jsonl`: steps, total, percentage, elapsed and remaining time"),
        Trainer("detectron2", "`metrics.json`: the total is reckoned from `eta_seconds`"),
        Trainer("mmengine", "`vis_data/scalars.json`: validation lies at the iteration before it"),
        Trainer("mmcv", "`*.log.json`: `iter`, which restarts each epoch, becomes a step"),
        Trainer(
            "DETR, MAE, DINO", "`log.txt` with JSON lines: the step is the epoch; COCO's lists get names"
        ),
        Trainer("OpenAI Baselines, RLlib", "`progress.json`, `result.json`"),
        Trainer(
            "anything that logs JSON lines",
            "`*.jsonl`, `*.ndjson`, or `.json`, `.log` and `.txt` that hold them: a flat or nested object "
            "per line, whatever the keys; NaN and Infinity bare or as strings",
        ),
    )

    def sniff(self, path: Path, head: bytes) -> Sniff:
        """Tell whether `path`, which begins with `head`, is a log of metrics in JSON lines."""
        return sniff_lines(path, head)

    def open(self, paths: tuple[Path, ...]) -> Source:
        """Return a source over files of one writer."""
        from tuimon.sources.jsonl import JsonlSource  # noqa: PLC0415  # only where there is such a file

        return JsonlSource(paths)


def sniff_lines(path: Path, head: bytes) -> Sniff:
    """Tell whether `path`, which begins with `head`, is a log of metrics in JSON lines."""
    name = path.name.lower()
    is_lines = name.endswith(_LINES_SUFFIXES)
    if not is_lines and not name.endswith((".json", ".txt", ".log")):
        return Sniff(Confidence.NO, "")
    if not head.strip():
        return _sniff_empty(name, is_lines=is_lines)
    is_expected = is_lines or _TRAINER_NAMES.search(name) is not None
    rows, bad_lines = _first_rows(head, until_step=is_expected)
    if not rows:
        if is_expected and not bad_lines and head.lstrip().startswith(b'{"') and _METRIC.search(head):
            return Sniff(Confidence.LIKELY, "begins with a long JSON object that names metrics")
        return Sniff(Confidence.NO, "its first lines are no JSON objects")
    if not is_expected and len(rows) < 2:
        return Sniff(Confidence.NO, "one JSON object is no log of metrics")
    return _judge(rows, bad_lines, is_lines=is_lines)


def _sniff_empty(name: str, *, is_lines: bool) -> Sniff:
    if _LOG_NAMES.search(name):
        return Sniff(Confidence.LIKELY, "is empty so far, and named as a log of metrics")
    if is_lines:
        return Sniff(Confidence.POSSIBLE, "is empty so far")
    return Sniff(Confidence.NO, "is empty")


def _judge(rows: list[Row], bad_lines: int, *, is_lines: bool) -> Sniff:
    step = _step_name(rows)
    if step is not None:
        return Sniff(Confidence.CERTAIN, f"JSON lines with numbers by `{step}`")
    if not is_lines:
        return Sniff(Confidence.NO, "JSON lines without a step")
    if any(isinstance(row.get(name), dict) for row in rows for name in CONFIG_NAMES):
        return Sniff(Confidence.CERTAIN, "JSON lines with a config")
    values = [pair for row in rows for pair in _flattened(row)]
    if all(as_float(value) is None for _, value in values):
        return Sniff(Confidence.NO, "JSON lines without any number")
    if bad_lines or any(_is_prose(value) for _, value in values):
        return Sniff(
            Confidence.POSSIBLE, "JSON lines with numbers, but with text too, like a set of examples"
        )
    return Sniff(Confidence.LIKELY, "JSON lines with numbers")


def _is_prose(value: object) -> bool:
    return isinstance(value, list) or (isinstance(value, str) and " " in value)


def _step_name(rows: list[Row]) -> str | None:
    """Return the best name of a step among the numbers of some rows, in lower case."""
    found = {
        lowered
        for row in rows
        for name, value in _flattened(row)
        if (lowered := name.lower()) in _STEP_NAMES and as_float(value) is not None
    }
    return min(found, key=STEP_NAMES.index, default=None)


def _first_rows(head: bytes, *, until_step: bool) -> tuple[list[Row], int]:
    """Return the JSON objects on the first complete lines, and how many of these lines hold none.

    With `until_step` no more lines than it takes to see a step: thousands of files are looked at.
    """
    lines = head.removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"\n").split(b"\n")
    if len(head) >= HEAD_BYTES:
        lines.pop()  # it goes on beyond the head
    rows: list[Row] = []
    bad_lines = 0
    for line in islice(filter(bytes.strip, lines), _MOST_LINES):
        try:
            row = parse(line)
        except ValueError:
            row = None
        if isinstance(row, dict):
            rows.append(row)
            if until_step and _step_name([row]):
                break
        else:
            bad_lines += 1
    return rows, bad_lines


def _flattened(row: Row, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    for name, value in list(row.items())[:_MOST_VALUES]:
        if isinstance(value, dict):
            if depth < 3 and not (depth == 0 and name in CONFIG_NAMES):
                yield from _flattened(value, f"{prefix}{name}/", depth + 1)
        else:
            yield prefix + name, value
