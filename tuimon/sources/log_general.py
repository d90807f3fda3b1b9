"""Metrics in lines of no known trainer: `Epoch 1, Loss: 2.456`, `loss=0.3 lr=1e-4`, `步骤 250 | 损失 4.2`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tuimon.core.roles import HARDWARE_ROLES, Role, is_evaluation, role_of
from tuimon.sources.console_lines import without_colours

# One of these stands, in lower case, in every line that is looked at; the speed rests on finding them.
WORDS = (b"loss", b"acc", b"ppl", b"perplexity", b"reward", b"epoch", b"step", b"eval", b"valid")
CHINESE_WORDS = tuple(
    word.encode() for word in ("损失", "困惑度", "准确率", "评估", "验证", "步", "轮", "秒")
)

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
_BATCH = "batch"
_WORD = r"[^\W\d][\w./@%-]*"
_PAIR = re.compile(rf"({_WORD}(?: [^\W_][\w./@%()-]*){{0,3}})\s*[:=:]\s*{_NUMBER}", re.IGNORECASE)
_SPACED_PAIR = re.compile(rf"({_WORD})\s+{_NUMBER}", re.IGNORECASE)
_PHASE = re.compile(r"^\W*([^\W\d][\w ./-]*?)\s*[::]\s*(\d+\.?\d*)\s*(秒|毫秒|seconds?|secs?|s|ms)\W*$")
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
_LONGEST_LINE = 4000
_METRIC_ROLES = frozenset(Role) - HARDWARE_ROLES - {
    Role.OTHER, Role.CONFIG, Role.SUMMARY, Role.EPOCH, Role.STEP_TIME, Role.TOKENS, Role.THROUGHPUT,
    Role.AUXILIARY,
}  # fmt: skip


@dataclass(slots=True)
class Reading:
    """What one line says.

    Attributes:
        values: The metrics by name; `step` and `epoch` among them where they are known.
        is_counted: The line itself tells the step.
        totals: Where the run ends (`total_steps`, `total_epochs`, `steps_per_epoch`).
    """

    values: dict[str, object] = field(default_factory=dict)
    is_counted: bool = False
    totals: dict[str, int] = field(default_factory=dict)


class GeneralReader:
    """Reads lines one by one; remembers the counters, which may stand on a line of their own."""

    def __init__(self) -> None:
        self.step: int | None = None
        self._epoch: int | None = None
        self._batches = 0
        self._first_epoch = 1
        self._names_steps = False
        self._is_evaluating = False

    def read(self, text: str) -> Reading:
        """Return what a line says; without values it is no metric line."""
        # Keras draws its progress over itself with backspaces.
        line = _without_prefix(without_colours(text.rpartition("\b")[2][:_LONGEST_LINE]))
        reading = Reading()
        for found in _TOTAL.finditer(line):
            reading.totals["total_steps" if found[1] else "total_epochs"] = _count(found[3])
        rest = _COUNTER.sub("|", line)
        values = _values_in(rest)
        says_so = any(map(is_evaluation, values))
        evaluates = not says_so and _EVALUATION.search(line) is not None
        if not any(role_of(name) in _METRIC_ROLES for name in values):
            # A counter in the middle of a sentence is about something else.
            if _COUNTER.match(line.lstrip("-=#* ")):
                self._take_counters(line, reading)
                self._is_evaluating = evaluates
            return self._phase(line, reading)
        own = self._take_counters(line, reading)
        if not (own or evaluates or says_so or self._is_plain(rest)):
            return reading
        if evaluates or (self._is_evaluating and not own):
            values = {name if is_evaluation(name) else f"eval/{name}": v for name, v in values.items()}
        if own and not evaluates:
            self._is_evaluating = False
        if self.step is not None:
            values["step"] = self.step
        if self._epoch is not None:
            values.setdefault("epoch", self._epoch)
        reading.values, reading.is_counted = values, own
        return reading

    def _take_counters(self, line: str, reading: Reading) -> bool:
        """Note the counters in a line, and what they count up to; tell whether there are any."""
        counters: dict[str, int] = {}
        for found in _COUNTER.finditer(line):
            groups = found.groups()
            number = groups[3] or groups[8] or groups[10]
            total = groups[4] or groups[9] or groups[11]
            kind = (
                "step" if groups[0] or groups[5] or groups[12]
                else "epoch" if groups[1] or groups[6] or groups[13]
                else "batch"
            )  # fmt: skip
            if kind in counters:
                continue
            if kind == "step" and "epoch" in counters and total and _BATCH not in line.lower():
                kind = "batch"  # Epoch [1/10], Step [100/600]: it begins again in each epoch
            counters[kind] = _count(number)
            if total and _count(total) >= counters[kind]:
                name = {"step": "total_steps", "epoch": "total_epochs", "batch": "steps_per_epoch"}[kind]
                reading.totals[name] = _count(total)
        if (bar := _KERAS_BAR.match(line)) and "batch" not in counters:
            counters["batch"], reading.totals["steps_per_epoch"] = _count(bar[1]), _count(bar[2])
        if not counters:
            return False
        self._batches = reading.totals.get("steps_per_epoch", self._batches)
        epochs = reading.totals.get("total_epochs")
        if self._batches and epochs and "total_steps" not in reading.totals:
            reading.totals["total_steps"] = epochs * self._batches
        if "epoch" in counters:
            self._epoch = counters["epoch"]
            self._first_epoch = min(self._first_epoch, self._epoch)
        self._take_step(counters)
        return True

    def _take_step(self, counters: dict[str, int]) -> None:
        if "step" in counters:
            self._names_steps = True
            self.step = counters["step"]
        elif self._names_steps:
            return
        elif "batch" in counters and self._epoch is not None and self._batches:
            self.step = (self._epoch - self._first_epoch) * self._batches + counters["batch"]
        elif "batch" in counters and self._epoch is None:
            self.step = counters["batch"]
        elif "epoch" in counters and not self._batches:
            self.step = counters["epoch"]

    def _is_plain(self, line: str) -> bool:
        """Tell whether a line is nothing but names and numbers, like `loss: 0.5, lr: 0.1`."""
        rest = _PAIR.sub("", line)
        return not any(character.isalpha() for character in rest)

    def _phase(self, line: str, reading: Reading) -> Reading:
        """Return how long a phase of a step took, if that is all a line says."""
        found = _PHASE.match(line)
        if found and self.step is not None:
            seconds = float(found[2]) * _PHASE_UNITS.get(found[3], 1.0)
            reading.values = {f"timing/{found[1]}": seconds, "step": self.step}
        return reading


def _values_in(line: str) -> dict[str, object]:
    values: dict[str, object] = {}
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


def _without_prefix(line: str) -> str:
    """Return a line without time, level and rank before it."""
    for _ in range(6):
        shorter = _PREFIX.sub("", line, count=1)
        if shorter == line:
            break
        line = shorter
    return line


def _count(text: str) -> int:
    return min(int(text.replace(",", "")[:18]), 2**62)
