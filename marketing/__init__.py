"""Segments, campaigns, automations and messages (domain.md §9)."""
