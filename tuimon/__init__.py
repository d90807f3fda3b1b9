"""tuimon watches machine-learning training runs from a terminal."""

__version__ = "0.1.0"
