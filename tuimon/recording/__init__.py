"""What we write ourselves: a run's lines, what a command printed, the demo run."""
