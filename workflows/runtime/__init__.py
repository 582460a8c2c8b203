"""Does what the engine decides: `advance` (events and timers), `deliver` (effects), `sweep` (what is overdue).

Called by Celery tasks and management commands only. A batch is one transaction: claim, load, decide, write, commit.
"""
