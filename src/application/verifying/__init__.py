"""Verifying: what a database holds against what follows from its log, from the schema, and from the rules."""
