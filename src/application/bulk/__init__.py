"""Bulk: rows from files and bodies in several formats, recorded together or not at all."""
