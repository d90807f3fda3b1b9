"""Runs every rule over the points of one run, as they come."""

from __future__ import annotations

import math
from collections.abc import Mapping
from math import isfinite
from typing import Any

from tuimon.analysis.findings.catalog import RULES, FindingSettings
from tuimon.analysis.findings.channel import LATEST_ROLES, Channel, Latest, SensorChannels, closes
from tuimon.analysis.findings.finding import Finding
from tuimon.analysis.findings.frame import RUN_SERIES, Ledger, Listener, Rule, overriding
from tuimon.analysis.findings.sampling import Sampling
from tuimon.analysis.findings.speed import SpeedRule
from tuimon.analysis.findings.speed_source import SPEED_ROLES, SpeedSource
from tuimon.analysis.findings.timeline import HISTORY_POINTS, Timeline
from tuimon.analysis.status import Status
from tuimon.core.batch import ConfigValue
from tuimon.core.roles import HARDWARE_ROLES, Role, role_of
from tuimon.store.attempts import leading_rank
from tuimon.store.axis import Attempt
from tuimon.store.rows import Rows

_NO_CONFIG: Mapping[str, ConfigValue] = {}
# Records hold the same few sets of tags again and again; more than this are not worth remembering.
_MOST_SHAPES = 1024
# Beside what rules look at: what tells training lines and evaluations.
_SIGNS_OF_LIFE = {
    Role.PERPLEXITY,
    Role.EVAL_PERPLEXITY,
    Role.ACCURACY,
    Role.EVAL_ACCURACY,
    Role.ERROR,
    Role.EVAL_TIME,
}
_WANTED = frozenset().union(_SIGNS_OF_LIFE, *(rule.roles for rule in RULES))


