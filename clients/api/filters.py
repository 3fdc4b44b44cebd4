"""How `GET clients` is narrowed: by the list's own filters, and by tokens, which row-level security can index."""

from functools import cached_property
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import CharFilter, ChoiceFilter, FilterSet, UUIDFilter

from clients.categories import ids_in_use
from clients.classification import Status
from clients.filters import in_categories, with_status
from clients.models import Client, SearchToken, TokenField
from clients.tokens import LONGEST_TOKEN
from salon.errors import FieldError, InvalidInput
from salon.folding import fold
from salon.keyset import Meeting
from salon.phone import InvalidPhone, parse_phone

LONGEST_FILTER = 254


class ClientFilters(FilterSet):  # type: ignore[misc]
    """What `GET clients` takes; `search` is a list of its own, best matches first."""

    search = CharFilter(
        method="by_search",
        max_length=LONGEST_FILTER,
        help_text="What somebody types: beginnings of names, e-mail, number, address, any part of a phone number. "
        "Best matches first; together with `category`, `status` and `segment`, not with `email` and `phone`.",
    )
    category = UUIDFilter(method="by_condition", help_text="Clients who have this category.")
    status = ChoiceFilter(
        choices=Status.choices, method="by_condition", help_text="New or returning, as of the last night."
    )
    segment = CharFilter(
        method="by_condition",
        max_length=LONGEST_FILTER,
        help_text="Clients of this segment: the id of one of the salon's own, the key of a ready-made one, or "
        "`everybody`. Needs `marketing:read`.",
    )
    email = CharFilter(
        method="by_email", max_length=LONGEST_FILTER, help_text="The whole address; upper and lower case are one."
    )
    phone = CharFilter(
        method="by_phone",
        max_length=LONGEST_FILTER,
        help_text="The whole number, mobile or landline, in any writing; national for the country of the salon.",
    )

    def by_search(self, clients: QuerySet[Client], name: str, value: str) -> QuerySet[Client]:  # noqa: ARG002 - theirs
        """Return the clients as they are: what was typed finds them in its own order.

        Raises: InvalidInput when there are other filters.
        """
        others = [other for other in ("email", "phone") if self.form.cleaned_data[other]]
        if others:
            message = _("A search cannot be combined with this filter.")
            raise InvalidInput([FieldError(other, "not_combinable", message) for other in others])
        return clients

    def by_condition(self, clients: QuerySet[Client], name: str, value: object) -> QuerySet[Client]:  # noqa: ARG002 - theirs
        """Return the clients as they are: `condition` says it, for the page to be found by."""
        return clients

    @cached_property
    def condition(self) -> Q | None:
        """What a card must meet, None where everybody does."""
        given = self.form.cleaned_data
        found = Q()
        if given["category"]:
            found &= in_categories(ids_in_use([given["category"]]))
        if given["status"]:
            found &= with_status(given["status"])
        return found or None

    @property
    def meeting(self) -> Meeting | None:
        """The same, for a list that is walked along."""
        return Meeting(self.condition, self.condition) if self.condition else None

    def by_email(self, clients: QuerySet[Client], name: str, value: str) -> QuerySet[Client]:  # noqa: ARG002 - theirs
        """Return those with this address. The token finds them with an index; compared in full, the few found tell
        michael@ from michal@, which fold alike."""
        return clients.filter(pk__in=_having(TokenField.EMAIL, fold(value)), email__iexact=value)

    def by_phone(self, clients: QuerySet[Client], name: str, value: str) -> QuerySet[Client]:
        """Return those with this number.

        Raises: InvalidInput when it cannot be one.
        """
        try:
            e164 = parse_phone(value, self.request.auth.salon.country).e164
        except InvalidPhone as error:
            raise InvalidInput([FieldError(name, "invalid", _("This cannot be a phone number."))]) from error
        having = _having(TokenField.PHONE, e164.removeprefix("+"))
        return clients.filter(Q(mobile=e164) | Q(landline=e164), pk__in=having)


def _having(field: TokenField, token: str) -> QuerySet[SearchToken, UUID]:
    return SearchToken.objects.filter(field=field, token=token[:LONGEST_TOKEN]).values_list("client_id", flat=True)
