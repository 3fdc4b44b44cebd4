"""Appointments made and changed: the front door to every operation on them (domain.md §5).

Each is one transaction: authorise, lock, change, record, announce. No staff member is ever double booked: the database
refuses it, whatever happens here; the locks spare writers from meeting each other there.
"""

from bookings.booking import Booked, ClientBlocked, book
from bookings.composing import add_item, change_price
from bookings.conflicts import AlreadyBooked, Blocking, SlotTaken
from bookings.exchanging import exchange_item
from bookings.moving import move, move_item, reassign_item, resize_item
from bookings.particulars import change_client, change_note
from bookings.placing import ItemWish
from bookings.progress import StateRefused, TooEarly, cancel, set_state
from bookings.removing import LastItem, remove_item
from bookings.rewarding import NoRoom, append_reward, book_with_rewards
from bookings.undoing import undo
from bookings.writing import NotChangeable, NothingToUndo

__all__ = [
    "AlreadyBooked",
    "Blocking",
    "Booked",
    "ClientBlocked",
    "ItemWish",
    "LastItem",
    "NoRoom",
    "NotChangeable",
    "NothingToUndo",
    "SlotTaken",
    "StateRefused",
    "TooEarly",
    "add_item",
    "append_reward",
    "book",
    "book_with_rewards",
    "cancel",
    "change_client",
    "change_note",
    "change_price",
    "exchange_item",
    "move",
    "move_item",
    "reassign_item",
    "remove_item",
    "resize_item",
    "set_state",
    "undo",
]
