"""The event store: the one room that imports `eventsourcing` and that writes to the log."""
