"""Rows. One noun a module; written through `workflows.actions` by people and `workflows.runtime` by machines."""

from .catalog import EventType, Field, LifecycleStage, Status, System
from .contact import ConsentEntry, Contact, ContactKey, FieldChange
from .effect import Effect
from .event import EventConflict, InboundEvent, QuarantinedEvent, QueuedEvent, Source
from .mapping import Mapping
from .run import Conversion, Run, Timer, Trace
from .template import MessageTemplate
from .workflow import Activation, Version, Workflow

__all__ = [
    "Activation",
    "ConsentEntry",
    "Contact",
    "ContactKey",
    "Conversion",
    "Effect",
    "EventConflict",
    "EventType",
    "Field",
    "FieldChange",
    "InboundEvent",
    "LifecycleStage",
    "Mapping",
    "MessageTemplate",
    "QuarantinedEvent",
    "QueuedEvent",
    "Run",
    "Source",
    "Status",
    "System",
    "Timer",
    "Trace",
    "Version",
    "Workflow",
]
