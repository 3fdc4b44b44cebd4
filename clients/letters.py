"""The mail that asks a client to confirm her consent, in words (domain.md §9.3)."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from salon.mail.letters import Draft, Letter
from salon.tenancy.models import Salon

# The name of `write` in CLIENT_LETTERS.
WRITER = "consent"


def draft(*, salon: Salon, wording: str, secret: str, address_changed: bool = False) -> Draft:
    """Return all that the mail is to say; nobody's name, for nobody knows yet whose address it is.

    `address_changed`: whoever reads it has said nothing of this address, the salon has entered it.
    """
    url = f"{settings.BASE_URL.rstrip('/')}{reverse('consent_link', args=[secret])}"
    foot_of = cast(Callable[[Salon], list[str]], import_string(settings.FOOT_OF_NEWS))
    facts = {"salon": salon.name, "city": salon.city, "wording": wording, "url": url, "foot": foot_of(salon)}
    return Draft(WRITER, {**facts, "address_changed": address_changed})


def write(facts: Mapping[str, Any]) -> Letter:
    """Put into words what `draft` has noted."""
    with translation.override(settings.LANGUAGE_CODE):
        subject = " ".join((_("Please confirm: news from %(salon)s") % {"salon": facts["salon"]}).split())
        # The name alone is what a salon without an imprint has; its town tells more.
        name, *imprint = facts.get("foot") or [facts["salon"]]
        context = {**facts, "subject": subject, "name": name, "imprint": imprint or [facts["city"]]}
        return Letter(
            subject=subject[:200],
            text=render_to_string("clients/mail/consent.txt", context).strip() + "\n",
            html=render_to_string("clients/mail/consent.html", context),
        )
