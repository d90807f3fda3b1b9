"""Texts within pages that the program writes about itself, between two markers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent


def filled(page: str, texts: Mapping[str, str]) -> str:
    """Return a page with each text between the two markers of its name.

    Raises:
        ValueError: The page has no such markers.
    """
    for name, text in texts.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
        before, found, rest = page.partition(begin)
        _, also_found, after = rest.partition(end)
        if not (found and also_found):
            raise ValueError(f"no markers {begin.strip()} and {end.strip()}")
        page = f"{before}{begin}{text}{end}{after}"
    return page


def fill(path: str, texts: Mapping[str, str]) -> None:
    """Bring the texts of a page, which is named from the root of the repository, up to date."""
    page = ROOT / path
    page.write_text(filled(page.read_text(encoding="utf-8"), texts), encoding="utf-8")
