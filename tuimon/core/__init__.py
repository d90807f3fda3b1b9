"""The words everybody speaks: batches, columns, roles, clock, errors, settings, units."""
