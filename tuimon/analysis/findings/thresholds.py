"""Thresholds as people set them: a table per rule, and in it a table per pattern of tags."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from difflib import get_close_matches
from typing import Any

from tuimon.analysis.findings.catalog import RULES, FindingSettings
from tuimon.core.errors import UsageError

_RULES = {rule.name: rule for rule in RULES}
_OFF = "off"


def read_thresholds(given: Mapping[str, Mapping[str, object]], *, strict: bool = False) -> FindingSettings:
    """Return the thresholds of all rules, with those that a person set.

    Args:
        given: The table `findings` of a settings file. `findings.loss_spike.sigmas = 8` sets a threshold of a
            rule, `findings.plateau.off = true` switches one off, and a table named after a pattern of tags
            (`*` stands for anything: `[findings.loss_spike."train/*"]`) does the same for the series that fit
            it; of several patterns the first that fits counts.
        strict: Whether the simple literal rules are on, unless the table says otherwise.

    Raises:
        UsageError: A rule or a threshold is not known, or a value is of another type; it names the place.
    """
    settings = FindingSettings().strict() if strict else FindingSettings()
    off: set[str] = set()
    patterns: list[tuple[str, str, Any]] = []
    for name, table in given.items():
        if name not in _RULES:
            raise UsageError(f"unknown rule {name!r}", f"findings.{name}", _near(name, _RULES))
        plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
        if _is_off(plain, f"findings.{name}"):
            off.add(name)
        limits = _changed(getattr(settings, name), plain, f"findings.{name}")
        settings = replace(settings, **{name: limits})
        for pattern, special in table.items():
            if isinstance(special, Mapping):
                patterns.append((name, pattern, _of_pattern(name, limits, special, pattern)))
    return replace(settings, off=frozenset(off), patterns=tuple(patterns))


def _of_pattern(rule: str, limits: object, given: Mapping[str, object], pattern: str) -> object:
    """Return the thresholds for the series that fit a pattern; None if the rule is off for them."""
    where = f"findings.{rule}.{pattern!r}"
    if not _RULES[rule].per_series:
        raise UsageError(
            f"{rule} looks at the run as a whole, not at single series", where, f"set it in findings.{rule}"
        )
    values = {key: value for key, value in given.items() if key != _OFF}
    return None if _is_off(given, where) else _changed(limits, values, where)


def _is_off(given: Mapping[str, object], where: str) -> bool:
    off = given.get(_OFF, False)
    if not isinstance(off, bool):
        raise UsageError(f"{_OFF} = {off!r} is no bool", where)
    return off


def _changed(limits: Any, given: Mapping[str, object], where: str) -> Any:  # noqa: ANN401 - every rule has its own
    """Return thresholds with some of them set."""
    known = {each.name: getattr(limits, each.name) for each in fields(limits)}
    values: dict[str, object] = {}
    for name, value in given.items():
        if name == _OFF:
            continue
        if name not in known:
            raise UsageError(f"unknown threshold {name!r}", where, _near(name, known))
        values[name] = _checked(name, value, type(known[name]), where)
    return replace(limits, **values)


def _checked(name: str, value: object, kind: type[object], where: str) -> object:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind:
        raise UsageError(f"{name} = {value!r} is no {kind.__name__}", where)
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"{name} = {value!r} is no finite number", where)
    # Windows and numbers of points: one is the least that makes sense.
    if kind is int and isinstance(value, int) and value < 1:
        raise UsageError(f"{name} = {value!r} is below 1", where)
    return value


def _near(name: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"one of {', '.join(known)}"