class FindingEngine:
    """Finds what is wrong with one run.

    Points are judged in order of arrival, one by one or, by rules about what changes slowly, four at a time,
    with a bounded state, so that a run gives the same findings however its points are cut into calls, live or
    in a replay. Used by one thread.

    Args:
        run_name: The run's name.
        settings: Thresholds, if not the defaults.
    """

    def __init__(self, run_name: str, settings: FindingSettings | None = None) -> None:
        self.run_name = run_name
        self._settings = settings or FindingSettings()
        self._run = Timeline()
        self._ledger = Ledger()
        self._channels: dict[str, Channel] = {}
        self._rules = tuple(rule for rule in RULES if rule.name not in self._settings.off)
        self._rules_of: dict[Role, list[type[Rule[Any]]]] = {}
        for rule in self._rules:
            for role in rule.roles:
                self._rules_of.setdefault(role, []).append(rule)
        self._run_rules = tuple(self._make(rule, RUN_SERIES) for rule in self._rules if not rule.per_series)
        self._speed = self._speed_source()
        self._sampling = Sampling(self._run_rules)
        self._gate = self._sampling.gate
        listeners = (self._speed, *self._run_rules)
        self._on_line = overriding(listeners, "line")
        self._on_restart = overriding(listeners, "restarted")
        self._on_activity = overriding(self._run_rules, "active")
        self._on_silence = overriding(self._run_rules, "silence")
        self._on_end = overriding(self._run_rules, "ended")
        self._on_failure = overriding(self._run_rules, "told")
        self._moment, self._fresh = math.nan, True
        # What is known of records by the indices of their tags, for as long as the tags are the same.
        self._tags: tuple[str, ...] = ()
        self._shapes: dict[bytes, SensorChannels | tuple[Channel, ...]] = {}
        self._leader: str | None = None
        self._closed_at: tuple[int, float] | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings in the order in which they opened, in their present state."""
        return self._ledger.findings

    @property
    def checked_step(self) -> int | None:
        """The last training step that was looked at; None before the first."""
        return self._run.train_step

    @staticmethod
    def wanted(tag: str) -> bool:
        """Return whether the engine needs the points of a tag."""
        return role_of(tag) in _WANTED or closes(tag)

    def extend(
        self,
        rows: Rows,
        attempts: tuple[Attempt, ...] = (),
        total_steps: int | None = None,
        config: Mapping[str, ConfigValue] = _NO_CONFIG,
    ) -> None:
        """Judge more points.

        Args:
            rows: New points in order of arrival. Points of tags that are not `wanted` are passed over.
            attempts: What the store makes of the steps that fall. If it knows of one attempt only, they fall
                for other reasons than restarts (several writers, a counter that begins anew each epoch).
            total_steps: The step at which the run will end, if known.
            config: Hyper-parameters.
        """
        run = self._run
        run.total_steps, run.config = total_steps, config
        run.restarts_are_known = len(attempts) != 1
        indices, values = rows.tag_index.tobytes(), rows.values.tolist()
        width = rows.tag_index.itemsize
        if rows.tags != self._tags or len(self._shapes) > _MOST_SHAPES:
            self._tags, self._shapes = rows.tags, {}
        shapes = self._shapes
        self._moment = math.nan
        for start, stop, step, time, together, finite in rows.records():
            shape = indices[width * start : width * stop]
            known = shapes.get(shape)
            if known is None:
                tags = [rows.tags[index] for index in rows.tag_index[start:stop]]
                known = self._layout_of(tags) or self._channels_of(tags)
                if known is not None:
                    shapes[shape] = known
            if known is None or not together:
                self._take_apart(rows.part(start, stop))
            elif isinstance(known, tuple):
                self._take(known, values[start:stop], step, time)
            elif finite:
                self._take_sensors(known, values[start:stop], step, time)
            else:
                self._take(known.channels, values[start:stop], step, time)

    def tell(self, text: str, step: int | None, time: float) -> None:
        """Hear what a log says failed, after the rows that were logged before it.

        Args:
            text: The failure, as logged.
            step: The step that was logged with it, or None.
            time: Its wall time; NaN where none was logged.
        """
        run = self._run
        reached = run.step if step is None else step
        run.move(reached, time if math.isfinite(time) else run.now)
        for rule in self._on_failure:
            rule.told(text)

    def tick(self, now: float, *, running: bool = True) -> None:
        """Let the clock speak when no rows do: only rules about silence look.

        Args:
            now: Unix seconds; in a replay or check the time of the data.
            running: Whether the run may still bring something.
        """
        if running and now > self._run.now:
            self._run.advance(now)
            for rule in self._on_silence:
                rule.silence()

    def end(self, status: Status, now: float, last_words: str = "") -> None:
        """Hear how the run ended: it came to its end, or its process is known to be gone before that.

        A run that goes on after all is heard from by its next rows. Saying it again changes nothing.

        Args:
            status: `done` or `failed`.
            now: As in `tick`.
            last_words: What the run said of its failure.
        """
        run = self._run
        if now > run.now:
            run.advance(now)
        run.ended = True
        run.failed = status is Status.FAILED
        run.last_words = last_words
        for rule in self._on_end:
            rule.ended()

    def _take_apart(self, rows: Rows) -> None:
        """Look at the points of a record one by one: some are new, or they differ in their steps or times."""
        steps, times, values = rows.steps.tolist(), rows.wall_times.tolist(), rows.values.tolist()
        for at, index in enumerate(rows.tag_index):
            channel = self._channel(rows.tags[index])
            time = times[at] if math.isfinite(times[at]) else math.nan
            self._take((channel,), values[at : at + 1], steps[at], time)

    def _take(self, channels: tuple[Channel, ...], values: list[float], step: int, time: float) -> None:
        """Look at points that were logged together."""
        run = self._run
        dismisses = self._closed_at is not None
        if time != self._moment or step != run.step:
            run.move(step, time)
            self._moment, self._fresh = time, True
        for channel, value in zip(channels, values, strict=True):
            run.tag = channel.tag
            if (channel.special or dismisses) and self._dismiss(channel, value, step, time):
                dismisses = self._closed_at is not None
            elif isfinite(value):
                channel.last = value
                for look in channel.looks:
                    look(value)
            else:
                self._take_nonfinite(channel, value)

    def _dismiss(self, channel: Channel, value: float, step: int, time: float) -> bool:
        """Do what some points call for beside the rules; return whether that was all."""
        run = self._run
        if channel.hardware:
            self._take_sensor(channel, value, time)
            return True
        if channel.closing:
            self._closed_at = (step, time)
            run.ended = True
        if run.ended and self._closed_at is not None and _same(self._closed_at, step, time):
            # The closing record repeats the mean of the loss under the name of a training loss.
            return True
        if channel.tag == self._leader:
            self._take_line()
        elif channel.evaluation:
            self._take_evaluation(channel, value)
        return False

    def _take_nonfinite(self, channel: Channel, value: float) -> None:
        """Let every rule look at what is no number, which may wake one that hears nothing else."""
        self._run.last_finite = channel.last
        for rule in channel.rules:
            rule.nonfinite(value)
        channel.choose()

    def _take_sensor(self, channel: Channel, value: float, time: float) -> None:
        """Look at a single point of a sensor."""
        self._look_at_silence()
        if isfinite(value):
            for look in channel.looks:
                look(value)
            self._run.sense((channel.tag,), (value,))
            self._gate.add(channel.role, channel.tag, value, time)

    def _channels_of(self, tags: list[str]) -> tuple[Channel, ...] | None:
        """Return the channels of a record; None as long as one of its tags is new, or passed over.

        A metric is met with its first point, not before: it may begin to tell the training lines.
        """
        known = [self._channels.get(tag) for tag in tags]
        channels = tuple(channel for channel in known if channel is not None and not channel.ignored)
        return channels if len(channels) == len(tags) else None

    def _layout_of(self, tags: list[str]) -> SensorChannels | None:
        """Return the layout of a record that holds sensors only, each once; else None."""
        if len(set(tags)) < len(tags) or any(role_of(tag) not in HARDWARE_ROLES for tag in tags):
            return None
        channels = [self._channel(tag) for tag in tags]
        if any(channel.ignored for channel in channels):
            return None
        layout = self._sampling.layouts.of([(channel.role, channel.tag) for channel in channels])
        return SensorChannels(layout, channels)

    def _take_sensors(self, layout: SensorChannels, values: list[float], step: int, time: float) -> None:
        """Look at the points of a record that holds sensors only, as `_take` does at each."""
        run = self._run
        if time != self._moment or step != run.step:
            run.move(step, time)
            self._moment, self._fresh = time, True
        run.sense(layout.layout.tags, values)
        self._look_at_silence()
        for at, channel in layout.ruled:
            run.tag = channel.tag
            for look in channel.looks:
                look(values[at])
        self._gate.add_record(layout.layout, values, time)

    def _look_at_silence(self) -> None:
        """A record of sensors has many points of one moment, in which silence is looked at once."""
        if self._fresh:
            self._fresh = False
            for rule in self._on_silence:
                rule.silence()

    def _choose(self) -> None:
        """Leave out the rules that do not hear lines or points any more."""
        self._run.choose_anew = False
        self._on_line = tuple(rule for rule in self._on_line if rule.hears(RUN_SERIES))
        for channel in self._channels.values():
            channel.choose()

    def _take_line(self) -> None:
        run = self._run
        if run.choose_anew:
            self._choose()
        if run.begin_line():
            self._sampling.restart()
            for rule in self._on_restart:
                rule.restarted()
            for channel in self._channels.values():
                channel.forget()
            self._choose()
        self._note_activity()
        self._ledger.line()
        for rule in self._on_line:
            rule.line()
        self._sampling.line(run.lines, paused=run.paused)

    def _take_evaluation(self, channel: Channel, value: float) -> None:
        run = self._run
        if run.time > run.active_time or not math.isfinite(run.active_time):
            self._note_activity()
            self._gate.drop()
        run.note_evaluation()
        if channel.role is Role.EVAL_LOSS and math.isfinite(value):
            run.note_eval_loss(channel.tag, value)

    def _note_activity(self) -> None:
        for rule in self._on_activity:
            rule.active()
        if math.isfinite(self._run.time):
            self._run.active_time = self._run.time

    def _channel(self, tag: str) -> Channel:
        return self._channels.get(tag) or self._open(tag)

    def _open(self, tag: str) -> Channel:
        """Meet a tag for the first time."""
        role = role_of(tag)
        rules: tuple[Listener, ...] = (self._speed,) if role in SPEED_ROLES else ()
        rules += tuple(
            self._make(rule, tag) if rule.per_series else next(r for r in self._run_rules if type(r) is rule)
            for rule in self._rules_of.get(role, ())
            if self._settings.limits_of(rule.name, tag) is not None
        )
        if role in LATEST_ROLES:
            rules += (Latest(self._run, role),)
        history = self._run.history(tag) if role in HISTORY_POINTS else None
        channel = self._channels[tag] = Channel(tag, rules, history, ignored=not self.wanted(tag))
        if channel.ignored or channel.hardware:
            return channel
        self._run.note_tag(tag, role)
        rank = leading_rank(tag)
        if rank is not None and (self._leader is None or rank < (leading_rank(self._leader) or 0)):
            self._leader, channel.special = tag, True
            self._run.change_leader()
        return channel

    def _speed_source(self) -> SpeedSource:
        """Return what tells the rules about speed how long the steps take."""
        rules = [rule for rule in self._run_rules if isinstance(rule, SpeedRule)]
        limits_of = self._settings.limits_of
        source = SpeedSource(self._run, rules, lambda rule, tag: limits_of(rule, tag) is not None)
        for rule in rules:
            rule.source = source
        return source

    def _make(self, rule: type[Rule[Any]], series: str) -> Rule[Any]:
        return rule(self._run, self._ledger, series, self._settings.limits_of(rule.name, series))


def _same(moment: tuple[int, float], step: int | None, time: float) -> bool:
    """Return whether a row is of the same record, judged by its step and time (NaN equals NaN)."""
    return moment[0] == step and (moment[1] == time or (math.isnan(moment[1]) and math.isnan(time)))
