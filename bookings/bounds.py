"""What limits the start of an appointment: who books decides (domain.md §5)."""

from enum import Enum


class Bounds(Enum):
    """How strictly the salon's hours and rules are kept: outside the salon they refuse, at the desk they warn."""

    ONLINE = "online"
    DESK = "desk"
