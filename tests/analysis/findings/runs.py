"""Made-up runs: curves with fixed seeds, and a log of records that becomes rows as a real one does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tuimon.analysis.findings.catalog import FindingSettings
from tuimon.analysis.findings.engine import FindingEngine
from tuimon.analysis.findings.finding import Finding
from tuimon.core.batch import ConfigValue, ScalarBatch
from tuimon.core.columns import Float64Array
from tuimon.store.rows import RowReader, Rows
from tuimon.store.run import RunView
from tuimon.store.run_store import RunStore

START = 1.7e9


@dataclass(frozen=True)
class Entry:
    step: int
    time: float
    values: dict[str, float]


class RunLog:
    """Records in order of writing. `time` moves on by itself with every training line."""

    def __init__(self, *, interval_s: float = 4.0, steps_per_line: int = 10) -> None:
        self.entries: list[Entry] = []
        self.interval_s = interval_s
        self.steps_per_line = steps_per_line
        self.step = 0
        self.time = START

    def train(self, values: Mapping[str, float], *, step: int | None = None) -> None:
        self.step = self.step + self.steps_per_line if step is None else step
        self.time += self.interval_s
        self.entries.append(Entry(self.step, self.time, dict(values)))

    def evaluate(self, values: Mapping[str, float], *, seconds: float = 2.0) -> None:
        self.time += seconds
        self.entries.append(Entry(self.step, self.time, dict(values)))

    def sample(self, values: Mapping[str, float], *, at: float | None = None) -> None:
        self.entries.append(Entry(self.step, self.time if at is None else at, dict(values)))

    def view(self, *, timed: bool = True) -> RunView:
        store = RunStore()
        for order, entry in enumerate(self.entries):
            store.extend(0, [_batch(order, entry, timed=timed)])
        return store.freeze()

    def rows(self, *, timed: bool = True) -> Rows:
        return RowReader(FindingEngine.wanted).read(self.view(timed=timed))

    def engine(
        self,
        *,
        total_steps: int | None = None,
        config: Mapping[str, ConfigValue] | None = None,
        settings: FindingSettings | None = None,
        timed: bool = True,
    ) -> FindingEngine:
        engine = FindingEngine("run", settings)
        view = self.view(timed=timed)
        engine.extend(RowReader(engine.wanted).read(view), view.attempts, total_steps, config or {})
        return engine

    def findings(
        self, *, total_steps: int | None = None, settings: FindingSettings | None = None, timed: bool = True
    ) -> tuple[Finding, ...]:
        return self.engine(total_steps=total_steps, settings=settings, timed=timed).findings


def _batch(order: int, entry: Entry, *, timed: bool) -> ScalarBatch:
    return ScalarBatch(
        tags=tuple(entry.values),
        order=np.array([order]),
        steps=np.array([entry.step]),
        wall_times=np.array([entry.time if timed else np.nan]),
        values=tuple(np.array([value]) for value in entry.values.values()),
    )


def falling(
    points: int, *, seed: int = 0, noise: float = 0.02, first: float = 4.0, last: float = 1.5
) -> Float64Array:
    """A loss as a healthy run logs it: a power law with multiplicative noise."""
    x = np.arange(1, points + 1) / points
    curve = last + (first - last) * (0.02 / (x + 0.02)) ** 0.7
    return curve * np.exp(noise * np.random.default_rng(seed).standard_normal(points))


def level(points: int, value: float, *, seed: int = 0, noise: float = 0.02) -> Float64Array:
    """Noise around one level."""
    return value * np.exp(noise * np.random.default_rng(seed).standard_normal(points))


def log_of(tag: str, values: Float64Array) -> RunLog:
    """A run that logs one training series."""
    log = RunLog()
    for value in values.tolist():
        log.train({tag: value})
    return log


def rules(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.rule for finding in findings]


def only(findings: tuple[Finding, ...], rule: str) -> Finding:
    """The only finding of a rule."""
    found = [finding for finding in findings if finding.rule == rule]
    assert len(found) == 1, [finding.message for finding in findings]
    return found[0]
