"""Metrics in lines of no known trainer: `Epoch 1, Loss: 2.456`, `loss=0.3 lr=1e-4`, `步骤 250 | 损失 4.2`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from tuimon.core.roles import is_evaluation
from tuimon.sources.console_lines import COLOURS
from tuimon.sources.log_line import Line, parse_line, phase_in, without_prefix
from tuimon.sources.log_moment import Span
from tuimon.sources.log_shape import Described
from tuimon.sources.log_template import LineTemplate, template_of
from tuimon.sources.progress_bars import BODY

# One of these stands, in lower case, in every line that is looked at; the speed rests on finding them.
WORDS = (b"loss", b"acc", b"ppl", b"perplexity", b"reward", b"epoch", b"step", b"eval", b"valid")
CHINESE_WORDS = tuple(
    word.encode() for word in ("损失", "困惑度", "准确率", "评估", "验证", "步", "轮", "秒")
)

_LONGEST_LINE = 4000
# A loop prints lines of one or a few shapes; where each line has another one, they are read one by one.
_KEPT_TEMPLATES = 6
_MOST_TEMPLATES = 60
_MOST_REMEMBERED = 2000
# What is on a line for the eye: colours, and what grows in a progress bar.
_ORNAMENT = re.compile(f"{COLOURS.pattern}|{BODY.pattern}")
_ONE_DIGIT = bytes.maketrans(b"123456789", b"000000000")
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


@dataclass(slots=True)
class Counters:
    """Where a log stands: what a line means hangs on the counters before it.

    Attributes:
        step: The last one.
        epoch: The last one; None: none was named yet.
        batches: How many steps an epoch has; 0: not known.
        first_epoch: The lowest epoch, at most 1.
        names_steps: The log names its steps, so that none are made of epochs and batches.
        is_evaluating: The last line with a counter began an evaluation.
    """

    step: int | None = None
    epoch: int | None = None
    batches: int = 0
    first_epoch: int = 1
    names_steps: bool = False
    is_evaluating: bool = False


class GeneralReader:
    """Reads lines one by one; remembers the counters, which may stand on a line of their own.

    Attributes:
        at: The counters.
    """

    def __init__(self) -> None:
        self.at = Counters()
        self._templates: list[LineTemplate] = []  # the one that fitted last is the first
        self._templates_made = 0
        self._saying_nothing: set[bytes] = set()

    def read(self, line_bytes: bytes) -> Reading:
        """Return what a line says; without values it is no metric line."""
        skeleton = line_bytes.translate(_ONE_DIGIT)
        if skeleton in self._saying_nothing:
            return Reading()
        # Keras draws its progress over itself with backspaces.
        text = line_bytes.decode("utf-8", "replace").rpartition("\b")[2][:_LONGEST_LINE]
        if "\x1b" in text or "%|" in text:
            text = _ORNAMENT.sub("", text)
        for place, template in enumerate(self._templates):
            if (line := template.read(text)) is not None:
                if place:
                    self._templates.insert(0, self._templates.pop(place))
                return self._take(line, "")
        body = without_prefix(text)
        line = parse_line(body)
        if line.has_metric and self._templates_made < _MOST_TEMPLATES:
            self._templates_made += 1
            if (made := template_of(text, body, line)) is not None:
                self._templates = [made, *self._templates[: _KEPT_TEMPLATES - 1]]
        if not (line.values or line.counters or line.totals or phase_in(body)):
            if len(self._saying_nothing) >= _MOST_REMEMBERED:
                self._saying_nothing.clear()
            self._saying_nothing.add(skeleton)
        return self._take(line, body)

    def describe(self, line: bytes, time: Span | None) -> Described | None:
        """Return what the numbers of a line mean that was read before, or None.

        What else it hangs on is `context`.
        """
        try:
            text = line.decode()
        except UnicodeDecodeError:
            return None
        if len(text) > _LONGEST_LINE or "\b" in text:
            return None
        plain = _ORNAMENT.sub("", text)
        for template in self._templates:
            found = template.pattern.fullmatch(plain)
            if found is not None:
                described = self._describe(template, found, time)
                if described is not None:
                    described = _moved(described, _places_of(text))
                    described = replace(described, context=self.context(described))
                return described
        return None

    def _describe(self, template: LineTemplate, found: re.Match[str], time: Span | None) -> Described | None:
        like, at = template.line, self.at
        spans = {kind: found.span(count) for kind, count, _ in template.counters}
        values = {name: found.span(group) for name, group in template.values}
        is_clear = like.has_metric and not like.evaluates and not like.totals
        if not is_clear or not spans or "step" in values or ("epoch" in values and "epoch" in spans):
            return None
        counts: dict[str, Span] = {}
        batches = 0
        if "step" in spans:
            counts["step"] = spans["step"]
        elif at.names_steps:
            return None
        elif "batch" in spans and "epoch" in spans and at.batches:
            counts["batch"], batches = spans["batch"], at.batches
        elif "batch" in spans and "epoch" not in spans and at.epoch is None:
            counts["step"] = spans["batch"]
        elif "epoch" in spans and not at.batches:
            counts["step"] = spans["epoch"]
        else:
            return None
        if "epoch" in spans:
            counts["epoch"] = spans["epoch"]
        fixed = tuple(found.span(total) for _, _, total in template.counters if total)
        return Described(
            values,
            counts,
            fixed,
            time,
            is_padded=True,
            batches=batches,
            first_epoch=at.first_epoch if "epoch" in spans else 0,
            names_step="step" in spans,
            carries_epoch=at.epoch is not None and "epoch" not in spans and "epoch" not in values,
        )

    def context(self, described: Described) -> tuple[object, ...]:
        """Return what else the meaning of a line hangs on: it must be the same when it was described."""
        at = self.at
        made_of = (at.names_steps, at.batches, at.first_epoch)
        return (at.epoch is None, *(() if described.names_step else made_of))

    def pass_by(self, described: Described, step: int, epoch: int | None) -> None:
        """Note that lines were read by others, and how far the last of them is."""
        at = self.at
        at.step, at.is_evaluating = step, False
        at.names_steps |= described.names_step
        if epoch is not None:
            at.epoch = epoch

    def _take(self, line: Line, body: str) -> Reading:
        """Return what a line means behind those before it."""
        reading = Reading(totals=dict(line.totals))
        if not line.has_metric:
            # A counter in the middle of a sentence is about something else.
            if line.begins_with_counter:
                self._take_counters(line, reading)
                self.at.is_evaluating = line.evaluates
            phase = phase_in(body)
            if phase is not None and self.at.step is not None:
                reading.values = {f"timing/{phase[0]}": phase[1], "step": self.at.step}
            return reading
        own = self._take_counters(line, reading)
        if not (own or line.evaluates or line.names_evaluation or line.is_plain):
            return reading
        values: dict[str, object] = dict(line.values)
        if line.evaluates or (self.at.is_evaluating and not own):
            values = {name if is_evaluation(name) else f"eval/{name}": v for name, v in values.items()}
        if own and not line.evaluates:
            self.at.is_evaluating = False
        if self.at.step is not None:
            values["step"] = self.at.step
        if self.at.epoch is not None:
            values.setdefault("epoch", self.at.epoch)
        reading.values, reading.is_counted = values, own
        return reading

    def _take_counters(self, line: Line, reading: Reading) -> bool:
        """Note the counters in a line, and what they count up to; tell whether there are any."""
        for kind, (count, total) in line.counters.items():
            if total is not None and total >= count:
                reading.totals[_TOTAL_NAMES[kind]] = total
        if not line.counters:
            return False
        self.at.batches = reading.totals.get("steps_per_epoch", self.at.batches)
        epochs = reading.totals.get("total_epochs")
        if self.at.batches and epochs and "total_steps" not in reading.totals:
            reading.totals["total_steps"] = epochs * self.at.batches
        counters = {kind: count for kind, (count, _) in line.counters.items()}
        if "epoch" in counters:
            self.at.epoch = counters["epoch"]
            self.at.first_epoch = min(self.at.first_epoch, self.at.epoch)
        self._take_step(counters)
        return True

    def _take_step(self, counters: dict[str, int]) -> None:
        if "step" in counters:
            self.at.names_steps = True
            self.at.step = counters["step"]
        elif self.at.names_steps:
            return
        elif "batch" in counters and self.at.epoch is not None and self.at.batches:
            self.at.step = (self.at.epoch - self.at.first_epoch) * self.at.batches + counters["batch"]
        elif "batch" in counters and self.at.epoch is None:
            self.at.step = counters["batch"]
        elif "epoch" in counters and not self.at.batches:
            self.at.step = counters["epoch"]


def _places_of(text: str) -> list[int]:
    """Return where each character of a text without ornaments, and its end, stands in its bytes."""
    places: list[int] = []
    at = 0
    pieces = [*((found.start(), found.end()) for found in _ORNAMENT.finditer(text)), (len(text), len(text))]
    begin = 0
    for stop, next_begin in pieces:
        for character in text[begin:stop]:
            places.append(at)
            at += len(character.encode())
        at += len(text[stop:next_begin].encode())
        begin = next_begin
    return [*places, at]


def _moved(described: Described, places: list[int]) -> Described:
    def moved(span: Span) -> Span:
        return places[span[0]], places[span[1] - 1] + 1

    return replace(
        described,
        values={name: moved(span) for name, span in described.values.items()},
        counts={name: moved(span) for name, span in described.counts.items()},
        fixed=tuple(map(moved, described.fixed)),
    )
