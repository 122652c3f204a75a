"""Reminders of deadlines, and notices of entries: subscriptions, the planner, the scheduler, the outbox, its sender."""
