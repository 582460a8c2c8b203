"""Rows of launches and rollouts."""

from .campaign import Campaign, CampaignContent, CampaignWorkflow
from .rollout import Rollout

__all__ = ["Campaign", "CampaignContent", "CampaignWorkflow", "Rollout"]
