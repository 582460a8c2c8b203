"""Rows of launches and rollouts."""

from .rollout import Rollout

__all__ = ["Rollout"]
