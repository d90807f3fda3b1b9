"""Series that were not logged but follow from those that were: perplexity from a language model's loss."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from tuimon.analysis.mapped import MappedSeries
from tuimon.core.batch import ValueArray
from tuimon.core.columns import Float64Array
from tuimon.core.roles import Role, pair_key
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

# Names of a plain cross entropy; an MSE, a CTC or a summed loss has no perplexity.
_CROSS_ENTROPY = frozenset(
    {"loss", "lm_loss", "ce_loss", "nll_loss", "cross_entropy", "crossentropy", "nll", "trl", "tel"}
)
# A uniform guess among 485 million tokens has a loss of 20; larger values are no mean cross entropy.
_LARGEST_LOSS = 20.0
# Before it is tuned to its text a model is less sure than this; regression and diffusion begin below.
_SMALLEST_FIRST_LOSS = 0.5
_FIRST_POINTS = 10
# A run that logs one of these is no plain language model: detection and regression, generative adversaries,
# reinforcement and preference learning, classification.
_OTHER_TASKS = re.compile(
    r"(box|cls|dfl|obj|seg|mask|mse|mae|l1|l2|bce|recon\w*|vq|style|content|adv\w*|rpn\w*|roi\w*)_?loss\w*"
    r"|(gan|disc\w*|gen|generator|[dg]|policy|value|critic|actor|vf|pg|ppo)_?loss\w*"
    r"|(categorical_|binary_|sparse_\w+_)?acc(uracy)?(_score)?|top_?\d(_acc(uracy)?)?|f1(_\w+)?|auc|auroc"
    r"|m?iou|dice\w*|map\w*|mae|rmse|mse|r2|fid|psnr|ssim"
)
_REWARDS = re.compile(r"(^|/)rewards?/")


class DerivedSeries:
    """Adds to a run what follows from its series, extended only by the points that are new.

    `train/loss` gives `train/loss/perplexity`, whose role is a perplexity's. Used by one thread.
    """

    def __init__(self) -> None:
        self._perplexities: dict[str, MappedSeries] = {}
        self._made: tuple[RunView, RunView] | None = None

    def update(self, run: RunView) -> RunView:
        """Return the run with its derived series after the logged ones, or the run itself without any.

        The same run gives the same one again.
        """
        if self._made is None or self._made[0] is not run:
            self._made = run, self._extended(run)
        return self._made[1]

    def _extended(self, run: RunView) -> RunView:
        sources = [series for series in run.series.values() if _gives_perplexity(run, series)]
        if not sources or not _may_be_language_model(run):
            return run
        derived = {}
        for series in sources:
            tag = perplexity_tag(series.tag)
            held = self._perplexities.setdefault(series.tag, MappedSeries(_start_exp, tag))
            derived[tag] = held.update(series)
        return replace(run, series=MappingProxyType({**run.series, **derived}))


def perplexity_tag(loss_tag: str) -> str:
    """Return the name of the perplexity that is derived from a loss."""
    return f"{loss_tag}/perplexity"


def _gives_perplexity(run: RunView, series: SeriesView) -> bool:
    """Return whether a series is a cross entropy whose perplexity is not logged."""
    if series.role not in (Role.LOSS, Role.EVAL_LOSS) or pair_key(series.tag) not in _CROSS_ENTROPY:
        return False
    logged = Role.EVAL_PERPLEXITY if series.role is Role.EVAL_LOSS else Role.PERPLEXITY
    if run.with_role(logged):
        return False
    if len(series) == 1 and len(run.with_role(series.role)[0]) > 1:
        return False  # the closing mean of Hugging Face's `train_loss`
    first = series.values[:_FIRST_POINTS]
    first = first[np.isfinite(first)]
    lowest = series.statistics.minimum
    if lowest is None or lowest < 0 or not len(first):
        return False
    return bool(_SMALLEST_FIRST_LOSS <= np.sort(first)[len(first) // 2] <= _LARGEST_LOSS)


def _may_be_language_model(run: RunView) -> bool:
    return not any(
        series.role is Role.REWARD or _REWARDS.search(tag) or _OTHER_TASKS.fullmatch(pair_key(tag))
        for tag, series in run.series.items()
    )


def _start_exp() -> Callable[[ValueArray], Float64Array]:
    return _exp


def _exp(losses: ValueArray) -> Float64Array:
    """Return exp(loss); a loss beyond 709 gives infinity, as NaN gives NaN."""
    with np.errstate(over="ignore", under="ignore"):
        exponentials: Float64Array = np.exp(losses.astype(np.float64))
        return exponentials
