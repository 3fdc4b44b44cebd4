"""What a salon has decided about its client cards, and deciding it (domain.md §4.1)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clients.identity import IdentityPolicy
from clients.models import ClientRules
from salon.audit.recording import Change, record
from salon.errors import FieldError, InvalidInput
from salon.identity.roles import Actor, Permission
from salon.tenancy.context import current_salon_id


def identity_policy() -> IdentityPolicy:
    """Return how sure an online booking must be about whose card it is, in the open salon."""
    return policy_of(ClientRules.objects.values_list("identity_policy", flat=True).first())


def policy_of(stored: str | None) -> IdentityPolicy:
    """Return the policy that is stored, or what holds where nothing was decided."""
    return IdentityPolicy(stored) if stored else IdentityPolicy.STRICT


def choose_identity_policy(*, actor: Actor, policy: str, now: datetime) -> bool:
    """Decide how sure an online booking must be from now on; return whether that is another decision than before.

    Cards stay as they are. Raises: NotAllowed, InvalidInput.
    """
    actor.require(Permission.SETTINGS)
    if policy not in IdentityPolicy.values:
        raise InvalidInput([FieldError("policy", "invalid_choice", _("Choose one of the values offered."))])
    salon_id = current_salon_id()
    with transaction.atomic():
        ClientRules.objects.get_or_create(salon_id=salon_id)
        rules = ClientRules.objects.select_for_update(no_key=True).get(salon_id=salon_id)
        before = rules.identity_policy
        if policy == before:
            return False
        rules.identity_policy = policy
        rules.save(update_fields=["identity_policy"])
        record(
            actor=actor,
            action="client_rules.changed",
            subject_kind="client_rules",
            subject_id=salon_id,
            changes=[Change("identity_policy", before, policy)],
            now=now,
        )
    return True
