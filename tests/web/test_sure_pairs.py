"""The list of possible duplicates: by what they share, and several merged with one press (ui.md §2.4)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from clients.details import ClientDetails
from clients.duplicates import propose
from clients.editing import create_client
from clients.models import Client, CreatedVia
from salon.desk.web import merging
from salon.identity.models import User
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW

PHONE = "0171 2345678"


@pytest.fixture
def desk(manager: User, browser_of: Callable[[User], Browser]) -> Browser:
    return browser_of(manager)


@pytest.fixture
def url(sonnenschein: Salon) -> str:
    return reverse("client_duplicates", args=[sonnenschein.slug])


@pytest.fixture
def listed(sonnenschein: Salon) -> Callable[..., None]:
    """Cards of twins, proposed as the night does."""

    def make(*twins: ClientDetails) -> None:
        with salon_scope(sonnenschein.pk):
            for details in twins:
                create_client(
                    actor=system_actor("test"),
                    salon=sonnenschein,
                    details=details,
                    created_via=CreatedVia.STAFF,
                    now=NOW,
                )
            propose(now=NOW)

    return make


def _names(page: Any) -> list[tuple[str, str, bool]]:
    return [(pair.comparison.mine.name, pair.comparison.theirs.name, pair.sure) for pair in page.context["pairs"]]


def _in_use(salon: Salon) -> int:
    with salon_scope(salon.pk):
        return Client.objects.listed().count()


SILKE = (ClientDetails("Dr. Silke", "Köhler", mobile=PHONE), ClientDetails("Silke", "Köhler", mobile=PHONE))
ANNA = (ClientDetails("Anna", "Berg", email="a@mail.example"), ClientDetails("Bernd", "Berg", email="a@mail.example"))
STRAUSS = (ClientDetails("Inge", "Strauß", birthday="3.2."), ClientDetails("Ingo", "Strauß", birthday="3.2."))


def test_who_shares_a_number_or_address_stands_before_who_is_only_called_alike(
    desk: Browser, url: str, listed: Callable[..., None]
) -> None:
    listed(*SILKE, *ANNA)
    listed(*STRAUSS)
    page = desk.get(url)
    assert _names(page) == [("Anna Berg", "Bernd Berg", False), ("Dr. Silke Köhler", "Silke Köhler", True)]
    [contact, name] = page.context["kinds"]
    assert (contact.current, name.current) == (True, False)
    assert _names(desk.get(name.url)) == [("Inge Strauß", "Ingo Strauß", False)]


def test_where_nobody_shares_anything_the_names_are_shown(desk: Browser, url: str, listed: Callable[..., None]) -> None:
    listed(*STRAUSS)
    assert [one.current for one in desk.get(url).context["kinds"]] == [False, True]
    # Unless they were asked for.
    assert desk.get(url, {"kind": "contact"}).context["pairs"] == []
    assert _names(desk.get(url, {"kind": "nonsense"})) == [("Inge Strauß", "Ingo Strauß", False)]


def test_marked_pairs_are_merged_and_separated_with_one_press_each(
    desk: Browser, sonnenschein: Salon, url: str, listed: Callable[..., None]
) -> None:
    listed(*SILKE, *ANNA)
    page = desk.get(url)
    html = page.content.decode()
    assert html.count('name="pair"') == 1
    ids = [str(pair.id) for pair in page.context["pairs"]]
    # A pair that is not sure is not merged, whoever sends it.
    done = desk.post(page.context["together_url"], {"pair": ids, "kind": "contact", "page": ""}, follow=True)
    assert done.redirect_chain == [(f"{url}?kind=contact", 302)]
    [message] = done.context["messages"]
    assert str(message) == "1 Paar wurde zusammengeführt."
    assert _names(done) == [("Anna Berg", "Bernd Berg", False)]
    assert _in_use(sonnenschein) == 3
    back = desk.post(message.extra_tags, follow=True)
    assert [str(one) for one in back.context["messages"]] == ["1 Zusammenführung ist rückgängig gemacht."]
    assert _in_use(sonnenschein) == 4
    again = desk.post(message.extra_tags, follow=True)
    assert [one.level_tag for one in again.context["messages"]] == ["error"]


@pytest.mark.parametrize("sent", [[], ["nonsense"], ["019ab000-0000-7000-8000-000000000000"]])
def test_without_a_sure_pair_nothing_happens(desk: Browser, sonnenschein: Salon, url: str, sent: list[str]) -> None:
    done = desk.post(f"{url}merge/", {"pair": sent}, follow=True)
    assert [one.level_tag for one in done.context["messages"]] == ["info"]


def test_somebody_goes_on_where_she_was(
    desk: Browser, url: str, listed: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "PAIRS", 1)
    listed(*SILKE, *ANNA)
    second = desk.get(desk.get(url).context["next_url"])
    [pair] = second.context["pairs"]
    place = {"kind": second.context["kind"], "page": second.context["page"]}
    assert pair.sure
    done = desk.post(second.context["together_url"], {"pair": str(pair.id), **place}, follow=True)
    # That page is empty now: the list begins anew.
    assert done.redirect_chain[-1] == (f"{url}?kind=contact", 302)
    [pair] = done.context["pairs"]
    apart = desk.post(pair.apart_url, {"other": str(pair.comparison.theirs.id), **place, "page": ""})
    assert apart.headers["Location"] == f"{url}?kind=contact"


def test_a_last_visit_of_before_stands_beside_visits_that_say_they_lack_it(
    desk: Browser, sonnenschein: Salon, url: str, listed: Callable[..., None]
) -> None:
    listed(*SILKE)
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(first_name="Silke").update(carried_last_visit_on=NOW.date())
        Client.objects.exclude(first_name="Silke").update(carried_last_visit_on=NOW.date(), carried_visits=3)
    [pair] = desk.get(url).context["pairs"]
    [visits] = [fact for fact in pair.comparison.facts if fact.label == "Besuche"]
    assert (visits.mine, visits.theirs) == ("3", "0, frühere nicht gezählt")
