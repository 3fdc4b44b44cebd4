"""Marketing » Treatcard in the browser: everything works without a script (ui.md §2.6)."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser

from loyalty.eligibility import Matrix
from loyalty.models import LoyaltyRules, Reward
from loyalty.rules import details_of, rules_now
from salon.catalogue.models import CatalogueGroup, ItemKind, Product, Service
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_service
from tests.conftest import NOW
from tests.loyalty.shelf import make_product, make_reward

TREATCARD = "/s/sonnenschein/marketing/treatcard/"
SERVICES, PRODUCTS = f"{TREATCARD}services/", f"{TREATCARD}products/"
SPACE = "\N{NO-BREAK SPACE}"
SENT = {
    "points_per_euro_services": "1",
    "points_per_euro_products": "2",
    "no_show_returns": "on",
    "expire_after_months": "",
    "referral_points": "",
    "version": "0",
}


@pytest.fixture
def browser(manager: User, browser_of: Callable[[User], Browser]) -> Browser:
    return browser_of(manager)


def said(text: str) -> str:
    """Return what a page says, without its markup and its line breaks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text.replace(SPACE, " "))).replace(" .", ".")


def test_the_rates_with_their_example(browser: Browser) -> None:
    page = browser.get(TREATCARD).text
    assert "100 € Dienstleistungen + 50 € Artikel = 200 Punkte" in said(page)
    assert 'value="1"' in page
    assert 'value="2"' in page
    assert "nach 350 € Dienstleistungen oder 175 € Artikeln" in said(page)


@pytest.mark.parametrize(
    ("services", "products", "said_so"),
    [
        ("1,5", "3", "= 300 Punkte"),
        ("1.5", "0", "= 150 Punkte"),
        ("0", "0,02", "= 1 Punkt "),
        ("0", "0", "= 0 Punkte"),
        ("10", "25", "= 2.250 Punkte"),
        ("0,33", "0,33", "= 49 Punkte"),
    ],
)
def test_germans_write_commas_and_the_example_follows(
    browser: Browser, sonnenschein: Salon, services: str, products: str, said_so: str
) -> None:
    sent = {**SENT, "points_per_euro_services": services, "points_per_euro_products": products}
    answer = browser.post(TREATCARD, sent)
    assert (answer.status_code, answer.headers["Location"]) == (302, TREATCARD)
    with salon_scope(sonnenschein.pk):
        rules = rules_now()
    wanted = (Decimal(services.replace(",", ".")), Decimal(products.replace(",", ".")))
    assert (rules.points_per_euro_services, rules.points_per_euro_products, rules.version) == (*wanted, 1)
    page = browser.get(TREATCARD).text
    assert said_so in said(page)
    assert f'value="{services.replace(".", ",")}"' in page


def test_the_other_rules_are_saved_and_told(browser: Browser, sonnenschein: Salon) -> None:
    sent = {**SENT, "clients_see_rewards": "on", "expire_after_months": "24", "referral_points": "100"}
    del sent["no_show_returns"]
    assert browser.post(TREATCARD, sent).status_code == 302
    with salon_scope(sonnenschein.pk):
        details = details_of(rules_now())
    assert (details.no_show_returns, details.clients_see_rewards, details.numbers_by_itself) == (False, True, False)
    assert (details.expire_after_months, details.referral_points) == (24, 100)
    page = said(browser.get(TREATCARD).text)
    assert "Bisherige Einstellungen" in page
    assert "Punkte verfallen nach (Monate) – → jetzt 24" in page
    assert "geben die Punkte ihrer Prämien zurück ja → jetzt nein" in page


