"""Before a campaign is sent: its numbers lead to the names that they count (domain.md §9.2)."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from marketing.choosing import clients_in
from marketing.models import Basis, Campaign, RecipientReason
from marketing.recipients import foresee, foreseen_among, foreseen_reasons
from marketing.rule import parse
from marketing.web import campaign_foreseen
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.campaigning import agreed

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_number_leads_to_its_names(
    sonnenschein: Salon,
    campaign: Campaign,
    browser_of: Callable[[User], Browser],
    owner: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with salon_scope(sonnenschein.pk):
        agreed("Anders", email="ANNA@x.example")
        clients = clients_in(parse(campaign.rule), salon=sonnenschein, now=NOW)
        counts = foresee(clients, basis=Basis.CONSENT, now=NOW).counts
        named = {
            reason: set(foreseen_among(clients, [reason], basis=Basis.CONSENT, now=NOW).values_list("pk", flat=True))
            for reason in RecipientReason
        }
        assert {reason: len(ids) for reason, ids in named.items() if ids} == counts
        told = {pk: reason for reason, ids in named.items() for pk in ids}
        assert foreseen_reasons(clients, list(told), basis=Basis.CONSENT, now=NOW) == told
    monkeypatch.setattr(campaign_foreseen, "SHOWN", 1)
    browser, url = browser_of(owner), f"/s/sonnenschein/marketing/campaigns/{campaign.pk}/"
    draft = browser.get(f"{url}send/").text
    assert f'href="{url}recipients/"' in draft
    assert f'href="{url}recipients/?reason=SAME_ADDRESS"' in draft
    page = browser.get(f"{url}recipients/").text
    assert ("Anna Ahrens" in page) != ("Beck" in page)
    assert "after=" in page
    page = browser.get(f"{url}recipients/?reason=SAME_ADDRESS").text
    assert ("Anders" in page, "Anna Ahrens" in page) == (True, False)
    assert browser.get(f"{url}recipients/?after=x&reason=NO_CONSENT").status_code == 302
