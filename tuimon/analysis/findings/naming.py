"""What people call a series and a ratio in a sentence."""

from __future__ import annotations

import math
import re

from tuimon.core.roles import Role, role_of
from tuimon.core.text import shorten_middle

_SPOKEN = {
    Role.GRAD_NORM: "gradient norm",
    Role.STEP_TIME: "step time",
    Role.AUXILIARY: None,
    Role.OTHER: None,
}
# A tag of these words says no more than its role. Any other word tells it from its like (`val/mIoU`).
_TRAINING = "train training tr global batch step total mean avg average metric metrics"
_EVALUATION = "eval evaluation val valid validation dev test"
_MEASURED = "loss losses error err perplexity ppl accuracy acc reward rewards learning rate lr time"
_GRADIENT = "grad grads gradient gradients norm l2"
_PLAIN = frozenset(f"{_TRAINING} {_EVALUATION} {_MEASURED} {_GRADIENT}".split())
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_LONGEST_TAG = 48


def spoken(tag: str) -> str:
    """Return `loss` for `train/loss`, `gradient norm` for `Training/Gradient_Norm`, else the tag.

    A tag that does not say what it measures has that before it: `loss trl`, `eval accuracy val/mIoU`.
    """
    role = role_of(tag)
    name = _SPOKEN.get(role, role.value.replace("_", " "))
    if name and all(word.lower() in _PLAIN for word in _WORD.findall(tag)):
        return name
    short = shorten_middle(tag, _LONGEST_TAG)
    return short if not name or name.rsplit(" ", 1)[-1] in tag.lower() else f"{name} {short}"


def times(value: float, usual: float, digits: int = 0) -> str:
    """Return `31x` for a value that is 31 times the usual one, `many times` where there is no such number."""
    ratio = value / usual if usual else math.inf
    return f"{ratio:.{digits}f}x" if math.isfinite(ratio) else "many times"