def test_nothing_changed_is_no_version(browser: Browser, sonnenschein: Salon) -> None:
    assert browser.post(TREATCARD, SENT).status_code == 302
    with salon_scope(sonnenschein.pk):
        assert LoyaltyRules.objects.count() == 0
    assert "Es wurde nichts geändert." in browser.get(TREATCARD).text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"points_per_euro_services": ""}, "Bitte eine Zahl wie 1 oder 1,5 eingeben"),
        ({"points_per_euro_services": "-1"}, "Bitte eine Zahl wie 1 oder 1,5 eingeben"),
        ({"points_per_euro_services": "1,555"}, "Bitte höchstens zwei Stellen nach dem Komma eingeben"),
        ({"points_per_euro_services": "1000000"}, "Bitte zwischen 0 und 1.000 Punkten eingeben."),
        ({"points_per_euro_services": "viel"}, "Bitte eine Zahl wie 1 oder 1,5 eingeben"),
        ({"points_per_euro_products": "1000,01"}, "Bitte zwischen 0 und 1.000 Punkten eingeben."),
        ({"expire_after_months": "0"}, "Bitte zwischen 1 und 120 Monaten eingeben"),
        ({"referral_points": "-5"}, "Bitte zwischen 1 und 100.000 Punkten eingeben"),
        ({"referral_points": "1,5"}, "Geben Sie eine ganze Zahl ein."),
    ],
)
def test_what_is_refused_keeps_what_was_typed(
    browser: Browser, sonnenschein: Salon, wrong: dict[str, str], words: str
) -> None:
    answer = browser.post(TREATCARD, {**SENT, **wrong})
    assert answer.status_code == 422
    assert words in answer.text
    [typed] = wrong.values()
    assert not typed or f'value="{typed}"' in answer.text
    with salon_scope(sonnenschein.pk):
        assert LoyaltyRules.objects.count() == 0


def test_two_who_set_it_up_at_once(browser: Browser, sonnenschein: Salon) -> None:
    assert browser.post(TREATCARD, {**SENT, "points_per_euro_services": "3"}).status_code == 302
    refused = browser.post(TREATCARD, {**SENT, "points_per_euro_services": "4"})
    assert refused.status_code == 422
    assert "Carla Neumann hat am" in said(refused.text)
    assert 'value="4"' in refused.text
    assert '<input type="hidden" name="version" value="1"' in refused.text
    again = browser.post(TREATCARD, {**SENT, "points_per_euro_services": "4", "version": "1"})
    assert again.status_code == 302
    with salon_scope(sonnenschein.pk):
        assert rules_now().points_per_euro_services == 4


