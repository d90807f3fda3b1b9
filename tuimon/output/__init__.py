"""Faces without a screen: summary, check, eta."""
