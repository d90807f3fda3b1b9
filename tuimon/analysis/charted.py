"""Which series are worth a chart, share one, come first, are smoothed, and stand for their run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tuimon.core.roles import (
    CHART_ORDER,
    FALLING_IS_GOOD,
    HARDWARE_ROLES,
    Role,
    is_evaluation,
    pair_key,
)
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

MAY_RUN_AWAY = frozenset({Role.GRAD_NORM, *FALLING_IS_GOOD})
"""What is read on a log axis once it spans some powers of ten."""

TELLING_ROLES = (Role.LOSS, Role.REWARD, Role.EVAL_LOSS, Role.PERPLEXITY, Role.ACCURACY)
"""What stands for a run in one number, the first that it logs."""

_NEVER_CHARTED = frozenset({Role.CONFIG, Role.SUMMARY, Role.EPOCH, Role.PROCESS_ALIVE})
# The seconds since the start, which W&B puts beside every metric.
_BOOKKEEPING = frozenset({"_runtime"})
_RANK = {role: rank for rank, role in enumerate(CHART_ORDER)}
# A schedule and a count are no noisy measurements; sensors are read as they are.
_NEVER_NOISY = frozenset({Role.LEARNING_RATE, Role.TOKENS, *HARDWARE_ROLES})


def is_curve(series: SeriesView) -> bool:
    """Return whether a series is worth a chart; those of one point and constant ones are facts."""
    is_metric = series.role not in _NEVER_CHARTED and series.tag not in _BOOKKEEPING
    return is_metric and len(series) > 1 and not series.statistics.constant


def telling_series(run: RunView) -> SeriesView | None:
    """Return the series that stands for a run in one number: its loss, or what is logged in its place."""
    longest = (found[0] for role in TELLING_ROLES if (found := run.with_role(role)))
    return next((series for series in longest if len(series)), None)


def main_series(run: RunView) -> SeriesView | None:
    """Return the series that stands for a run in a list: the telling one, else its first metric."""
    others = (series for series in run.series.values() if len(series) and series.role is Role.OTHER)
    metrics = (series for series in others if series.tag not in _BOOKKEEPING)
    return telling_series(run) or next(metrics, None)


def chart_rank(role: Role) -> int:
    """Return where a chart stands among others, the smallest first: sensors come last."""
    return len(_RANK) + 1 if role in HARDWARE_ROLES else _RANK.get(role, len(_RANK))


def is_noisy(series: SeriesView) -> bool:
    """Return whether a series is read smoothed: evaluations are few, and means already."""
    return is_smoothed_role(series.role) and not is_evaluation(series.tag)


def is_smoothed_role(role: Role) -> bool:
    """Return whether values of a role are noisy measurements."""
    return role not in _NEVER_NOISY


def by_chart(series: Iterable[SeriesView]) -> Iterator[tuple[str, SeriesView]]:
    """Yield each series of one run with the key of its chart, which stays the same while the run grows.

    Training and evaluation of one metric share a chart. Where a second training metric is spelt like the
    first, it has a chart of its own, and so has every sensor.
    """
    taken: set[tuple[str, bool]] = set()
    for each in series:
        # A tag may be spelt like what a pair has in common; the space keeps the two kinds of key apart.
        pair = (f"{pair_key(each.tag)} ", is_evaluation(each.tag))
        alone = each.role in HARDWARE_ROLES or pair in taken
        taken.add(pair)
        yield (each.tag if alone else pair[0]), each