def test_what_gives_points_of_its_own_is_named(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        make_service("Facial", points_override=100)
        oil = make_product(points_override=0)
        make_service("Schneiden")
    page = browser.get(TREATCARD).text
    assert "2 Angebote mit eigenen Punkten" in page
    assert re.search(r"Facial .*?100 Punkte .*?Haaröl .*?0 Punkte", said(page))
    assert f"/s/sonnenschein/settings/products/{oil.pk}/" in page


def test_points_of_its_own_are_set_where_the_price_is(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        oil, cut = make_product(), make_service("Schneiden")
    products = f"/s/sonnenschein/settings/products/{oil.pk}/"
    sent = {"name": "Haaröl", "price": "27,50", "vat_rate": "19.00", "points_override": "30"}
    assert browser.post(products, sent).status_code == 302
    services = f"/s/sonnenschein/settings/services/{cut.pk}/"
    sent = {"name": "Schneiden", "price": "59", "vat_rate": "19.00", "apply_minutes": "60", "points_override": "0"}
    assert browser.post(services, sent).status_code == 302
    with salon_scope(sonnenschein.pk):
        assert Product.objects.get().points_override == 30
        assert Service.objects.get().points_override == 0
    assert 'name="points_override" value="30"' in browser.get(products).text


def test_the_first_reward(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        group = CatalogueGroup.objects.create(kind=ItemKind.SERVICE, name="Herren", name_key="herren")
        shave = make_service("Nassrasur", 30, price="25.00", group=group)
    assert "Noch keine Dienstleistungs-Prämien" in browser.get(SERVICES).text
    form = browser.get(f"{SERVICES}new/").text
    assert '<optgroup label="Herren">' in form
    assert "Nassrasur · 25,00" in form
    assert "Nur wer sie noch nie hatte." in form
    # The button without a script: the same form with the points filled in, and nothing saved.
    filled = browser.post(f"{SERVICES}new/", {"item": shave.pk, "points": "", "matrix": "ANYTIME", "standard": "yes"})
    assert filled.status_code == 200
    assert re.search(r'name="points" value="350"', filled.text)
    assert re.search(r'value="ANYTIME" checked', filled.text)
    answer = browser.post(f"{SERVICES}new/", {"item": shave.pk, "points": "350", "matrix": "FIRST_TIME"})
    with salon_scope(sonnenschein.pk):
        reward = Reward.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{SERVICES}?at={reward.pk}")
    assert (reward.points, reward.matrix) == (350, Matrix.FIRST_TIME)
    page = browser.get(SERVICES).text
    assert "350 Punkte Standard" in said(page)
    assert "„Nassrasur“ ist jetzt eine Prämie." in page
    assert "Jede Dienstleistung ist schon eine Prämie" in browser.get(f"{SERVICES}new/").text


def test_a_product_for_points(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        oil = make_product()
    assert browser.post(f"{PRODUCTS}new/", {"item": oil.pk, "points": "", "matrix": "ANYTIME"}).status_code == 302
    with salon_scope(sonnenschein.pk):
        reward = Reward.objects.get()
    assert (reward.product_id, reward.points, reward.matrix) == (oil.pk, 385, Matrix.ANYTIME)
    assert "Haaröl" in browser.get(PRODUCTS).text
    assert "Haaröl" not in browser.get(SERVICES).text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"item": ""}, "Bitte wählen Sie, woraus die Prämie besteht."),
        ({"points": "0"}, "Bitte zwischen 1 und 1.000.000 Punkten eingeben."),
        ({"points": "zehn"}, "Geben Sie eine ganze Zahl ein."),
        ({"matrix": "NEVER"}, "reward_matrix_error"),
        ({"item": "", "standard": "yes"}, "Bitte wählen Sie, woraus die Prämie besteht."),
    ],
)
def test_a_reward_that_is_refused(browser: Browser, sonnenschein: Salon, wrong: dict[str, str], words: str) -> None:
    with salon_scope(sonnenschein.pk):
        shave = make_service("Nassrasur")
    sent: dict[str, Any] = {"item": shave.pk, "points": "100", "matrix": "FIRST_TIME", **wrong}
    answer = browser.post(f"{SERVICES}new/", sent)
    assert answer.status_code == 422
    assert words in answer.text
    with salon_scope(sonnenschein.pk):
        assert Reward.objects.count() == 0


