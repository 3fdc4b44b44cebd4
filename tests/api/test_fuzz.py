"""A property-based run of the contract: no 5xx, and no answer that the schema does not allow (api.md)."""

import os
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, settings
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase

from marketing.models import MarketingRules
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import Caller
from tests.bookings.salonday import at, make_appointment
from tests.checkout.till import a_till, product
from tests.marketing.campaigning import agreed

SOAK = bool(os.environ.get("SOAK"))
# Of each operation (quality.md §3).
EXAMPLES = 200 if SOAK else 20

contract = schemathesis.openapi.from_wsgi("/api/v1/schema/", get_wsgi_application())
# Whether a phone can be one, and the like, no schema tells: what fits it may still be refused with 400.
contract.config.checks.positive_data_acceptance.enabled = False
# What was read in another version is refused before the operation looks at what is to be changed.
refusals = contract.config.checks.negative_data_rejection
refusals.expected_statuses = [*refusals.expected_statuses, "412"]
# Every boundary of every field, some 65 cases an operation, besides the examples.
contract.config.phases.coverage.enabled = SOAK


@pytest.fixture
def known(sonnenschein: Salon, api: Caller) -> dict[str, str]:
    """Return ids of things that exist, by the name of the path's parameter."""
    with salon_scope(sonnenschein.pk):
        till = a_till(system_actor("Test"), sonnenschein)
        day = till.day
        appointment = make_appointment((day.cut, day.anna), (day.brows, day.anna), starts_at=at(10), client=day.lena)
        item = appointment.items.order_by("position")[1]
        sale = till.pay(till.open(product(till.oil, 10), product(till.shampoo)), "5.00")
        line, payment = sale.lines.get(position=1), sale.payments.get()
    twin = api.post("clients", {"first_name": "Ana"}).json()["id"]
    client = api.post("clients", {"first_name": "Anna"}).json()["id"]
    merge = api.post(f"clients/{client}/merge", {"duplicate": twin}).json()
    api.post(f"clients/{client}/treatcard", {})
    return {
        "client_id": client,
        "merge_id": merge["id"],
        "category_id": api.post("categories", {"name": "VIP"}).json()["id"],
        "booking_id": str(appointment.pk),
        "item_id": str(item.pk),
        "service_id": str(day.cut.pk),
        "sale_id": str(sale.pk),
        "line_id": str(line.pk),
        "payment_id": str(payment.pk),
        "reward_id": api.post("rewards", {"service": str(day.brows.pk)}).json()["id"],
        "simulation_id": api.post("loyalty/simulations", {}).json()["id"],
        "segment_id": api.post("segments", {"name": "Alle", "rule": {"match": "ALL", "parts": []}}).json()["id"],
        "export_id": api.post("exports", {"kind": "CLIENTS"}).json()["id"],
        "campaign_id": _campaign(sonnenschein, api),
    }


def _campaign(salon: Salon, api: Caller) -> str:
    """Return a draft that can be sent."""
    with salon_scope(salon.pk):
        MarketingRules.objects.create(imprint="Salon Sonnenschein, Lindenstraße 5, 10969 Berlin")
        agreed("Lea")
    words = {"name": "Frühling", "subject": "Neues", "body": "Hallo", "segment": "everybody"}
    return str(api.post("campaigns", words).json()["id"])


@contract.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_contract_holds(case: Any, transactional_db: None, api: Caller, known: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {api.key}"}
    answer = case.call_and_validate(headers=headers)
    if case.path_parameters and not case.meta.is_negative_at(ParameterLocation.PATH):
        # A made-up id finds nothing; what the call does to something that exists is the better half.
        case.path_parameters = {name: known[name] for name in case.path_parameters}
        answer = case.call_and_validate(headers=headers)
    if case.meta.phase.name is TestPhase.EXAMPLES:
        assert answer.status_code < 300 or _knows_others(answer), f"the documented example is refused: {answer.text}"


def _knows_others(answer: Any) -> bool:
    """Whether all that is wrong is a name or a key that an example before has given, a draft that one has sent, an id
    that is only an example, or a second field where a call gives one of two."""
    if answer.json()["code"] in {"idempotency_key_reused", "not_a_draft"}:
        return True
    codes = {error["code"] for error in answer.json().get("errors", [])}
    return codes in ({"duplicate_name"}, {"not_found"}, {"not_combinable"})
