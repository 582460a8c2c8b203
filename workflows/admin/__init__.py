"""Definitions to edit, with history; what machines write to look at. One module for each kind of thing."""

from . import catalog, contact, definition, effect, event, replay, retention, run, workflow

__all__ = ["catalog", "contact", "definition", "effect", "event", "replay", "retention", "run", "workflow"]
