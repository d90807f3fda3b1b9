"""Arguments and exit codes; one module per command, heavy imports inside functions."""
