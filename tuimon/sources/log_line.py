"""What a line of a log says by itself: names with numbers, counters, and whether it evaluates."""

from __future__ import annotations

import re

from tuimon.core.frozen import frozen
from tuimon.core.roles import HARDWARE_ROLES, Role, is_evaluation, role_of

_NUMBER = (
    r"([-+]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,]|\.\d)|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan|inf(?:inity)?))"
    r"(?![\d:/]|[-.]\d)"
)
_COUNTER = re.compile(
    r"(?<![\w.])(?:(global[ _]?step|train[ _]?step|step|iteration|iter|update)|(epoch)|(batch))s?"
    r"(?:\s*[:=#]\s*|\s*[\[(]\s*|\s+)(\d[\d,]*)(?!\.?\d|[.,]\d|[a-z%])(?:\s*(?:/|of)\s*(\d[\d,]*)(?!\.\d))?"
    r"|(?:(步骤|步数|迭代)|(轮次|周期)|(批次))\s*[::]?\s*(\d+)(?!\.\d)(?:\s*/\s*(\d+))?"
    r"|第\s*(\d+)\s*(?:/\s*(\d+)\s*)?(?:(步)|(轮|个?周期)|(批))",
    re.IGNORECASE,
)
_KERAS_BAR = re.compile(r"^\s*(\d+)/(\d+)\s+(?:\[|━|\x1b|-)")
# A bar of tqdm within an epoch: `Epoch 3:  45%|##  | 450/1000 [01:00<01:10, 7.5it/s, loss=0.5]`.
_BAR = re.compile(r"%\|[^|]*\|\s*(\d+)/(\d+) \[")
_BATCH = "batch"
_WORD = r"[^\W\d][\w./@%-]*"
_START = r"(?<![\w./@%-])"  # no word is looked at from its middle
_PAIR = re.compile(rf"{_START}({_WORD}(?: [^\W_][\w./@%()-]*){{0,3}})\s*[:=:]\s*{_NUMBER}", re.IGNORECASE)
_SPACED_PAIR = re.compile(rf"{_START}({_WORD})\s+{_NUMBER}", re.IGNORECASE)
_PHASE = re.compile(
    r"^\W*([^\W\d][\w ./-]{0,60}?)\s{0,20}[::]\s*(\d+\.?\d*)\s*(秒|毫秒|seconds?|secs?|s|ms)\W*$"
)
_PHASE_UNITS = {"毫秒": 1e-3, "ms": 1e-3}
_PREFIX = re.compile(
    r"^\s*(?:\[?[^\s\[\]]*\d\d:\d\d:\d\d\S*\]?|\[?\d{4}[-/]\d\d[-/]\d\d\]?|\[[^\]\d]*\]|-|\|"
    r"|(?:DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL)\b:?|\[?rank\]?\d*:)\s*",
    re.IGNORECASE,
)
_EVALUATION = re.compile(r"(?<![a-z])(?:eval|valid|test(?:ing)? |val[ _/:])|评估|验证|测试", re.IGNORECASE)
_TOTAL = re.compile(
    r"(?<![a-z])(?:(max[_ ]steps|total (?:optimization |training )?steps|num_training_steps|总步数)"
    r"|(num[_ ](?:train[_ ])?epochs|total epochs|max_epochs|总轮数))\s*[:=:]\s*(\d[\d,]*)(?![.\d])",
    re.IGNORECASE,
)
_AVERAGE = "平均"
_METRIC_ROLES = frozenset(Role) - HARDWARE_ROLES - {
    Role.OTHER, Role.CONFIG, Role.SUMMARY, Role.EPOCH, Role.STEP_TIME, Role.TOKENS, Role.THROUGHPUT,
    Role.AUXILIARY,
}  # fmt: skip


@frozen
class Line:
    """What a line says.

    Attributes:
        values: Numbers by name.
        counters: How far it is, and of how many, by `step`, `epoch`, `batch`.
        totals: What it states of the whole run.
        has_metric: Among the names is one that is known to be a metric's.
        names_evaluation: One of the names says that it was measured on held-out examples.
        evaluates: The line says so, but none of the names.
        begins_with_counter: It is no sentence that mentions a counter.
        is_plain: It is nothing but names and numbers.
    """

    values: dict[str, float]
    counters: dict[str, tuple[int, int | None]]
    totals: dict[str, int]
    has_metric: bool
    names_evaluation: bool
    evaluates: bool
    begins_with_counter: bool
    is_plain: bool


def parse_line(line: str) -> Line:
    """Return what a line without its prefix says."""
    rest = _COUNTER.sub("|", line)
    values = _values_in(rest)
    names_evaluation = any(map(is_evaluation, values))
    return Line(
        values,
        _counters_in(line),
        {"total_steps" if found[1] else "total_epochs": _count(found[3]) for found in _TOTAL.finditer(line)},
        has_metric=any(role_of(name) in _METRIC_ROLES for name in values),
        names_evaluation=names_evaluation,
        evaluates=not names_evaluation and _EVALUATION.search(line) is not None,
        begins_with_counter=_COUNTER.match(line.lstrip("-=#* ")) is not None,
        is_plain=not any(character.isalpha() for character in _PAIR.sub("", rest)),
    )


def phase_in(line: str) -> tuple[str, float] | None:
    """Return a phase of a step and how many seconds it took, if that is all a line says."""
    found = _PHASE.match(line)
    return (found[1], float(found[2]) * _PHASE_UNITS.get(found[3], 1.0)) if found else None


def without_prefix(line: str) -> str:
    """Return a line without time, level and rank before it."""
    for _ in range(6):
        shorter = _PREFIX.sub("", line, count=1)
        if shorter == line:
            break
        line = shorter
    return line


def _counters_in(line: str) -> dict[str, tuple[int, int | None]]:
    counters: dict[str, tuple[int, int | None]] = {}
    for found in _COUNTER.finditer(line):
        groups = found.groups()
        number = groups[3] or groups[8] or groups[10]
        total = groups[4] or groups[9] or groups[11]
        kind = (
            "step" if groups[0] or groups[5] or groups[12]
            else "epoch" if groups[1] or groups[6] or groups[13]
            else "batch"
        )  # fmt: skip
        if kind == "step" and "epoch" in counters and total and _BATCH not in line.lower():
            kind = "batch"  # Epoch [1/10], Step [100/600]: it begins again in each epoch
        counters.setdefault(kind, (_count(number), _count(total) if total else None))
    bar = _KERAS_BAR.match(line)
    if bar is None and "epoch" in counters and not _EVALUATION.search(line):
        bar = _BAR.search(line)
    if bar is not None:
        counters.setdefault("batch", (_count(bar[1]), _count(bar[2])))
    return counters


def _values_in(line: str) -> dict[str, float]:
    values: dict[str, float] = {}
    is_columns = "|" in line
    for part in re.split(r"[|,;,;]\s|\s-\s|\|", line):
        pairs = _PAIR.findall(part)
        if not pairs:
            pairs = [
                pair for pair in _SPACED_PAIR.findall(part) if is_columns or role_of(pair[0]) in _METRIC_ROLES
            ]
        for name, number in pairs:
            values[name.strip().removeprefix(_AVERAGE)] = float(number.replace(",", ""))
    return values


def _count(text: str) -> int:
    return min(int(text.replace(",", "")[:18]), 2**62)
