"""Races with real connections (architecture.md §7)."""
