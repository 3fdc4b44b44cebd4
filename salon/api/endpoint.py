"""What every call has in common: one key, one salon, one transaction, one language."""

import zoneinfo
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation.trans_real import parse_accept_lang_header
from django_filters import FilterSet
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from salon.api.pagination import PARAMETERS, KeysetPages
from salon.api.parsing import JsonParser
from salon.api.problems import problem_response
from salon.api.schema import EndpointSchema
from salon.api.scopes import AnyKey, Scope
from salon.api.serializers import Body
from salon.errors import FieldError, InvalidInput
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.directory import Admission
from salon.tenancy.models import Salon
from salon.web.access import Access

METHODS = ("get", "post", "put", "patch", "delete")


class Endpoint(APIView):
    """A path of the API. The key's salon is open from its authentication until the answer is rendered.

    `scopes` says for each method what it asks of a key; a class that leaves one out cannot be defined. `filters` and
    `pagination_class` are those of a list, and name the query parameters that GET takes.
    """

    scopes: ClassVar[Mapping[str, Scope | AnyKey]] = {}
    filters: ClassVar[type[FilterSet]] = FilterSet
    pagination_class: ClassVar[type[KeysetPages] | None] = None
    http_method_names = [*METHODS, "head"]
    parser_classes = [JsonParser]
    metadata_class = None
    schema = EndpointSchema()

    actor: Actor
    admission: Admission
    salon: Salon
    now: datetime
    _opened: ExitStack

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        handled = {method.upper() for method in METHODS if hasattr(cls, method)}
        if set(cls.scopes) != handled:
            raise TypeError(f"{cls.__name__} handles {sorted(handled)} but declares scopes for {sorted(cls.scopes)}.")
        if "POST" in handled and not hasattr(cls.post, "idempotency"):  # type: ignore[attr-defined]
            raise TypeError(f"{cls.__name__}.post does not say whether it needs an Idempotency-Key.")

    @classmethod
    def as_view(cls, **options: Any) -> Any:
        """Return the view with its declaration, for the walk over all routes."""
        view = super().as_view(**options)
        asked = [f"{method} {'any' if isinstance(one, AnyKey) else one.value}" for method, one in cls.scopes.items()]
        view.access = Access(None, f"API key: {', '.join(asked)}")  # type: ignore[attr-defined]
        return view

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer a call, and undo what it did unless it succeeded."""
        # The charset parameter of a body must not decide how the query string is read.
        request.encoding = "utf-8"
        self.now = timezone.now()
        language = preferred_language(request)
        with translation.override(language):
            try:
                response = self._answer(request, *args, **kwargs)
            except DatabaseError as error:
                # The commit failed, so nothing was done: DRF has left, and Django would answer in HTML.
                response = self.finalize_response(self.request, problem_response(error, {"request": self.request}))
                response.render()
        response["Content-Language"] = language
        response["Cache-Control"] = "no-store"
        return response

    def _answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self._opened:
            response = super().dispatch(request, *args, **kwargs)
            if isinstance(response, Response):
                response.render()
            if hasattr(self, "salon") and response.status_code >= 400:
                transaction.set_rollback(True)
        return response

    def perform_authentication(self, request: Request) -> None:
        """Find the key's salon and open it."""
        super().perform_authentication(request)
        actor, admission = request.user, request.auth
        if not isinstance(actor, Actor) or not isinstance(admission, Admission):
            return
        self.actor, self.admission, salon = actor, admission, admission.salon
        structlog.contextvars.bind_contextvars(salon=salon.slug, api_key=str(admission.key_id))
        self._opened.enter_context(timezone.override(zoneinfo.ZoneInfo(salon.timezone)))
        self._opened.enter_context(salon_scope(salon.pk))
        self.salon = salon

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check key, scope and query parameters.

        Raises: APIException, InvalidInput.
        """
        super().initial(request, *args, **kwargs)
        known = set(self.filters.base_filters)
        if self.pagination_class:
            known |= PARAMETERS
        allowed = known if request.method in {"GET", "HEAD"} else set()
        errors = [
            FieldError(name, "unknown_field", _("There is no such parameter."))
            for name in request.query_params
            if name not in allowed
        ]
        errors += [
            FieldError(name, "invalid", _("This contains a character that cannot be stored."))
            for name, values in request.query_params.lists()
            if name in allowed and any("\x00" in value for value in values)
        ]
        if errors:
            raise InvalidInput(errors)

    def entered[Entered: Body](self, serializer: type[Entered], *, partial: bool = False) -> dict[str, Any]:
        """Return the fields of the body, parsed; the operation says what is accepted.

        Raises: ValidationError for what is not in the contract's form, ParseError, UnsupportedMediaType.
        """
        if not self.request.body:
            if serializer.optional:
                return {}
            raise ParseError(_("The body must be a JSON object."))
        return dict(_reader(serializer, partial=partial).run_validation(self.request.data))

    def narrowed[Row: Model](self, rows: QuerySet[Row]) -> Any:
        """Return the endpoint's filters bound to the query parameters and to these rows, valid.

        Raises: InvalidInput.
        """
        given = self.request.query_params
        # An empty filter is a forgotten value: answering with all rows would pass for a match.
        blank = [name for name in self.filters.base_filters if name in given and not given[name].strip()]
        if blank:
            raise InvalidInput([FieldError(name, "blank", _("Leave this out or fill it in.")) for name in blank])
        filters = self.filters(given, queryset=rows, request=self.request)
        if not filters.form.is_valid():
            raise InvalidInput(
                [
                    FieldError(name, str(error.code or "invalid"), "; ".join(error.messages))
                    for name, found in filters.form.errors.as_data().items()
                    for error in found
                ]
            )
        return filters


@cache
def _reader(serializer: type[Serializer[Any]], *, partial: bool) -> Serializer[Any]:
    """Return what reads bodies of one form. It keeps nothing of what it read: one is enough, and made once."""
    return serializer(partial=partial)


def preferred_language(request: HttpRequest) -> str:
    """Return the first language of `Accept-Language` that we speak, else English."""
    spoken = dict(settings.LANGUAGES)
    for tag, quality in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        code = tag.partition("-")[0]
        if code in spoken and quality > 0:
            return code
    return "en"
