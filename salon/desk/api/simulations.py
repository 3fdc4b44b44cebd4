"""`/api/v1/loyalty/simulations`: rates and rewards tried out, as in the browser (api.md, domain.md §7.3)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.eligibility import Matrix
from salon.api.endpoint import Endpoint
from salon.api.idempotency import Idempotency, idempotent
from salon.api.scopes import Scope
from salon.api.serializers import Body, DecimalText, Whole
from salon.catalogue.models import ItemKind
from salon.desk.models import Simulation
from salon.desk.replay import Holders, Offered, Outcome, Reach, Terms
from salon.desk.simulation import (
    MOST_REWARDS,
    Draft,
    RewardWish,
    get_simulation,
    keep_simulation,
    simulated,
)
from salon.errors import FieldError, InvalidInput
from salon.money import CENT

_SERVICE_ID = "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4b01"
_RATES = {"points_per_euro_services": "1.50", "points_per_euro_products": "2.00"}
_OUTCOME = {
    "points": 12400,
    "clients": 38,
    "redemptions": 51,
    "redeemed_points": 9120,
    "cost": "651.00",
    "anyway": "62.00",
}


class _Rate(DecimalText):
    """Points for 1.00; how many are too many, the operation says."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=None, decimal_places=None, **options)


class _Points(serializers.IntegerField):
    """Points counted up."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, min_value=0, **options)


class DraftedRewardBody(Body):
    """A reward that is tried out, of one service or one product."""

    example = {"service": _SERVICE_ID, "points": 350, "matrix": "FIRST_TIME"}

    service = serializers.UUIDField(required=False, allow_null=True)
    product = serializers.UUIDField(required=False, allow_null=True)
    points = Whole(required=False, allow_null=True, help_text="`null`: the standard, 14 times its price, rounded up.")
    matrix = serializers.ChoiceField(Matrix.choices, required=False, help_text="`FIRST_TIME` when left out.")


class SimulationDraftBody(Body):
    """What is to be tried out. What is left out stays as it is today."""

    example = {**_RATES, "rewards": [DraftedRewardBody.example]}

    points_per_euro_services = _Rate(required=False, help_text="For 1.00 spent on services, 0 to 1000, two places.")
    points_per_euro_products = _Rate(required=False, help_text="For 1.00 spent on products, 0 to 1000, two places.")
    holders = serializers.ChoiceField(
        Holders.choices,
        required=False,
        help_text="Whose purchases count: `TREATCARD`, clients who have a Treatcard today; `EVERYBODY`, all, as if "
        "each had one. Left out: `TREATCARD`, or `EVERYBODY` where nobody has one yet.",
    )
    rewards = DraftedRewardBody(
        many=True, required=False, help_text=f"All that there would be, at most {MOST_REWARDS}."
    )


class SimulatedRewardBody(Body):
    """A reward as one side has it."""

    example = {
        "service": _SERVICE_ID,
        "product": None,
        "name": "Nassrasur",
        "list_price": "25.00",
        "points": 350,
        "matrix": "FIRST_TIME",
        "clients": 21,
        "regulars": 0,
    }

    service = serializers.UUIDField(read_only=True, allow_null=True)
    product = serializers.UUIDField(read_only=True, allow_null=True)
    name = serializers.CharField(read_only=True)
    list_price = serializers.CharField(read_only=True, help_text="What it costs in the catalogue.")
    points = _Points()
    matrix = serializers.ChoiceField(Matrix.choices, read_only=True)
    clients = _Points(help_text="Clients with the points for it alone, and the right to it.")
    regulars = _Points(help_text="How many of them have bought the same thing in that year.")


class SimulatedRulesBody(Body):
    """What one set of rules comes to."""

    example = {**_RATES, **_OUTCOME, "rewards": [SimulatedRewardBody.example]}

    points_per_euro_services = serializers.CharField(read_only=True)
    points_per_euro_products = serializers.CharField(read_only=True)
    points = _Points(help_text="Points that the sales of the year bring.")
    clients = _Points(help_text="Clients with the points for at least one reward that they may have.")
    redemptions = _Points(
        help_text="Rewards that they have if each takes every one open to her once, the one for the fewest points "
        "first, and spends what is left on the cheapest that can be had at any time."
    )
    redeemed_points = _Points(help_text="What these cost in points.")
    cost = serializers.CharField(read_only=True, help_text="What these are worth at list price.")
    anyway = serializers.CharField(
        read_only=True, help_text="How much of `cost` goes to clients who have bought the same thing in that year."
    )
    rewards = SimulatedRewardBody(many=True, read_only=True)


class SimulatedMonthBody(Body):
    """The points of one calendar month."""

    example = {"month": "2026-11-01", "old": 940, "new": 1410}

    month = serializers.DateField(read_only=True, help_text="Its first day.")
    old = _Points()
    new = _Points()


class SimulationBody(Body):
    """What the sales of the last twelve months come to under the rules of that day (`old`) and the draft (`new`)."""

    example = {
        "id": "019aa5f2-9b3d-7c55-8d10-2f6c0a7e1b77",
        "since": "2025-11-23",
        "until": "2026-11-22",
        "holders": "TREATCARD",
        "sales": 1204,
        "clients": 231,
        "revenue": "45600.00",
        "old": {**SimulatedRulesBody.example, "points_per_euro_services": "1.00", "points": 9800},
        "new": SimulatedRulesBody.example,
        "months": [SimulatedMonthBody.example],
        "created_at": "2026-11-22T10:00:00+01:00",
    }

    id = serializers.UUIDField(read_only=True)
    since = serializers.DateField(read_only=True)
    until = serializers.DateField(read_only=True, help_text="The day it was calculated on.")
    holders = serializers.ChoiceField(Holders.choices, read_only=True)
    sales = _Points(help_text="Sales that count.")
    clients = _Points(help_text="Clients whose they are.")
    revenue = serializers.CharField(read_only=True, help_text="What they have paid for services and products.")
    old = SimulatedRulesBody(read_only=True)
    new = SimulatedRulesBody(read_only=True)
    months = SimulatedMonthBody(many=True, read_only=True)
    created_at = serializers.DateTimeField(read_only=True)


class SimulationsEndpoint(Endpoint):
    """Trying rates and rewards out."""

    scopes = {"POST": Scope.LOYALTY_WRITE}

    @extend_schema(request=SimulationDraftBody, responses={202: SimulationBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request) -> Response:
        """Try rates and rewards out.

        Replays the sales of the last twelve months under the draft; no card, reward or setting changes. The figures are
        in the answer, and for 30 days under its `id`.
        """
        draft = _draft(self.entered(SimulationDraftBody))
        with _named(draft):
            kept = keep_simulation(actor=self.actor, salon=self.salon, draft=draft, now=self.now)
        location = request.build_absolute_uri(reverse("api_simulation", args=[kept.pk]))
        return Response(_shown(get_simulation(kept.pk)), 202, headers={"Location": location})


class SimulationEndpoint(Endpoint):
    """One simulation."""

    scopes = {"GET": Scope.LOYALTY_READ}

    @extend_schema(responses={200: SimulationBody})
    def get(self, request: Request, simulation_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Read the figures of a simulation."""
        return Response(_shown(get_simulation(simulation_id)))


