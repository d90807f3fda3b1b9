"""Readers of GPUs, host and processes. A missing sensor is None, and no failure here stops the program."""
