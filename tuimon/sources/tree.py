"""The folders below a path, and the files in them that may be of a known format."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path

from tuimon.core.batch import Problem
from tuimon.core.frozen import frozen
from tuimon.sources.sniffing import Formats, is_candidate, said_format

# Somebody may watch a home folder or `/`: the walk ends in seconds and says so.
MAX_ENTRIES = 500_000
MAX_DEPTH = 40
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "lost+found"})


@frozen
class FileEntry:
    """A file as `stat` sees it.

    Attributes:
        location: Its path as text: thousands of files are looked at again and again, and a `Path` is costly.
        name: The last part of it.
        inode: Device and inode.
        size: In bytes.
        mtime_ns: When it was changed last, in unix nanoseconds.
    """

    location: str
    name: str
    inode: tuple[int, int]
    size: int
    mtime_ns: int

    @property
    def path(self) -> Path:
        """Where it lies."""
        return Path(self.location)

    @property
    def mtime(self) -> float:
        """When it was changed last, in unix seconds."""
        return self.mtime_ns / 1e9


@dataclass(slots=True)
class Listing:
    """What one folder holds.

    Attributes:
        path: The folder.
        above: The folder that it was found in; None for the given one.
        subfolders: Their names.
        candidates: Files that may be of a known format.
        others: Names of other files, if they were asked for.
    """

    path: Path
    above: Listing | None = None
    subfolders: list[str] = field(default_factory=list)
    candidates: list[FileEntry] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Tree:
    """What lies below a path.

    Attributes:
        listings: The folders, the ones above before the ones below.
        problems: Folders that could not be read, and limits that were passed.
        entries_seen: How many names were looked at.
    """

    listings: list[Listing] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    entries_seen: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing at all."""
        return self.entries_seen == 0


def walk(root: Path, *, list_others: bool = False, formats: Formats = ()) -> Tree:
    """List the folders below `root` from directory entries and `stat` alone. Never raises.

    Hidden folders and those of package managers are left out. A folder or file that is reached in several
    ways (symbolic links, loops of them) counts once, where it really lies if that is below `root`.

    Args:
        root: A folder.
        list_others: Whether to keep the names of files that are no candidates.
        formats: What files are that a person or a plug-in names; these are candidates whatever their names.
    """
    return _Walk(list_others=list_others, formats=formats).run(root)


class _Walk:
    def __init__(self, *, list_others: bool, formats: Formats) -> None:
        self._list_others = list_others
        self._formats = formats
        self._tree = Tree()
        self._seen: set[tuple[int, int]] = set()
        self._folders: deque[tuple[Listing, int]] = deque()
        self._linked_folders: deque[tuple[Listing, int]] = deque()
        self._linked_files: list[tuple[Listing, str, os.stat_result]] = []

    def run(self, root: Path) -> Tree:
        self._folders.append((Listing(root), 0))
        while self._folders or self._linked_folders:
            listing, depth = self._folders.popleft() if self._folders else self._linked_folders.popleft()
            try:
                self._visit(listing, depth)
            except OSError as error:
                problem = Problem(str(listing.path), f"could not be listed: {error.strerror}")
                self._tree.problems.append(problem)
            if self._tree.entries_seen > MAX_ENTRIES:
                message = (
                    f"holds more than {MAX_ENTRIES:,} files; only these were looked at: name a narrower path"
                )
                self._tree.problems.append(Problem(str(root), message))
                break
        for listing, name, found in self._linked_files:
            if (found.st_dev, found.st_ino) not in self._seen:
                self._take_file(listing, str(listing.path / name), name, found)
        return self._tree

    def _visit(self, listing: Listing, depth: int) -> None:
        place = str(listing.path)
        found = os.stat(place)  # noqa: PTH116  # see FileEntry.location
        if (found.st_dev, found.st_ino) in self._seen:
            return
        self._seen.add((found.st_dev, found.st_ino))
        with os.scandir(place) as entries:
            in_order = sorted(entries, key=attrgetter("name"))
        self._tree.listings.append(listing)
        for entry in in_order:
            self._tree.entries_seen += 1
            try:
                self._take_entry(listing, entry, depth)
            except OSError:
                continue  # it vanished, or a link leads to where nobody may look

    def _take_entry(self, listing: Listing, entry: os.DirEntry[str], depth: int) -> None:
        name = entry.name
        is_said = self._formats and said_format(name, entry.path, self._formats) is not None
        if (is_said or is_candidate(name)) and entry.is_file():
            if entry.is_symlink():
                self._linked_files.append((listing, name, entry.stat()))
            else:
                self._take_file(listing, entry.path, name, entry.stat())
        elif entry.is_dir():
            if name.startswith(".") or name in _SKIPPED or depth >= MAX_DEPTH:
                return
            listing.subfolders.append(name)
            queue = self._linked_folders if entry.is_symlink() else self._folders
            queue.append((Listing(listing.path / name, listing), depth + 1))
        elif self._list_others:
            listing.others.append(name)

    def _take_file(self, listing: Listing, location: str, name: str, found: os.stat_result) -> None:
        inode = (found.st_dev, found.st_ino)
        self._seen.add(inode)
        listing.candidates.append(FileEntry(location, name, inode, found.st_size, found.st_mtime_ns))