def test_a_reward_is_changed(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        reward = make_reward(make_service("Nassrasur", price="25.00"))
    path = f"{TREATCARD}rewards/{reward.pk}/"
    assert "Standard: 350 Punkte (14 × 25,00" in said(browser.get(path).text)
    sent = {"points": "300", "matrix": "ANYTIME", "version": "1"}
    assert browser.post(path, sent).headers["Location"] == f"{SERVICES}?at={reward.pk}"
    assert "300 Punkte 12 × Preis" in said(browser.get(SERVICES).text)
    refused = browser.post(path, {**sent, "points": "200"})
    assert refused.status_code == 422
    assert '<input type="hidden" name="version" value="2"' in refused.text
    with salon_scope(sonnenschein.pk):
        assert (Reward.objects.get().points, Reward.objects.get().matrix) == (300, Matrix.ANYTIME)


@pytest.mark.parametrize(("answer", "points"), [("standard", 406), ("keep", 350)])
def test_a_price_that_moved_is_settled_by_one_click(
    browser: Browser, sonnenschein: Salon, answer: str, points: int
) -> None:
    with salon_scope(sonnenschein.pk):
        reward = make_reward(make_service("Nassrasur", price="25.00"))
        Service.objects.update(price=Decimal("29.00"))
    page = said(browser.get(SERVICES).text)
    assert "Der Preis hat sich von 25,00 € auf 29,00 € geändert" in page
    assert "406 Punkte übernehmen" in page
    assert browser.post(f"{TREATCARD}rewards/{reward.pk}/price/", {"points": answer}).status_code == 302
    assert "Der Preis hat sich" not in browser.get(SERVICES).text
    with salon_scope(sonnenschein.pk):
        assert (Reward.objects.get().points, Reward.objects.get().list_price) == (points, Decimal("29.00"))


def test_the_matrix_alone_does_not_settle_a_price(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        reward = make_reward(make_service("Nassrasur", price="25.00"))
        Service.objects.update(price=Decimal("29.00"))
    sent = {"points": "350", "matrix": "ANYTIME", "version": "1"}
    assert browser.post(f"{TREATCARD}rewards/{reward.pk}/", sent).status_code == 302
    assert "Der Preis hat sich" in browser.get(SERVICES).text


def test_several_are_archived_undone_and_restored(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        rewards = [make_reward(make_service(name)) for name in ("Nassrasur", "Glossing", "Pflegekur")]
    keys = [str(one.pk) for one in rewards]
    assert browser.post(f"{SERVICES}archive/", {}).status_code == 302
    assert "Bitte markieren Sie zuerst" in browser.get(SERVICES).text
    assert browser.post(f"{SERVICES}archive/", {"reward": keys[:2]}).status_code == 302
    page = browser.get(SERVICES).text
    assert "2 Prämien sind archiviert und können nicht mehr eingelöst werden." in page
    assert "2 archiviert" in page
    found = re.search(rf'action="({SERVICES}restore/\?[^"]+)"', page)
    assert found
    undo = found[1].replace("&amp;", "&")
    assert browser.post(undo).status_code == 302
    with salon_scope(sonnenschein.pk):
        assert Reward.objects.live().count() == 3
    browser.post(f"{SERVICES}archive/", {"reward": keys[:1]})
    browser.post(f"{SERVICES}restore/", {"reward": keys[0]})
    assert "„Nassrasur“ kann wieder eingelöst werden." in browser.get(SERVICES).text
    browser.post(f"{SERVICES}archive/", {"reward": ["no-id"]})
    with salon_scope(sonnenschein.pk):
        assert Reward.objects.live().count() == 3


def test_a_twin_is_not_restored(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        shave = make_service("Nassrasur")
        old = make_reward(shave, archived_at=NOW)
        make_reward(shave)
    browser.post(f"{SERVICES}restore/", {"reward": old.pk})
    assert "Für „Nassrasur“ gibt es schon eine andere Prämie." in browser.get(SERVICES).text


def test_what_left_the_catalogue_is_told(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        make_reward(make_service("Nassrasur", archived_at=NOW))
    assert "nicht im Katalog: kann nicht eingelöst werden" in browser.get(SERVICES).text


def test_a_dialog_is_a_part_of_the_page(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        shave = make_service("Nassrasur")
    opened = browser.get(f"{SERVICES}new/", headers={"HX-Request": "true"})
    assert opened.text.lstrip().startswith("<dialog")
    assert "HX-Request" in opened["Vary"]
    sent = {"item": shave.pk, "points": "0", "matrix": "FIRST_TIME"}
    refused = browser.post(f"{SERVICES}new/", sent, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    assert refused.text.lstrip().startswith("<form")


@pytest.mark.parametrize("rows", [2, 20])
def test_the_list_takes_as_many_statements_with_few_rewards_as_with_many(
    browser: Browser, sonnenschein: Salon, django_assert_num_queries: Any, rows: int
) -> None:
    with salon_scope(sonnenschein.pk):
        for place in range(rows):
            make_reward(make_service(f"Dienst {place}"))
            make_reward(make_service(f"Früher {place}"), archived_at=NOW)
    browser.get(SERVICES)
    with django_assert_num_queries(10, exact=False) as counted:
        browser.get(SERVICES)
    assert len([one for one in counted.captured_queries if "loyalty_reward" in one["sql"]]) == 2
