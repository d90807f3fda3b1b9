"""The settings of runs, and where they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tuimon.core.batch import ConfigValue
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role
from tuimon.store.run import RunView

# What trainers keep among their settings and is none: results, which every metric would depend on.
_RESULTS = frozenset({"best_metric", "best_model_checkpoint", "best_global_step", "hf.global_step"})


@frozen
class Differences:
    """The settings of several runs.

    Attributes:
        same: Those that all runs share.
        different: The others: for each the value of every run, None where a run does not tell it.
    """

    same: Mapping[str, ConfigValue]
    different: Mapping[str, tuple[ConfigValue, ...]]


def settings_of(run: RunView) -> dict[str, ConfigValue]:
    """Return the hyper-parameters of a run: its config, and what it logged of it as numbers."""
    logged: dict[str, ConfigValue] = {}
    for series in run.with_role(Role.CONFIG):
        if series.statistics.constant:
            # The shortest number that is equal in the precision of logging: 0.001, as it was set.
            last = float(str(series.values[-1]))
            logged[series.tag.rsplit("/", 1)[-1]] = int(last) if last.is_integer() else last
    known = logged | dict(run.config)
    return {name: value for name, value in known.items() if name not in _RESULTS}


def differences(runs: Sequence[RunView]) -> Differences:
    """Return which settings all of the runs share and which differ, in the order of logging."""
    known = [settings_of(run) for run in runs]
    names = list(dict.fromkeys(name for each in known for name in each))
    values = {name: tuple(each.get(name) for each in known) for name in names}
    same = {name: found[0] for name, found in values.items() if len({_key(v) for v in found}) == 1}
    return Differences(same, {name: found for name, found in values.items() if name not in same})


def _key(value: ConfigValue) -> tuple[str, ConfigValue]:
    """Return what is equal for equal settings: 1 and 1.0 are, 1 and True are not."""
    kind = (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    )
    # NaN is no setting that two runs share by being equal; as a text it is.
    return kind, str(value) if value != value else value  # noqa: PLR0124 - NaN differs from itself
