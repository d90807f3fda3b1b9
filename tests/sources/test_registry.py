from __future__ import annotations

import re
from pathlib import Path

from tuimon.sources.registry import FACTORIES, markdown_table

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_readme_has_the_table_of_the_registry() -> None:
    assert f"<!-- formats -->\n{markdown_table()}<!-- /formats -->\n" in README, (
        "run python -m scripts.write_format_table"
    )


def test_every_format_names_who_writes_it_and_which_files() -> None:
    assert len({factory.format for factory in FACTORIES}) == len(FACTORIES)
    for factory in FACTORIES:
        assert factory.trainers, factory.format
        for trainer in factory.trainers:
            assert trainer.name
            assert "`" in trainer.files
            assert re.search(r"[|\n]", trainer.name + trainer.files) is None
