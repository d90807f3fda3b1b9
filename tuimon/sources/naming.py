"""Names of runs: the shortest that tell them apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tuimon.core.frozen import frozen
from tuimon.core.text import clean

_NUMBER = re.compile(r"(\d+)")


@frozen
class Root:
    """A path that a person gave.

    Attributes:
        path: The path.
        name: The name that they gave it.
        formats: What they say that files are: a pattern of names (or of the ends of paths) and a format
            each, or `none` for a file that is to be left out. The first one that fits counts.
    """

    path: Path
    name: str | None = None
    formats: tuple[tuple[str, str], ...] = ()


@frozen
class Unnamed:
    """A run that waits for its name: where it lies, and below which given path it was found."""

    path: Path
    is_file: bool
    root: Root


def parse_root(text: str) -> Root:
    """Return what `PATH` or `name=PATH` means; an existing path that holds a `=` is a path."""
    name, separator, rest = text.partition("=")
    if separator and name and rest and "/" not in name and not Path(text).exists():
        return Root(Path(rest).expanduser(), name)
    return Root(Path(text).expanduser())


def name_runs(runs: Sequence[Unnamed]) -> list[str]:
    """Return a name for each run, all different, safe to print.

    A run is named by its path below the given folder, a file without its last extension (which stays where
    it tells two files apart); a given path that is itself a run by its own name. Where two would be equal,
    both get as much of their paths as tells them apart.
    """
    bare = Counter(_bare(run) for run in runs)
    paths = [run.path if bare[_bare(run)] > 1 else _bare(run) for run in runs]
    names = [_base(run, path) for run, path in zip(runs, paths, strict=True)]
    longer: dict[int, Iterator[str]] = {}
    while True:
        count = Counter(names)
        clashing = [index for index, name in enumerate(names) if count[name] > 1]
        for index in clashing:
            longer.setdefault(index, _longer_names(names[index], paths[index]))
        lengthened = {index: name for index in clashing if (name := next(longer[index], None)) is not None}
        if not lengthened:
            return _numbered(names)
        for index, name in lengthened.items():
            names[index] = name


def natural_key(name: str) -> list[tuple[int, str]]:
    """Return what sorts `run2` before `run10`."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in _NUMBER.split(name)]


def _bare(run: Unnamed) -> Path:
    return run.path.with_suffix("") if run.is_file else run.path


def _base(run: Unnamed, path: Path) -> str:
    if run.path == run.root.path:
        own = path.name if run.is_file else path.resolve().name  # "." has no name
        return clean(run.root.name or own or str(path))
    # Thousands of paths, each of which is below the root.
    below = "/".join(path.parts[len(run.root.path.parts) :])
    return clean(f"{run.root.name}/{below}" if run.root.name else below)


def _longer_names(name: str, path: Path) -> Iterator[str]:
    """Yield ends of a path that are longer than a name, from the shortest to the whole path."""
    parts = path.resolve().parts
    for count in range(2, len(parts)):
        tail = "/".join(parts[-count:])
        if len(tail) > len(name):
            yield clean(tail)
    yield clean(str(path.resolve()))


def _numbered(names: Sequence[str]) -> list[str]:
    """Return names with a number where cleaning made two of them equal."""
    taken: dict[str, None] = {}
    for name in names:
        number, numbered = 1, name
        while numbered in taken:
            number += 1
            numbered = f"{name} ({number})"
        taken[numbered] = None
    return list(taken)
