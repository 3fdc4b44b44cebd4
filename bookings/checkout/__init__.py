"""The till: what a visit costs, what was paid, what is given back (domain.md §6)."""
