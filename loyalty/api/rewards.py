"""`/api/v1/rewards`: the operations that the browser uses (api.md)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.eligibility import Matrix
from loyalty.models import Reward
from loyalty.rewards import (
    ChangedReward,
    add_reward,
    archive_rewards,
    change_reward,
    item_of,
    list_rewards,
    restore_rewards,
    reward_with_id,
)
from salon import keyset
from salon.api.endpoint import Endpoint
from salon.api.idempotency import Idempotency, idempotent
from salon.api.pagination import KeysetPages, invalid_cursor, page_answer, page_asked
from salon.api.scopes import Scope
from salon.api.serializers import Body, Whole
from salon.api.versions import expected_version, versioned
from salon.catalogue.models import ItemKind
from salon.errors import FieldError, InvalidInput

# More at once nobody has.
MOST = 500


class RewardFilters(FilterSet):  # type: ignore[misc]
    """How `GET rewards` is narrowed."""

    archived = ChoiceFilter(
        choices=[("true", "true"), ("false", "false")],
        help_text="`false`: only what can be redeemed; `true`: only what is archived.",
    )


class ChangedRewardBody(Body):
    """What of a reward can be changed."""

    points = Whole(
        required=False,
        allow_null=True,
        help_text="What it costs; `null`: the standard, 14 times its price, rounded up.",
    )
    matrix = serializers.ChoiceField(
        Matrix.choices,
        required=False,
        help_text="`FIRST_TIME`: only for clients who never had it; `ANYTIME`: for everybody.",
    )


class RewardBody(Body):
    """A service or product that clients get for points."""

    example = {
        "id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4f01",
        "kind": "SERVICE",
        "service": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4b01",
        "product": None,
        "name": "Nassrasur",
        "points": 350,
        "matrix": "FIRST_TIME",
        "archived": False,
        "version": 1,
    }

    id = serializers.UUIDField(read_only=True)
    kind = serializers.ChoiceField(ItemKind.choices, read_only=True)
    service = serializers.UUIDField(source="service_id", read_only=True, allow_null=True)
    product = serializers.UUIDField(source="product_id", read_only=True, allow_null=True)
    name = serializers.SerializerMethodField(help_text="Of the service or product.")
    points = serializers.IntegerField(read_only=True)
    matrix = serializers.ChoiceField(Matrix.choices, read_only=True)
    archived = serializers.SerializerMethodField(help_text="Nobody can redeem it any more.")
    version = serializers.IntegerField(read_only=True, help_text="Counts changes; also the ETag.")

    def get_name(self, reward: Reward) -> str:
        """Return what the reward consists of."""
        return item_of(reward).name

    def get_archived(self, reward: Reward) -> bool:
        """Return whether it is archived."""
        return reward.archived_at is not None


class NewRewardBody(ChangedRewardBody):
    """A reward to be made, of one service or one product."""

    example = {"service": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4b01", "points": None, "matrix": "FIRST_TIME"}

    kind = serializers.ChoiceField(
        ItemKind.choices, required=False, help_text="Goes without saying; if given, it must be that of the item."
    )
    service = serializers.UUIDField(required=False, allow_null=True)
    product = serializers.UUIDField(required=False, allow_null=True)


class RewardsNamedBody(Body):
    """Several rewards."""

    example = {"rewards": ["019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4f01"]}

    rewards = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MOST)


class RewardsChangedBody(Body):
    """The rewards that a call has changed; one that was like that already is left out."""

    results = RewardBody(many=True, read_only=True)


def _shown(reward: Reward) -> dict[str, Any]:
    return dict(RewardBody(reward).data)


def _item(entered: dict[str, Any]) -> tuple[ItemKind, UUID]:
    """Return what a new reward is to consist of.

    Raises: InvalidInput.
    """
    given = {
        kind: entered[field]
        for kind, field in ((ItemKind.SERVICE, "service"), (ItemKind.PRODUCT, "product"))
        if entered.get(field)
    }
    if len(given) != 1:
        message = _("Give one service or one product.")
        raise InvalidInput([FieldError("service", "not_combinable" if given else "required", message)])
    [(kind, item_id)] = given.items()
    if entered.get("kind", kind) != kind:
        raise InvalidInput([FieldError("kind", "invalid", _("This is not what the reward consists of."))])
    return kind, item_id


@contextmanager
def _named(kind: ItemKind) -> Iterator[None]:
    """Name the item as the body does."""
    try:
        yield
    except InvalidInput as refusal:
        field = "service" if kind == ItemKind.SERVICE else "product"
        raise InvalidInput(
            [FieldError(field if one.field == "item" else one.field, one.code, one.message) for one in refusal.errors]
        ) from refusal


class RewardsEndpoint(Endpoint):
    """All rewards of the salon."""

    scopes = {"GET": Scope.LOYALTY_READ, "POST": Scope.LOYALTY_WRITE}
    filters = RewardFilters
    pagination_class = KeysetPages

    @extend_schema(responses={200: RewardBody(many=True)})
    def get(self, request: Request) -> Response:
        """List rewards.

        The newest first, archived ones among them unless `archived` says otherwise.
        """
        asked = page_asked(request)
        archived = self.narrowed(Reward.objects.none()).form.cleaned_data["archived"]
        try:
            page = list_rewards(
                limit=asked.limit, cursor=asked.cursor, archived=archived == "true" if archived else None
            )
        except keyset.InvalidCursor as error:
            raise invalid_cursor() from error
        return page_answer(request, [_shown(one) for one in page.rows], next=page.next, previous=page.previous)

    @extend_schema(request=NewRewardBody, responses={201: RewardBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request) -> Response:
        """Make a reward.

        Of one service or product there is one that can be redeemed: a second one is refused with `duplicate_reward`.
        """
        entered = self.entered(NewRewardBody)
        kind, item_id = _item(entered)
        with _named(kind):
            reward = add_reward(
                actor=self.actor,
                kind=kind,
                item_id=item_id,
                points=entered.get("points"),
                matrix=Matrix(entered.get("matrix", Matrix.FIRST_TIME)),
                now=self.now,
            )
        location = request.build_absolute_uri(reverse("api_reward", args=[reward.pk]))
        return versioned(Response(_shown(reward), 201, headers={"Location": location}), reward.version)


class RewardEndpoint(Endpoint):
    """One reward."""

    scopes = {"GET": Scope.LOYALTY_READ, "PATCH": Scope.LOYALTY_WRITE}

    @extend_schema(responses={200: RewardBody})
    def get(self, request: Request, reward_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Read a reward."""
        reward = reward_with_id(reward_id)
        return versioned(Response(_shown(reward)), reward.version)

    @extend_schema(request=ChangedRewardBody, responses={200: RewardBody})
    def patch(self, request: Request, reward_id: UUID) -> Response:
        """Change what a reward costs, or who may redeem it.

        What is left out stays as it is; what was redeemed stays redeemed. An archived one is refused with
        `reward_archived`.
        """
        version = expected_version(request)
        changes = cast(ChangedReward, self.entered(ChangedRewardBody, partial=True))
        reward = change_reward(actor=self.actor, reward_id=reward_id, changes=changes, version=version, now=self.now)
        return versioned(Response(_shown(reward)), reward.version)


class RewardsArchiveEndpoint(Endpoint):
    """Archiving rewards."""

    scopes = {"POST": Scope.LOYALTY_WRITE}

    @extend_schema(request=RewardsNamedBody, responses={200: RewardsChangedBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Archive rewards.

        All of them or none. Nobody can redeem them any more; what is booked already stays.
        """
        wanted = self.entered(RewardsNamedBody)["rewards"]
        changed = archive_rewards(actor=self.actor, reward_ids=wanted, now=self.now)
        return Response({"results": [_shown(one) for one in changed]})


class RewardsRestoreEndpoint(Endpoint):
    """Restoring rewards."""

    scopes = {"POST": Scope.LOYALTY_WRITE}

    @extend_schema(request=RewardsNamedBody, responses={200: RewardsChangedBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Restore archived rewards.

        All of them or none. Beside another one of the same service or product that can be redeemed it is refused with
        `reward_exists`, where the item itself is archived with `item_archived`.
        """
        wanted = self.entered(RewardsNamedBody)["rewards"]
        changed = restore_rewards(actor=self.actor, reward_ids=wanted, now=self.now)
        return Response({"results": [_shown(one) for one in changed]})
