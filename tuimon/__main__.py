"""`python -m tuimon`."""

from __future__ import annotations

import sys

from tuimon.cli.main import main

sys.exit(main())
