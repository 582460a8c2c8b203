"""Launches by interface."""
