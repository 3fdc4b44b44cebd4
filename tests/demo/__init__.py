"""The demo world (domain.md §11)."""
