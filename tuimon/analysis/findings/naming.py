"""What people call a series and a ratio in a sentence."""

from __future__ import annotations

import math

from tuimon.core.roles import Role, role_of

_SPOKEN = {
    Role.GRAD_NORM: "gradient norm",
    Role.STEP_TIME: "step time",
    Role.AUXILIARY: None,
    Role.OTHER: None,
}


def spoken(tag: str) -> str:
    """Return `loss` for `train/loss`, `gradient norm` for `Training/Gradient_Norm`, else the tag itself."""
    role = role_of(tag)
    return _SPOKEN.get(role, role.value.replace("_", " ")) or tag


def times(value: float, usual: float, digits: int = 0) -> str:
    """Return `31x` for a value that is 31 times the usual one, `many times` where there is no such number."""
    ratio = value / usual if usual else math.inf
    return f"{ratio:.{digits}f}x" if math.isfinite(ratio) else "many times"
