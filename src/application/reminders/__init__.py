"""Reminders: who asked for them, when they come due, and how they reach people."""
