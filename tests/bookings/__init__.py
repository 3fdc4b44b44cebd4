"""Appointments: rules, operations, reads (domain.md §5)."""
