"""The contract as OpenAPI 3.1, generated from the endpoints (api.md)."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any, override

from django_filters import ChoiceFilter, Filter, FilterSet
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, force_instance
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import OpenApiParameter

from salon.api import idempotency, versions
from salon.api.authentication import scope_asked
from salon.api.scopes import AnyKey, Scope
from salon.api.serializers import Body, ProblemBody


@dataclass(frozen=True, slots=True)
class ProblemAnswer:
    """One status that refuses, as the component of that name; which operation can answer it, its shape decides."""

    name: str
    description: str
    headers: dict[str, Any] = field(default_factory=dict)


def _header(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "required": True, "schema": schema}


_PROBLEMS = {
    "400": ProblemAnswer("BadRequest", "Malformed or invalid input; `errors` names every field at once."),
    "401": ProblemAnswer(
        "Unauthorized",
        "No key, or one that is unknown, expired or revoked.",
        {"WWW-Authenticate": _header("How to come in.", {"type": "string"})},
    ),
    "403": ProblemAnswer("Forbidden", "The key lacks the scope (`missing_scope`)."),
    "404": ProblemAnswer("NotFound", "The salon of the key has no such thing."),
    "406": ProblemAnswer("NotAcceptable", "Answers are JSON only."),
    "409": ProblemAnswer(
        "Conflict",
        "Refused as things are, or the first request with this Idempotency-Key is still running "
        "(`idempotency_in_progress`).",
    ),
    "412": ProblemAnswer("VersionConflict", "`If-Match` names an older version (`version_conflict`)."),
    "413": ProblemAnswer("TooLarge", "The body is larger than 1 MB."),
    "415": ProblemAnswer("UnsupportedMediaType", "Bodies are JSON only."),
    "422": ProblemAnswer("KeyReused", "The Idempotency-Key was used for another request (`idempotency_key_reused`)."),
    "429": ProblemAnswer(
        "RateLimited",
        "More than 100 calls a second, after a burst of 1,000.",
        {"Retry-After": _header("In how many seconds to try again.", {"type": "integer", "minimum": 1})},
    ),
}
_ALWAYS = ("400", "401", "406", "429")
_SUCCESSES = {"200": "Done.", "201": "Made.", "202": "Taken on; it goes on in the background.", "204": "Done."}
_TEXT = {"type": "string"}


def _taken_by(one: Filter) -> dict[str, Any]:
    """Return what a filter takes: as it says itself, or one of its choices, or a text of some length."""
    if hasattr(one, "schema"):
        return dict(one.schema)
    if isinstance(one, ChoiceFilter):
        return {**_TEXT, "enum": [value for value, _label in one.extra["choices"]]}
    longest = one.extra.get("max_length")
    return {**_TEXT, "minLength": 1, **({"maxLength": longest} if longest else {})}


class EndpointSchema(AutoSchema):
    """What all operations share: their key, headers, problems, and names that say what they do."""

    def get_operation_id(self) -> str:
        """Name the operation by what it does, as in `clients_update`."""
        return str(super().get_operation_id()).replace("partial_update", "update").replace("_destroy", "_delete")

    def get_summary(self) -> str:
        """Return the first sentence of the method's docstring."""
        return str(super().get_description()).partition("\n\n")[0].rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]
        """Return the rest of the docstring, and what the call asks of a key."""
        rest = str(super().get_description()).partition("\n\n")[2]
        asked = self._scope()
        needs = "Open to every key." if isinstance(asked, AnyKey) else f"Scope: `{asked.value}`."
        return f"{rest}\n\n{needs}".strip()

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        """Name a component by what it is: `ClientBody` becomes `Client`."""
        return str(super().get_serializer_name(serializer, direction)).removesuffix("Body")

    def get_override_parameters(self) -> list[Any]:
        """Return the headers that calls and answers of this shape have, and the filters of a list."""
        own: list[Any] = list(super().get_override_parameters())
        need = getattr(getattr(self.view, self.method.lower()), "idempotency", None)
        if need:
            own.append(
                OpenApiParameter(
                    "Idempotency-Key",
                    {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": idempotency.LONGEST_KEY,
                        "pattern": idempotency.PATTERN,
                    },
                    OpenApiParameter.HEADER,
                    required=need is idempotency.Idempotency.REQUIRED,
                    description="A call repeated with the same key and body gets the first answer again, for 24 hours.",
                )
            )
            own.append(
                self._response_header(
                    "Idempotent-Replayed",
                    {"type": "string", "enum": ["true"]},
                    "Set where the answer is a repeated one.",
                )
            )
        if self._has_version():
            own.append(self._response_header("ETag", _TEXT, "The version, for `If-Match`.", required=True))
        if self._takes_version():
            own.append(
                OpenApiParameter(
                    "If-Match",
                    {"type": "string", "pattern": versions.PATTERN},
                    OpenApiParameter.HEADER,
                    description="The ETag that the change is made on; a stale one is refused with 412.",
                )
            )
        if self.method == "POST" and "201" in self._answers():
            own.append(self._response_header("Location", {**_TEXT, "format": "uri"}, "The address of what was made."))
        filters: dict[str, Any] = getattr(self.view, "filters", FilterSet).base_filters if self.method == "GET" else {}
        own += [
            OpenApiParameter(
                name,
                _taken_by(one),
                required=one.extra.get("required", False),
                description=one.extra.get("help_text", ""),
            )
            for name, one in filters.items()
        ]
        return own

    def _response_header(
        self, name: str, schema: dict[str, Any], description: str, required: bool = False
    ) -> OpenApiParameter:
        return OpenApiParameter(
            name,
            schema,
            OpenApiParameter.HEADER,
            required=required,
            description=description,
            response=[int(code) for code in self._answers()],
        )

    def _get_request_body(self, direction: Any = "request") -> dict[str, Any] | None:
        body: dict[str, Any] | None = super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        if body is None:
            return None
        entered = _instance(self.get_request_serializer())
        return {**body, "required": not (isinstance(entered, Body) and entered.optional)}

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        responses: dict[str, Any] = super()._get_response_bodies(direction)
        for code, answer in responses.items():
            answer["description"] = answer["description"] or _SUCCESSES[code]
        for code in self._problem_codes():
            responses.setdefault(code, self._problem(_PROBLEMS[code]))
        return dict(sorted(responses.items()))

    def _problem(self, answer: ProblemAnswer) -> dict[str, Any]:
        document = self.resolve_serializer(ProblemBody, "response").ref
        told: dict[str, Any] = {
            "description": answer.description,
            "content": {"application/problem+json": {"schema": document}},
        }
        if answer.headers:
            told["headers"] = answer.headers
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            answer.name, ResolvedComponent.RESPONSE, told, answer.name
        )
        self.registry.register_on_missing(component)
        reference: dict[str, Any] = component.ref
        return reference

    def _problem_codes(self) -> list[str]:
        codes = set(_ALWAYS)
        if isinstance(self._scope(), Scope):
            codes.add("403")
        if "{" in self.path:
            codes.add("404")
        if self.method in {"POST", "PUT", "PATCH"}:
            codes |= {"413", "415"}
        if self.method == "POST":
            codes |= {"409", "422"}
        if self._takes_version():
            codes.add("412")
        return sorted(codes)

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        instance = _instance(serializer)
        for told in schema["properties"].values():
            # An enum stays where it is, also as what a list has: a component of its own would get its name by chance.
            for part in (told, told.get("items", {})):
                part.pop("x-spec-enum-id", None)
        if isinstance(instance, Body):
            for name, value in instance.example.items():
                if name in schema["properties"]:
                    schema["properties"][name]["examples"] = [value]
            if direction == "request":
                schema["additionalProperties"] = False
            else:
                schema["required"] = sorted(schema["properties"])
        return schema

    def _scope(self) -> Scope | AnyKey:
        return scope_asked(self.view, self.method)

    def _answers(self) -> dict[str, Any]:
        """Return the serializer of each status that `extend_schema` names."""
        named: Any = self.get_response_serializers()
        return {str(code): one for code, one in named.items()}

    def _has_version(self) -> bool:
        return any("version" in getattr(_instance(one), "fields", {}) for one in self._answers().values())

    def _takes_version(self) -> bool:
        # What can be changed piece by piece has a version, which deleting it compares, too.
        deletes = self.method == "DELETE" and hasattr(self.view, "patch")
        return deletes or (self.method == "PATCH" and self._has_version())


def _instance(serializer: Any) -> Any:
    return force_instance(serializer)  # type: ignore[no-untyped-call]


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema tells of `KeyAuthentication`."""

    target_class = "salon.api.authentication.KeyAuthentication"
    name = "key"

    @override
    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """Return bearer authentication with a key of ours."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A key that an owner issues under Einstellungen » API-Schlüssel. It belongs to one salon.",
        }


@cache
def document() -> dict[str, Any]:
    """Return the contract of this release; it cannot change while the process lives."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    return schema


def as_yaml() -> bytes:
    """Return the contract as it is committed in docs/openapi.yaml."""
    text: bytes = OpenApiYamlRenderer().render(document(), renderer_context={})  # type: ignore[no-untyped-call]
    return text


def as_json() -> bytes:
    """Return the contract as it is served; JSON is YAML, too."""
    text: bytes = OpenApiJsonRenderer().render(document(), renderer_context={})
    return text
