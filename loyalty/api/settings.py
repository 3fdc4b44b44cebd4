"""`/api/v1/loyalty/settings`: the rules of the Treatcard that hold now (api.md)."""

from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.models import LoyaltyRules
from loyalty.rules import ChangedRules, change_rules, rules_now
from salon.api.endpoint import Endpoint
from salon.api.scopes import Scope
from salon.api.serializers import Body, DecimalText, Flag, Whole
from salon.api.versions import expected_version, versioned


class _Rate(DecimalText):
    """Points for 1.00; how many are too many, the operation says."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=None, decimal_places=None, **options)


class LoyaltySettingsBody(Body):
    """How clients collect points, and the rules around it."""

    example = {
        "points_per_euro_services": "1.00",
        "points_per_euro_products": "2.00",
        "no_show_returns": True,
        "numbers_by_itself": False,
        "clients_see_rewards": False,
        "expire_after_months": None,
        "referral_points": None,
        "version": 3,
    }

    points_per_euro_services = _Rate(help_text="For 1.00 spent on services, 0 to 1000, two decimal places.")
    points_per_euro_products = _Rate(help_text="For 1.00 spent on products, 0 to 1000, two decimal places.")
    no_show_returns = Flag(required=False, help_text="A missed appointment gives the points of its rewards back.")
    numbers_by_itself = Flag(required=False, help_text="Every new client gets a Treatcard number.")
    clients_see_rewards = Flag(required=False, help_text="Receipts list the rewards for the client.")
    expire_after_months = Whole(
        required=False, allow_null=True, help_text="Points older than that expire, 1 to 120; `null`: never."
    )
    referral_points = Whole(
        required=False,
        allow_null=True,
        help_text="For whoever referred a client, once that client has paid for the first time; `null`: none.",
    )
    version = serializers.IntegerField(
        read_only=True, help_text="Counts changes, 0 where nothing was ever decided; also the ETag."
    )


def _answer(rules: LoyaltyRules) -> Response:
    return versioned(Response(LoyaltySettingsBody(rules).data), rules.version)


class LoyaltySettingsEndpoint(Endpoint):
    """The rules that hold now."""

    scopes = {"GET": Scope.LOYALTY_READ, "PUT": Scope.LOYALTY_WRITE}

    @extend_schema(responses={200: LoyaltySettingsBody})
    def get(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Read the Treatcard settings."""
        return _answer(rules_now())

    @extend_schema(request=LoyaltySettingsBody, responses={200: LoyaltySettingsBody})
    def put(self, request: Request) -> Response:
        """Change the Treatcard settings.

        They hold for whatever is paid in full from now on, open sales too; points that were given stay. Of what may be
        left out, what is left out stays as it is. What changes nothing makes no new version.
        """
        version = expected_version(request)
        changes = cast(ChangedRules, self.entered(LoyaltySettingsBody))
        return _answer(change_rules(actor=self.actor, changes=changes, version=version, now=self.now))
