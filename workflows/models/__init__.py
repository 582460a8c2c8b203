"""Rows. One noun a module; written through `workflows.actions` by people and `workflows.runtime` by machines."""

from .block import Block
from .catalog import EventType, Field, LifecycleStage, System
from .connection import Connection, ConnectionHealth, OutboundSwitch, Poll
from .contact import ConsentEntry, Contact, ContactChange, ContactKey, FieldChange
from .content import ContentItem
from .convention import NamingConvention
from .definition import Alias, ChangeRequest, DefinitionVersion, StageOwnership, Status
from .effect import Effect
from .event import Attempt, EventConflict, InboundEvent, QuarantinedEvent, QueuedEvent, Source
from .finding import DuplicateFinding, ReportRequest
from .handwork import Assignment, Desk, Handoff, Queue, StepApproval
from .imports import Import, ImportPart, ImportRefusal
from .mapping import Mapping
from .membership import AudienceMember, SegmentMember, SegmentWatch
from .merge import Merge
from .metric import Metric
from .move import Move, PendingMove, RunMove
from .rename import Notice, Rename
from .replay import Replay, ReplayFinding, ReplayPart
from .retention import RetentionPolicy, RetentionRun
from .review import ReviewHold
from .run import Conversion, Run, Timer, Trace
from .scenario import Scenario
from .schedule import Schedule, Tick
from .scoring import ScoreEntry, Scoring
from .segment import Segment
from .template import MessageTemplate
from .work_calendar import WorkCalendar
from .workflow import Activation, Exposure, Revision, StepComment, Version, Workflow

__all__ = [
    "Activation",
    "Alias",
    "Assignment",
    "Attempt",
    "AudienceMember",
    "Block",
    "ChangeRequest",
    "Connection",
    "ConnectionHealth",
    "ConsentEntry",
    "Contact",
    "ContactChange",
    "ContactKey",
    "ContentItem",
    "Conversion",
    "DefinitionVersion",
    "Desk",
    "DuplicateFinding",
    "Effect",
    "EventConflict",
    "EventType",
    "Exposure",
    "Field",
    "FieldChange",
    "Handoff",
    "Import",
    "ImportPart",
    "ImportRefusal",
    "InboundEvent",
    "LifecycleStage",
    "Mapping",
    "Merge",
    "MessageTemplate",
    "Metric",
    "Move",
    "NamingConvention",
    "Notice",
    "OutboundSwitch",
    "PendingMove",
    "Poll",
    "QuarantinedEvent",
    "Queue",
    "QueuedEvent",
    "Rename",
    "Replay",
    "ReplayFinding",
    "ReplayPart",
    "ReportRequest",
    "RetentionPolicy",
    "RetentionRun",
    "ReviewHold",
    "Revision",
    "Run",
    "RunMove",
    "Scenario",
    "Schedule",
    "ScoreEntry",
    "Scoring",
    "Segment",
    "SegmentMember",
    "SegmentWatch",
    "Source",
    "StageOwnership",
    "Status",
    "StepApproval",
    "StepComment",
    "System",
    "Tick",
    "Timer",
    "Trace",
    "Version",
    "WorkCalendar",
    "Workflow",
]
