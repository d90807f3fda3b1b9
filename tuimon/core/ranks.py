"""Which tags are the same metric, logged by the several ranks of one training."""

from __future__ import annotations

import re
from functools import lru_cache

_RANK = re.compile(r"rank[-_]?(\d+)/(.+)", re.DOTALL)


@lru_cache(maxsize=65536)
def rank_of(tag: str) -> int | None:
    """Return the number of the rank that logged a tag; None where the tag names none, as rank 0's may."""
    match = _RANK.fullmatch(tag)
    return None if match is None else int(match[1][:9])


@lru_cache(maxsize=65536)
def without_rank(tag: str) -> str:
    """Return what the tags of all ranks have in common: `rank_3/train/loss` and `train/loss` the latter."""
    match = _RANK.fullmatch(tag)
    return tag if match is None else match[2]
