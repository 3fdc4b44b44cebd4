"""The Treatcard: what earns points, what they are redeemed for (domain.md §7)."""
