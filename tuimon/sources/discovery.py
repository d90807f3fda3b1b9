"""Finds runs: walks below the given paths, knows the files, and makes runs of them."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

from tuimon.core.batch import Problem
from tuimon.sources.base import Confidence, Discovery, RunRef, SourceFactory
from tuimon.sources.config_file import FORMAT as CONFIG_FORMAT
from tuimon.sources.grouping import Group, group_files
from tuimon.sources.layout import Folder, FoundFile
from tuimon.sources.naming import Root, Unnamed, name_runs, natural_key
from tuimon.sources.registry import FACTORIES
from tuimon.sources.sniffing import FileVerdict, is_ignored, is_log_of_run, sniff_file
from tuimon.sources.state_file import CHECKPOINT_NAME
from tuimon.sources.tree import FileEntry, Tree, walk

_Known = tuple[tuple[int, int], int, int, FileVerdict]


class Discoverer:
    """Looks for runs again and again, and remembers what each file is. Used by one thread.

    A file is opened only when it is new, was replaced, or changed before its format was known.

    Args:
        factories: The formats, in the order in which a run's sources are preferred.
    """

    def __init__(self, factories: Sequence[SourceFactory] = FACTORIES) -> None:
        self._factories = tuple(factories)
        self._preference = [factory.format for factory in self._factories]
        self._known: dict[Path, _Known] = {}
        self._visited: dict[Path, _Known] = {}

    def discover(self, roots: Sequence[Root]) -> Discovery:
        """Return all runs at and below the given paths. Never raises.

        A path that is missing, cannot be read or holds no run is told in `Discovery.problems`.
        """
        self._visited = {}
        problems: list[Problem] = []
        found: list[tuple[Root, Group]] = []
        files_seen = 0
        for root in roots:
            groups, count = self._look_at(root, problems)
            found += [(root, group) for group in groups]
            files_seen += count
        self._known = self._visited  # what is gone is forgotten
        return Discovery(self._runs(found), tuple(dict.fromkeys(problems)), files_seen)

    def explain(self, path: Path) -> list[FileVerdict]:
        """Return what every file at and below `path` was taken for, and why. Never raises."""
        tree = walk(path, list_others=True)
        if not tree.listings:
            return [sniff_file(path, self._factories)]
        verdicts = []
        for folder, listing in tree.listings.items():
            verdicts += [sniff_file(entry.path, self._factories) for entry in listing.candidates]
            verdicts += [
                FileVerdict(folder / name, None, Confidence.NO, _passed_over(name)) for name in listing.others
            ]
        return sorted(verdicts, key=lambda verdict: natural_key(str(verdict.path)))

    def _look_at(self, root: Root, problems: list[Problem]) -> tuple[list[Group], int]:
        path = root.path
        try:
            found = path.stat()
        except FileNotFoundError:
            problems.append(Problem(str(path), "does not exist; check the path"))
            return [], 0
        except (OSError, ValueError) as error:
            cause = error.strerror if isinstance(error, OSError) else str(error)
            problems.append(Problem(str(path), f"cannot be looked at: {cause}"))
            return [], 0
        if stat.S_ISREG(found.st_mode):
            entry = FileEntry(path, (found.st_dev, found.st_ino), found.st_size, found.st_mtime_ns)
            return self._look_at_file(entry, problems), 1
        if not stat.S_ISDIR(found.st_mode):
            problems.append(Problem(str(path), "is neither a folder nor a regular file"))
            return [], 0
        tree = walk(path)
        problems += tree.problems
        groups = group_files(path, self._folders(tree, problems))
        if not groups and tree.listings:
            problems.append(Problem(str(path), _nothing_found(tree)))
        if CHECKPOINT_NAME.match(path.resolve().name):
            _mark_checkpoint(groups, path.resolve().name)
        return groups, tree.entries_seen

    def _look_at_file(self, entry: FileEntry, problems: list[Problem]) -> list[Group]:
        verdict = self._verdict(entry)
        if verdict.format is None:
            message = verdict.trouble or f"is no log of metrics that tuimon can read: {verdict.reason}"
            problems.append(Problem(str(entry.path), message))
            return []
        if verdict.format == CONFIG_FORMAT:
            problems.append(
                Problem(str(entry.path), "holds hyper-parameters, no metrics; name the run's folder")
            )
            return []
        file = FoundFile(entry.path, verdict.format, entry.size, entry.mtime)
        groups = [Group(entry.path, is_file=True, files=[(file, "")])]
        folder = entry.path.parent.resolve().name
        if CHECKPOINT_NAME.match(folder):
            _mark_checkpoint(groups, folder)
        return groups

    def _folders(self, tree: Tree, problems: list[Problem]) -> dict[Path, Folder]:
        folders = {}
        for path, listing in tree.listings.items():
            files: list[FoundFile] = []
            configs: list[FoundFile] = []
            for entry in listing.candidates:
                verdict = self._verdict(entry)
                if verdict.trouble:
                    problems.append(Problem(str(entry.path), verdict.trouble))
                if verdict.format is not None and is_log_of_run(verdict):
                    kind = configs if verdict.format == CONFIG_FORMAT else files
                    kind.append(FoundFile(entry.path, verdict.format, entry.size, entry.mtime))
            names = frozenset(entry.path.name for entry in listing.candidates)
            folders[path] = Folder(tuple(listing.subfolders), names, tuple(files), tuple(configs))
        return folders

    def _verdict(self, entry: FileEntry) -> FileVerdict:
        known = self._visited.get(entry.path) or self._known.get(entry.path)
        if known is not None:
            inode, size, mtime_ns, verdict = known
            is_same = (
                inode == entry.inode
                and not verdict.is_unread
                and (
                    (size, mtime_ns) == (entry.size, entry.mtime_ns)
                    or (verdict.confidence is Confidence.CERTAIN and entry.size >= size)
                )
            )
            if is_same:
                self._visited[entry.path] = entry.inode, entry.size, entry.mtime_ns, verdict
                return verdict
        verdict = sniff_file(entry.path, self._factories)
        self._visited[entry.path] = entry.inode, entry.size, entry.mtime_ns, verdict
        return verdict

    def _runs(self, found: Sequence[tuple[Root, Group]]) -> tuple[RunRef, ...]:
        """Return the runs by name; one that lies below two given paths comes once."""
        if len({root for root, _ in found}) > 1:
            found = list({group.path.resolve(): (root, group) for root, group in reversed(found)}.values())[
                ::-1
            ]
        names = name_runs([Unnamed(group.path, group.is_file, root) for root, group in found])
        runs = [
            RunRef(name, group.path, group.sources(self._preference), group.mtime, group.notes)
            for name, (_, group) in zip(names, found, strict=True)
        ]
        return tuple(sorted(runs, key=lambda run: natural_key(run.name)))


def discover(roots: Sequence[Root], factories: Sequence[SourceFactory] = FACTORIES) -> Discovery:
    """Look once for runs at and below the given paths. Never raises."""
    return Discoverer(factories).discover(roots)


def explain(path: Path) -> list[FileVerdict]:
    """Return what every file at and below `path` was taken for, and why."""
    return Discoverer().explain(path)


def _mark_checkpoint(groups: Sequence[Group], name: str) -> None:
    """Note that a run is a checkpoint that was named explicitly: it knows no time but that of its file."""
    for group in groups:
        if any(file.format == "hf" for file, _ in group.files):
            group.notes |= {"checkpoint": name, "time": "of the file"}


def _nothing_found(tree: Tree) -> str:
    if tree.is_empty:
        return "is empty: no training run was found"
    return (
        f"holds no training run that tuimon can read ({tree.entries_seen} files and folders seen; "
        "`tuimon doctor` tells what each was taken for)"
    )


def _passed_over(name: str) -> str:
    return (
        "is hidden, or left by another system" if is_ignored(name) else "is not named like a log of metrics"
    )
