"""Mails on their way out."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from salon.tenancy.constraints import owned_by_salon
from salon.tenancy.models import SalonOwned, new_id


class AccountMail(models.Model):
    """One mail about a login (invitation, password reset), deleted when sent, refused for good or of no more use.

    Belongs to a person, not to a salon. From `expires_at` on the link in it is dead, and it is not sent any more.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    recipient = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.subject} to {self.recipient}"


class MailState(models.TextChoices):
    """How far a mail to a client is."""

    WAITING = "WAITING", _("waiting")
    SENDING = "SENDING", _("being sent")
    SENT = "SENT", _("sent")
    REFUSED = "REFUSED", _("refused by the mail server")
    DROPPED = "DROPPED", _("of no more use")


# What has gone out, or may be going out at this moment.
TOLD = (MailState.SENDING, MailState.SENT)


class ClientMail(SalonOwned):
    """One mail of a salon to a client about something of hers, or a test mail to whoever of the team asked for it.

    `about_id` is what it tells of, and `tells` a fingerprint of what it says about that. `client_id` is whose it is, by
    whatever key her app gives her; None is a test mail, and `shown_client_id` whose data stands in it, if anybody's.
    `answers` is the Message-ID of the mail of hers that it answers. `sender_name` is who writes, where it is not the
    salon by its own name. From `expires_at` on it is of no more use. `writer` and `facts` are what it is to say; from
    when it goes out on, it has the words (salon/mail/letters.py).
    `calendar` is an entry for the client's calendar (iCalendar), with `calendar_method` as its purpose. `error` is the
    name of an exception's type, never its text, which may tell an address.
    """

    client_id = models.UUIDField(null=True, blank=True)
    shown_client_id = models.UUIDField(null=True, blank=True)
    about_id = models.UUIDField()
    tells = models.CharField(max_length=64)
    recipient = models.EmailField()
    reply_to = models.EmailField(blank=True)
    answers = models.CharField(max_length=255, blank=True)
    sender_name = models.CharField(max_length=120, blank=True)
    writer = models.CharField(max_length=40, blank=True)
    facts = models.JSONField(default=dict)
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    calendar = models.TextField(blank=True)
    calendar_method = models.CharField(max_length=10, blank=True)
    state = models.CharField(max_length=8, choices=MailState, default=MailState.WAITING)
    error = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *owned_by_salon("mail_clientmail"),
            models.CheckConstraint(
                condition=models.Q(state=MailState.SENT, sent_at__isnull=False)
                | models.Q(~models.Q(state=MailState.SENT), sent_at=None),
                name="mail_clientmail_sent",
            ),
        ]
        indexes = [
            models.Index(fields=["salon", "about_id", "id"], name="mail_clientmail_about"),
            models.Index(fields=["salon", "client_id", "id"], name="mail_clientmail_client"),
        ]

    def __str__(self) -> str:
        return f"{self.subject or self.writer} to {self.recipient}"
