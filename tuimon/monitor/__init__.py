"""The running heart: threads that discover, read, sample and analyse, and publish one frozen snapshot."""
