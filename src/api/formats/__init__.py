"""Formats: one file for each, and one for each list that is had in them."""
