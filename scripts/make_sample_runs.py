"""Make sample_runs/ anew: `python -m scripts.make_sample_runs [NAME…]`, from the root of the repository.

Small models are trained on the CPU, about a minute in all. Needs the extra `samples`.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
import time
from pathlib import Path

NAMES = ("healthy", "overfit", "diverged", "resumed", "huggingface")


def main() -> None:
    """Make the runs that the command line names, or all of them."""
    parser = argparse.ArgumentParser(
        description="Make sample_runs/ anew by training small models on the CPU."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(NAMES)} (default: all)")
    parser.add_argument("--out", type=Path, default=Path("sample_runs"), help="where (default: %(default)s)")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(NAMES)
    if unknown:
        parser.error(f"no sample run is called {', '.join(sorted(unknown))}")
    for name in arguments.names or NAMES:
        folder = arguments.out / name
        shutil.rmtree(folder, ignore_errors=True)
        started_s = time.perf_counter()
        importlib.import_module(f"scripts.sample_runs.{name}").make(folder)  # each needs other libraries
        size_kb = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1000
        print(f"{name}: {size_kb:.0f} kB in {time.perf_counter() - started_s:.0f} s")


if __name__ == "__main__":
    main()