@contextmanager
def _named(draft: Draft) -> Iterator[None]:
    """Name what a reward consists of as the body does."""
    try:
        yield
    except InvalidInput as refusal:
        raise InvalidInput([_as_sent(error, draft) for error in refusal.errors]) from refusal


def _as_sent(error: FieldError, draft: Draft) -> FieldError:
    head, *rest = error.field.split(".")
    if rest[1:] != ["item"]:
        return error
    field = "service" if (draft.rewards or ())[int(rest[0])].kind == ItemKind.SERVICE else "product"
    return FieldError(f"{head}.{rest[0]}.{field}", error.code, error.message)


def _draft(entered: dict[str, Any]) -> Draft:
    rewards = entered.get("rewards")
    return Draft(
        services=entered.get("points_per_euro_services"),
        products=entered.get("points_per_euro_products"),
        rewards=None if rewards is None else _wishes(rewards),
        holders=Holders(entered["holders"]) if "holders" in entered else None,
    )


def _wishes(rewards: list[dict[str, Any]]) -> list[RewardWish]:
    """Return the rewards of a draft.

    Raises: InvalidInput for those of nothing, or of two things.
    """
    wishes, errors = [], []
    for place, one in enumerate(rewards):
        kinds = ((ItemKind.SERVICE, one.get("service")), (ItemKind.PRODUCT, one.get("product")))
        given = [(kind, item_id) for kind, item_id in kinds if item_id]
        if len(given) != 1:
            code = "not_combinable" if given else "required"
            errors.append(FieldError(f"rewards.{place}.service", code, _("Give one service or one product.")))
            continue
        [(kind, item_id)] = given
        matrix = Matrix(one.get("matrix", Matrix.FIRST_TIME))
        wishes.append(RewardWish(kind=kind, item_id=item_id, points=one.get("points"), matrix=matrix))
    if errors:
        raise InvalidInput(errors)
    return wishes


def _shown(kept: Simulation) -> dict[str, Any]:
    found = simulated(kept)
    outcome = found.outcome
    return dict(
        SimulationBody(
            {
                "id": kept.pk,
                "since": found.since,
                "until": found.until,
                "holders": found.holders,
                "sales": outcome.sales,
                "clients": outcome.clients,
                "revenue": str(outcome.revenue),
                "old": _side(found.old, outcome.old, outcome.old_reach),
                "new": _side(found.new, outcome.new, outcome.new_reach),
                "months": outcome.months,
                "created_at": kept.created_at,
            }
        ).data
    )


def _side(terms: Terms, outcome: Outcome, reach: tuple[Reach, ...]) -> dict[str, Any]:
    return {
        "points_per_euro_services": str(terms.services.quantize(CENT)),
        "points_per_euro_products": str(terms.products.quantize(CENT)),
        "points": outcome.points,
        "clients": outcome.clients,
        "redemptions": outcome.redemptions,
        "redeemed_points": outcome.redeemed_points,
        "cost": str(outcome.cost),
        "anyway": str(outcome.anyway),
        "rewards": [_offered(one.reward, one) for one in reach],
    }


def _offered(reward: Offered, reach: Reach) -> dict[str, Any]:
    is_service = reward.kind == ItemKind.SERVICE
    return {
        "service": reward.item_id if is_service else None,
        "product": None if is_service else reward.item_id,
        "name": reward.name,
        "list_price": str(reward.price),
        "points": reward.points,
        "matrix": reward.matrix,
        "clients": reach.clients,
        "regulars": reach.regulars,
    }
