"""What a salon and one client write each other."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clients.models import Client
from salon.identity.roles import ActorKind
from salon.tenancy.constraints import SalonReference, owned_by_salon
from salon.tenancy.models import SalonOwned


class Direction(models.TextChoices):
    """Who wrote."""

    OUT = "OUT", _("to the client")
    IN = "IN", _("from the client")


class Message(SalonOwned):
    """One mail that a salon wrote to one client, or that she answered (domain.md §9.4).

    Of one to her `mail_id` is the mail that carries it (salon.mail), and who wrote it is the actor. Of one from her
    `message_id` is what her mail program called it: the same never comes in twice. `text` is the whole of it, with what
    it quotes (marketing/quoting.py tells the new part). `automatic` is one that a program answered by itself,
    `other_address` one that came from an address which was not the card's; `attachments` are the names of files that
    came along and are not kept, as pictures are. `read_at` is when somebody in the salon first saw hers; only hers can
    be unread. `done_at` is when hers was answered or ticked off; until then it is open, except for what a program has
    answered.
    """

    client = models.ForeignKey(
        Client, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="messages"
    )
    direction = models.CharField(max_length=3, choices=Direction)
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(max_length=50_000)
    address = models.EmailField()
    message_id = models.CharField(max_length=255, blank=True)
    automatic = models.BooleanField(default=False)
    other_address = models.BooleanField(default=False)
    attachments = models.JSONField(default=list)
    mail_id = models.UUIDField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_name = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            *owned_by_salon("marketing_message"),
            SalonReference("client", name="marketing_message_client"),
            models.UniqueConstraint(
                fields=["salon", "client", "message_id"],
                condition=Q(direction="IN") & ~Q(message_id=""),
                name="marketing_message_once",
            ),
            models.CheckConstraint(
                condition=Q(direction="OUT", mail_id__isnull=False) | Q(direction="IN", mail_id=None),
                name="marketing_message_carried",
            ),
        ]
        indexes = [
            models.Index(fields=["salon", "client", "-created_at", "-id"], name="marketing_message_of_client"),
            models.Index(fields=["salon", "-created_at", "-id"], name="marketing_message_newest"),
            models.Index(
                fields=["salon", "-created_at", "-id"],
                condition=Q(direction="IN", read_at=None),
                name="marketing_message_unread",
            ),
            models.Index(
                fields=["salon", "-created_at", "-id"],
                condition=Q(direction="IN", done_at=None),
                name="marketing_message_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.client_id}"


class MessagePicture(SalonOwned):
    """One picture that came along with a client's message, drawn anew (marketing/photos.py); `name` is her file's.

    Like the salon's own (models/pictures.py) it is kept in the database; unlike those nobody gets it without a login.
    """

    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="pictures"
    )
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=4)
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [
            *owned_by_salon("marketing_messagepicture"),
            SalonReference("message", name="marketing_messagepicture_message"),
            models.UniqueConstraint(fields=["salon", "message", "number"], name="marketing_messagepicture_number"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} {self.number}"


class MessageTemplate(SalonOwned):
    """One text that a salon begins messages with, placeholders in it (domain.md §9.4)."""

    name = models.CharField(max_length=80)
    name_key = models.CharField(max_length=160, db_collation="C")
    subject = models.CharField(max_length=150)
    text = models.TextField(max_length=10_000)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *owned_by_salon("marketing_messagetemplate"),
            models.UniqueConstraint(
                fields=["salon", "name_key"], condition=Q(deleted_at=None), name="marketing_messagetemplate_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name
