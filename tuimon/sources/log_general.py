"""Metrics in lines of no known trainer: `Epoch 1, Loss: 2.456`, `loss=0.3 lr=1e-4`, `步骤 250 | 损失 4.2`."""

from __future__ import annotations

from dataclasses import dataclass, field

from tuimon.core.roles import is_evaluation
from tuimon.sources.console_lines import without_colours
from tuimon.sources.log_line import Line, parse_line, phase_in, without_prefix
from tuimon.sources.log_shape import Described, Span
from tuimon.sources.log_template import LineTemplate, template_of

# One of these stands, in lower case, in every line that is looked at; the speed rests on finding them.
WORDS = (b"loss", b"acc", b"ppl", b"perplexity", b"reward", b"epoch", b"step", b"eval", b"valid")
CHINESE_WORDS = tuple(
    word.encode() for word in ("损失", "困惑度", "准确率", "评估", "验证", "步", "轮", "秒")
)

_LONGEST_LINE = 4000
# A loop prints lines of one or a few shapes; where each line has another one, they are read one by one.
_KEPT_TEMPLATES = 6
_MOST_TEMPLATES = 60
_TOTAL_NAMES = {"step": "total_steps", "epoch": "total_epochs", "batch": "steps_per_epoch"}


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
        self._templates: list[LineTemplate] = []  # the one that fitted last is the first
        self._templates_made = 0

    def read(self, text: str) -> Reading:
        """Return what a line says; without values it is no metric line."""
        templates = self._templates if len(text) <= _LONGEST_LINE else []
        for place, template in enumerate(templates):
            if (line := template.read(text)) is not None:
                if place:
                    self._templates.insert(0, self._templates.pop(place))
                return self._take(line, "")
        # Keras draws its progress over itself with backspaces.
        body = without_prefix(without_colours(text.rpartition("\b")[2][:_LONGEST_LINE]))
        line = parse_line(body)
        if line.has_metric and self._templates_made < _MOST_TEMPLATES:
            self._templates_made += 1
            if (made := template_of(text, body, line)) is not None:
                self._templates = [made, *self._templates[: _KEPT_TEMPLATES - 1]]
        return self._take(line, body)

    def describe(self, line: bytes, time: Span | None) -> Described | None:
        """Return what the numbers of a line mean that was read before, or None.

        That of a line depends on those before it unless it names its step, and the epoch where one is known.
        """
        if not line.isascii() or len(line) > _LONGEST_LINE:
            return None
        text = line.decode("ascii")
        for template in self._templates:
            found = template.pattern.fullmatch(text)
            like = template.line
            if found is None:
                continue
            is_clear = like.has_metric and not like.evaluates and not like.totals
            if not is_clear or "step" not in like.counters or not set(like.counters) <= {"step", "epoch"}:
                return None
            values = {name: found.span(group) for name, group in template.values}
            counts, fixed = {}, []
            for kind, count, total in template.counters:
                counts[kind] = found.span(count)
                if total:
                    fixed.append(found.span(total))
            has_epoch = ("epoch" in values) + ("epoch" in counts)
            if "step" in values or has_epoch > 1 or (self._epoch is not None and not has_epoch):
                return None
            return Described(values, counts, tuple(fixed), time, is_padded=True)
        return None

    def _take(self, line: Line, body: str) -> Reading:
        """Return what a line means behind those before it."""
        reading = Reading(totals=dict(line.totals))
        if not line.has_metric:
            # A counter in the middle of a sentence is about something else.
            if line.begins_with_counter:
                self._take_counters(line, reading)
                self._is_evaluating = line.evaluates
            phase = phase_in(body)
            if phase is not None and self.step is not None:
                reading.values = {f"timing/{phase[0]}": phase[1], "step": self.step}
            return reading
        own = self._take_counters(line, reading)
        if not (own or line.evaluates or line.names_evaluation or line.is_plain):
            return reading
        values: dict[str, object] = dict(line.values)
        if line.evaluates or (self._is_evaluating and not own):
            values = {name if is_evaluation(name) else f"eval/{name}": v for name, v in values.items()}
        if own and not line.evaluates:
            self._is_evaluating = False
        if self.step is not None:
            values["step"] = self.step
        if self._epoch is not None:
            values.setdefault("epoch", self._epoch)
        reading.values, reading.is_counted = values, own
        return reading

    def _take_counters(self, line: Line, reading: Reading) -> bool:
        """Note the counters in a line, and what they count up to; tell whether there are any."""
        for kind, (count, total) in line.counters.items():
            if total is not None and total >= count:
                reading.totals[_TOTAL_NAMES[kind]] = total
        if not line.counters:
            return False
        self._batches = reading.totals.get("steps_per_epoch", self._batches)
        epochs = reading.totals.get("total_epochs")
        if self._batches and epochs and "total_steps" not in reading.totals:
            reading.totals["total_steps"] = epochs * self._batches
        counters = {kind: count for kind, (count, _) in line.counters.items()}
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
