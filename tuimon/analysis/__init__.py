"""What the numbers mean: smoothing, progress and ETA, status, trend, findings."""
