"""Appointments made and changed: the front door to every operation on the calendar (domain.md §5).

Each is one transaction: authorise, lock, change, record, announce. No staff member is ever double booked: the database
refuses it, whatever happens here; the locks spare writers from meeting each other there.
"""

from bookings.booking import Booked, ClientBlocked, book
from bookings.conflicts import AlreadyBooked, Blocking, SlotTaken
from bookings.placing import ItemWish

__all__ = [
    "AlreadyBooked",
    "Blocking",
    "Booked",
    "ClientBlocked",
    "ItemWish",
    "SlotTaken",
    "book",
]
