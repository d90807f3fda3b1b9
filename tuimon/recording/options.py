"""The options of a training command as hyper-parameters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

_NAME = re.compile(r"--?([A-Za-z][\w.\-]*)")
_OVERRIDE = re.compile(r"\+{0,2}([A-Za-z][\w.\-/]*)=(.*)", re.DOTALL)
_NUMBER = re.compile(r"[-+]?(\d[\d_]*\.?\d*|\.\d+)([eE][-+]?\d+)?")
# What nobody wants to find in a log.
_SECRET = re.compile(r"(key|token|secret|password|passwd|credentials?)$", re.IGNORECASE)
_HIDDEN = "(hidden)"


def options_of(command: Sequence[str]) -> dict[str, object]:
    """Return the options of a command by name: `--lr 3e-4`, `--lr=3e-4`, `--fp16`, and Hydra's `lr=3e-4`.

    Numbers become numbers, and an option without a value True. Secrets are not told.
    """
    options: dict[str, object] = {}
    for text, following in pairwise([*command[1:], ""]):
        given = _OVERRIDE.fullmatch(text.lstrip("-"))
        option = _NAME.fullmatch(text)
        if given is not None:
            name, value = given[1], _value(given[2])
        elif option is not None and text.startswith("--"):
            is_flag = not following or (following.startswith("-") and not _NUMBER.fullmatch(following))
            name, value = option[1], True if is_flag else _value(following)
        else:
            continue
        options[name] = _HIDDEN if _SECRET.search(name) and value is not True else value
    return options


def without_secrets(command: Sequence[str]) -> list[str]:
    """Return a command whose secret options have no values."""
    shown: list[str] = []
    hides_next = False
    for text in command:
        given = _OVERRIDE.fullmatch(text.lstrip("-"))
        option = _NAME.fullmatch(text)
        if given is not None and _SECRET.search(given[1]):
            shown.append(text[: -len(given[2])] + _HIDDEN if given[2] else text)
        else:
            shown.append(_HIDDEN if hides_next and option is None else text)
        hides_next = option is not None and _SECRET.search(option[1]) is not None
    return shown


def _value(text: str) -> object:
    if not _NUMBER.fullmatch(text):
        return {"true": True, "false": False}.get(text.lower(), text)
    plain = text.replace("_", "")
    return float(plain) if re.search(r"[.eE]", plain) else int(plain)
