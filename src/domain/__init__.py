"""The rules of the record, pure: standard library and pydantic, no clock, no database, no I/O."""
