"""Rows of launches and rollouts."""

from .approval import Approval, ApprovalRequest, BreakGlass, Delegation
from .archive import ArchivedCount, CampaignArchive
from .campaign import Campaign, CampaignContent, CampaignWorkflow
from .chat import ChatNote, ChatRoom, PersonalChat
from .checklist import Checklist, CheckResult, ManualCheck, PageVisit
from .criterion import CriterionMarks, CriterionSpan, CriterionStanding, CriterionValue
from .letter import Letter
from .playbook import Playbook, PlaybookVersion
from .release import Release
from .repair import Repair, RepairItem
from .rollout import Rollout, RolloutLook, RolloutStep
from .short_link import ShortLink

__all__ = [
    "Approval",
    "ApprovalRequest",
    "ArchivedCount",
    "BreakGlass",
    "Campaign",
    "CampaignArchive",
    "CampaignContent",
    "CampaignWorkflow",
    "ChatNote",
    "ChatRoom",
    "CheckResult",
    "Checklist",
    "CriterionMarks",
    "CriterionSpan",
    "CriterionStanding",
    "CriterionValue",
    "Delegation",
    "Letter",
    "ManualCheck",
    "PageVisit",
    "PersonalChat",
    "Playbook",
    "PlaybookVersion",
    "Release",
    "Repair",
    "RepairItem",
    "Rollout",
    "RolloutLook",
    "RolloutStep",
    "ShortLink",
]
