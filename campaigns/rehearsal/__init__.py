"""Rollouts played with dice."""
