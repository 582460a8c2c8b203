"""Rows. One noun a module; written through `workflows.actions` by people and `workflows.runtime` by machines."""

from .catalog import EventType, Field, LifecycleStage, System
from .connection import Connection, ConnectionHealth, OutboundSwitch
from .contact import ConsentEntry, Contact, ContactKey, FieldChange
from .convention import NamingConvention
from .definition import Alias, ChangeRequest, DefinitionVersion, StageOwnership, Status
from .effect import Effect
from .event import EventConflict, InboundEvent, QuarantinedEvent, QueuedEvent, Source
from .mapping import Mapping
from .run import Conversion, Run, Timer, Trace
from .scoring import ScoreEntry, Scoring
from .segment import Segment
from .template import MessageTemplate
from .workflow import Activation, Revision, StepComment, Version, Workflow

__all__ = [
    "Activation",
    "Alias",
    "ChangeRequest",
    "Connection",
    "ConnectionHealth",
    "ConsentEntry",
    "Contact",
    "ContactKey",
    "Conversion",
    "DefinitionVersion",
    "Effect",
    "EventConflict",
    "EventType",
    "Field",
    "FieldChange",
    "InboundEvent",
    "LifecycleStage",
    "Mapping",
    "MessageTemplate",
    "NamingConvention",
    "OutboundSwitch",
    "QuarantinedEvent",
    "QueuedEvent",
    "Revision",
    "Run",
    "ScoreEntry",
    "Scoring",
    "Segment",
    "Source",
    "StageOwnership",
    "Status",
    "StepComment",
    "System",
    "Timer",
    "Trace",
    "Version",
    "Workflow",
]
