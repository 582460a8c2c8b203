"""Rows of launches and rollouts."""

from .campaign import Campaign, CampaignContent, CampaignWorkflow
from .checklist import Checklist, CheckResult, ManualCheck, PageVisit
from .playbook import Playbook, PlaybookVersion
from .release import Release
from .rollout import Rollout

__all__ = [
    "Campaign",
    "CampaignContent",
    "CampaignWorkflow",
    "CheckResult",
    "Checklist",
    "ManualCheck",
    "PageVisit",
    "Playbook",
    "PlaybookVersion",
    "Release",
    "Rollout",
]
