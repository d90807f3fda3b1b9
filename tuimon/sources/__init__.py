"""Bytes in, batches out: one module per format, plus tailing, sniffing, discovery and the registry."""
