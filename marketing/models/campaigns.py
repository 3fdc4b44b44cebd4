"""Mails to many, and who gets them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clients.models import Client
from marketing.models.automations import Automation
from salon.identity.roles import ActorKind, shown_name
from salon.tenancy.constraints import SalonReference, owned_by_salon
from salon.tenancy.models import SalonOwned


class Basis(models.TextChoices):
    """Why a client may be written to (domain.md §9.3)."""

    CONSENT = "CONSENT", _("Clients who have agreed")
    EXISTING_CUSTOMER = "EXISTING_CUSTOMER", _("Clients who have agreed, and existing customers (§ 7 (3) UWG)")


class CampaignState(models.TextChoices):
    """How far a campaign is."""

    DRAFT = "DRAFT", _("draft")
    SCHEDULED = "SCHEDULED", _("scheduled")
    SENDING = "SENDING", _("being sent")
    PAUSED = "PAUSED", _("paused")
    ENDED = "ENDED", _("ended")
    SENT = "SENT", _("sent")


class CampaignQuerySet(models.QuerySet["Campaign"]):
    """Campaigns of the open salon."""

    def live(self) -> "CampaignQuerySet":
        """Return those that are not deleted."""
        return self.filter(deleted_at=None)


class Campaign(SalonOwned):
    """One mail to a group of clients (domain.md §9.2).

    `rule` is the tree of `marketing.rule` that says whom: what was chosen, kept as it was then. `segment_key` is which
    segment that was (its id, or the key of a ready-made one), `segment_name` what it is called, for people to read;
    from when it begins on, what it was called then. `marked_rule` are those who were marked one by one for it, where it
    goes to a segment by now. `body` is Markdown with placeholders. From `started_at` on who gets
    it and who does not, and why, stands in `recipients`.
    """

    name = models.CharField(max_length=80)
    subject = models.CharField(max_length=150, blank=True)
    body = models.TextField(max_length=20_000, blank=True)
    rule = models.JSONField(default=dict)
    segment_key = models.CharField(max_length=36, blank=True)
    segment_name = models.CharField(max_length=80, blank=True)
    marked_rule = models.JSONField(default=dict, db_default={})
    basis = models.CharField(max_length=20, choices=Basis, default=Basis.CONSENT)
    state = models.CharField(max_length=10, choices=CampaignState, default=CampaignState.DRAFT)
    scheduled_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_name = models.CharField(max_length=120)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        constraints = [
            *owned_by_salon("marketing_campaign"),
            models.CheckConstraint(
                condition=~Q(state="SCHEDULED") | Q(scheduled_at__isnull=False), name="marketing_campaign_scheduled"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["DRAFT", "SCHEDULED"]) | Q(started_at__isnull=False),
                name="marketing_campaign_started",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["SENT", "ENDED"]) | Q(finished_at__isnull=False),
                name="marketing_campaign_finished",
            ),
        ]
        indexes = [models.Index(fields=["salon", "-created_at", "-id"], name="marketing_campaign_newest")]

    def __str__(self) -> str:
        return self.name

    @property
    def written_by(self) -> str:
        """Who wrote it, as people read it."""
        return shown_name(self.actor_kind, self.actor_name)


class RecipientState(models.TextChoices):
    """How far the mail to one client is."""

    WAITING = "WAITING", _("waiting")
    SENDING = "SENDING", _("being sent")
    SENT = "SENT", _("sent")
    FAILED = "FAILED", _("failed")
    EXCLUDED = "EXCLUDED", _("left out")


class RecipientReason(models.TextChoices):
    """Why somebody gets a mail, or why not."""

    CONSENT = "CONSENT", _("has agreed")
    EXISTING_CUSTOMER = "EXISTING_CUSTOMER", _("existing customer")
    NOT_ALLOWED = "NOT_ALLOWED", _("existing customer: not allowed (any more)")
    NO_CONSENT = "NO_CONSENT", _("has not agreed")
    NOT_CONFIRMED = "NOT_CONFIRMED", _("has not confirmed yet")
    OBJECTED = "OBJECTED", _("has unsubscribed or objected")
    BLOCKED = "BLOCKED", _("blocked")
    NO_ADDRESS = "NO_ADDRESS", _("no e-mail address")
    UNDELIVERABLE = "UNDELIVERABLE", _("undeliverable")
    SAME_ADDRESS = "SAME_ADDRESS", _("another card with this address gets it")
    GONE = "GONE", _("the card is no longer there")
    REFUSED = "REFUSED", _("refused by the mail server")
    INTERRUPTED = "INTERRUPTED", _("interrupted: may have arrived, is not sent again")
    ENDED = "ENDED", _("the campaign was ended before her turn")


class Recipient(SalonOwned):
    """One client and one mail of a campaign or of an automation: why she gets it or not, and what became of it.

    A campaign writes to a client once, an automation once for each `occasion` (its day). `reason` is why she is
    included, left out, or did not get it; `error` the name of an exception's type, or with which status it came back.
    `unsubscribed_at` is when she unsubscribed by this very mail, `answered_at` when she first answered it. `said` is
    what her mail said that is not in the campaign's text (marketing/letters.py), from when it went out on: what her
    card says of her by then is no matter. The text of an automation may change and is kept along.
    """

    campaign = models.ForeignKey(
        Campaign,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="recipients",
    )
    automation = models.ForeignKey(
        Automation,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="recipients",
    )
    occasion = models.DateField(null=True, blank=True)
    client = models.ForeignKey(
        Client, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="mailings"
    )
    address = models.EmailField(blank=True)
    state = models.CharField(max_length=8, choices=RecipientState, default=RecipientState.WAITING)
    reason = models.CharField(max_length=20, choices=RecipientReason)
    error = models.CharField(max_length=120, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    unsubscribed_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    said = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            *owned_by_salon("marketing_recipient"),
            SalonReference("campaign", name="marketing_recipient_campaign", cascade=True),
            SalonReference("automation", name="marketing_recipient_automation", cascade=True),
            SalonReference("client", name="marketing_recipient_client"),
            models.UniqueConstraint(fields=["salon", "campaign", "client"], name="marketing_recipient_once"),
            models.UniqueConstraint(
                fields=["salon", "automation", "client", "occasion"], name="marketing_recipient_occasion"
            ),
            models.CheckConstraint(
                condition=Q(campaign__isnull=False, automation=None, occasion=None)
                | Q(campaign=None, automation__isnull=False, occasion__isnull=False),
                name="marketing_recipient_of_one",
            ),
            models.CheckConstraint(
                condition=Q(state="SENT", sent_at__isnull=False) | (~Q(state="SENT") & Q(sent_at=None)),
                name="marketing_recipient_sent",
            ),
        ]
        indexes = [
            models.Index(fields=["salon", "campaign", "state", "id"], name="marketing_recipient_by_state"),
            models.Index(fields=["salon", "client", "id"], name="marketing_recipient_of_client"),
            # Whom anything was written to lately, without the rows.
            models.Index(
                fields=["salon", "sent_at"],
                include=["client"],
                condition=Q(state="SENT"),
                name="marketing_recipient_lately",
            ),
            models.Index(
                fields=["salon", "automation", "state", "id"],
                condition=Q(automation__isnull=False),
                name="marketing_recipient_automated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client_id} {self.state}"
