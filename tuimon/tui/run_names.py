"""How runs are called on the screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

from tuimon.monitor.snapshot import RunState


def shared_folder(runs: Sequence[RunState]) -> str:
    """Return the folders that all runs lie in, with the slash: what tells the runs apart comes behind."""
    if len(runs) < 2:
        return ""
    # What the first and the last name in order share, all names share.
    names = [state.name for state in runs]
    pairs = zip(min(names), max(names), strict=False)
    shared = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return shared[: shared.rfind("/") + 1]


def shown_names(runs: Sequence[RunState]) -> list[str]:
    """Return how each run is called in a list: as a person did, where that tells it apart, else by its path.

    W&B's folders are called by date and a random key, which nobody knows by heart.
    """
    folder = shared_folder(runs)
    given = Counter(state.given_name for state in runs)
    return [
        state.given_name
        if state.given_name and given[state.given_name] == 1
        else state.name.removeprefix(folder)
        for state in runs
    ]
