"""Pictures that clients send with their messages: "so soll es aussehen" (domain.md §9.4).

They are for the team alone: nobody gets one without a login of the salon.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from marketing.imaging import Prepared, prepare
from marketing.incoming import Incoming
from marketing.models import Direction, Message, MessagePicture
from salon.errors import InvalidInput, NotFound

# As large as a hairdresser needs it on a tablet, and as many as somebody sends of one head.
WIDEST, TALLEST = 1200, 1600
MOST_OF_MESSAGE = 8
MOST_OF_CLIENT = 100
# What is smaller is the drawing under somebody's name.
_SMALLEST = 100


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture drawn anew, and its place among the files of its mail."""

    place: int
    prepared: Prepared


def photos_in(incoming: Incoming) -> list[Photo]:
    """Return the pictures of a mail as they are kept; what cannot be read stays a file that is named. Of what a program
    has answered, none."""
    found: list[Photo] = []
    for place, content in ({} if incoming.automatic else incoming.pictures).items():
        if len(found) == MOST_OF_MESSAGE:
            break
        try:
            prepared = prepare(BytesIO(content), width=WIDEST, height=TALLEST)
        except InvalidInput:
            continue
        if min(prepared.width, prepared.height) >= _SMALLEST:
            found.append(Photo(place, prepared))
    return found


def room_for(photos: Sequence[Photo], client_id: UUID) -> list[Photo]:
    """Return as many pictures as a client may still send; her card is locked."""
    kept = MessagePicture.objects.filter(message__client_id=client_id).count()
    return list(photos[: max(MOST_OF_CLIENT - kept, 0)])


def keep_photos(message: Message, photos: Sequence[Photo], names: Sequence[str]) -> None:
    """Keep pictures with the message that they came with."""
    MessagePicture.objects.bulk_create(
        MessagePicture(
            message=message,
            number=number,
            name=names[photo.place],
            kind=photo.prepared.suffix,
            width=photo.prepared.width,
            height=photo.prepared.height,
            content=photo.prepared.content,
        )
        for number, photo in enumerate(photos, 1)
    )


def photo(photo_id: UUID) -> MessagePicture:
    """Return a picture that a client of the open salon has sent, with what it is made of.

    Raises: NotFound.
    """
    found = MessagePicture.objects.filter(pk=photo_id).first()
    if found is None:
        raise NotFound
    return found


def photos_of(messages: Sequence[Message]) -> dict[UUID, list[MessagePicture]]:
    """Return the pictures of messages, by the message, without what they are made of."""
    found: dict[UUID, list[MessagePicture]] = {}
    received = [one.pk for one in messages if one.direction == Direction.IN]
    rows = MessagePicture.objects.filter(message__in=received).defer("content")
    for row in rows.order_by("message_id", "number"):
        found.setdefault(row.message_id, []).append(row)
    return found


def photos_within(message: str) -> ArraySubquery:
    """Return an expression for the pictures of the message with the id in a column, for the history of a card."""
    rows = MessagePicture.objects.filter(message_id=OuterRef(message)).order_by("number")
    return ArraySubquery(rows.values(told=JSONObject(id="id", name="name", width="width", height="height")))
