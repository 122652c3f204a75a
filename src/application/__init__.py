"""Use cases: record, load, replay, verify. The composition root, the settings, and the only clock."""
