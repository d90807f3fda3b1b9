"""Formats that other packages add, each kept from doing harm to what is read beside it."""

from __future__ import annotations

from pathlib import Path
from typing import cast, get_args

from tuimon.core.batch import Problem, Record
from tuimon.core.plugins import SOURCES, Plugin, load_plugins, told
from tuimon.core.text import clean
from tuimon.sources.base import Confidence, ReadBudget, ReadResult, Sniff, Source, SourceFactory, Trainer

_RECORDS: tuple[type, ...] = get_args(Record)


class PluggedFactory:
    """A factory of a plug-in. Where it raises, it knows no file, and a problem says so.

    Attributes:
        patterns: Names of files, as in a shell, that are worth a look besides those looked at anyway.
        problems: What went wrong so far, each once.
    """

    trainers: tuple[Trainer, ...] = ()

    def __init__(self, name: str, factory: SourceFactory) -> None:
        self._name = name
        self._factory = factory
        self.format = clean(str(factory.format))
        self.patterns = tuple(str(pattern) for pattern in getattr(factory, "patterns", ()))
        self.problems: dict[str, Problem] = {}

    def sniff(self, path: Path, head: bytes) -> Sniff:
        """Tell whether a file is of this format. Never raises."""
        try:
            found = self._factory.sniff(path, head)
            return Sniff(Confidence(found.confidence), clean(str(found.reason)))
        except (Exception, SystemExit) as error:  # noqa: BLE001  # the code of others may do anything
            fault = told(self._name, "cannot look at files", error)
            self.problems.setdefault(fault, Problem(str(path), fault))
            return Sniff(Confidence.NO, fault)

    def open(self, paths: tuple[Path, ...]) -> Source:
        """Return a source over the files of one run. Never raises."""
        return PluggedSource(self._name, self._factory, self.format, paths)


class PluggedSource:
    """A source of a plug-in. Where it raises, it has nothing to read, and a problem says so once."""

    def __init__(self, name: str, factory: SourceFactory, called: str, paths: tuple[Path, ...]) -> None:
        self.format = called
        self._name = name
        self._factory = factory
        self._paths = paths
        self._source: Source | None = None
        self._faults: set[str] = set()

    @property
    def total_bytes(self) -> int:
        """Size of all files, as far as it is known."""
        try:
            return int(self._opened().total_bytes)
        except (Exception, SystemExit):  # noqa: BLE001  # reading tells of it
            return 0

    def read(self, budget: ReadBudget) -> ReadResult:
        """Read on from where the last call stopped. Never raises."""
        try:
            return _checked(self._opened().read(budget))
        except (Exception, SystemExit) as error:  # noqa: BLE001  # the code of others may do anything
            fault = told(self._name, "cannot read this", error)
            if fault in self._faults:
                return ReadResult()
            self._faults.add(fault)
            return ReadResult(problems=(Problem(str(self._paths[0]), fault),))

    def add_paths(self, paths: tuple[Path, ...]) -> None:
        """Take up files that came since."""
        self._paths += tuple(path for path in paths if path not in self._paths)
        if self._source is not None:
            try:
                self._source.add_paths(paths)
            except (Exception, SystemExit):  # noqa: BLE001  # it is opened anew, with these files too
                self._source = None

    def close(self) -> None:
        """Let go of open files."""
        if self._source is not None:
            try:
                self._source.close()
            except (Exception, SystemExit):  # noqa: BLE001  # it is not asked again
                self._source = None

    def _opened(self) -> Source:
        if self._source is None:
            self._source = self._factory.open(self._paths)
        return self._source


def _checked(result: object) -> ReadResult:
    """Return what a source brought if it keeps the contract; the types of a plug-in are only promises.

    Raises:
        TypeError: It does not.
    """
    if not isinstance(result, ReadResult):
        raise TypeError(f"read() returned {type(result).__name__}, not a ReadResult")
    for parts, kinds in ((result.records, _RECORDS), (result.problems, (Problem,))):
        for part in parts:
            if not isinstance(part, kinds):
                raise TypeError(f"{type(part).__name__} is none of {', '.join(k.__name__ for k in kinds)}")
    return ReadResult(
        tuple(result.records), bool(result.more), int(result.bytes_read), tuple(result.problems)
    )


def plugged_factories(taken: frozenset[str]) -> tuple[tuple[PluggedFactory, ...], tuple[Problem, ...]]:
    """Return the formats that other packages add, and what is wrong with those left out. Never raises.

    Args:
        taken: Names of formats that there are already.
    """
    factories: list[PluggedFactory] = []
    problems: list[Problem] = []
    for plugin in load_plugins(SOURCES):
        try:
            factory = PluggedFactory(plugin.name, _factory_of(plugin))
        except (Exception, SystemExit) as error:  # noqa: BLE001  # the code of others may do anything
            fault = plugin.fault or told(plugin.name, "is no format", error)
            problems.append(Problem(plugin.name, fault))
            continue
        if factory.format in taken or factory.format in {known.format for known in factories}:
            problems.append(
                Problem(plugin.name, f"plug-in {plugin.name} is left out: {factory.format} is taken")
            )
        else:
            factories.append(factory)
    return tuple(factories), tuple(problems)


def _factory_of(plugin: Plugin) -> SourceFactory:
    """Return the factory of a plug-in, which names one or its class.

    Raises:
        Exception: It is neither.
    """
    factory = plugin.added() if isinstance(plugin.added, type) else plugin.added
    for method in ("sniff", "open"):
        if not callable(getattr(factory, method)):
            raise TypeError(f"{method} is no method")
    return cast("SourceFactory", factory)
