"""The contract for programs (`schema/`) and for people (`docs/`): both open, both made from the code."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, wraps
from json import dumps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt

from salon.api.problems import CONTENT_TYPE, Problem, title_of
from salon.api.schema import as_json, as_yaml, document
from salon.api.scopes import Scope
from salon.web.access import public

JSON, YAML = "application/json", "application/yaml"
_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Field:
    """One field, header or parameter, as a row of a table."""

    name: str
    kind: str
    note: str
    values: list[str]
    required: bool
    read_only: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """One status that a call can have, and what it means."""

    status: int
    title: str
    note: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One call."""

    key: str
    method: str
    path: str
    summary: str
    notes: list[str]
    parameters: list[Field]
    body: list[Field]
    success: list[Outcome]
    problems: list[Outcome]


@dataclass(frozen=True, slots=True)
class Resource:
    """The calls about one kind of thing, and its fields."""

    key: str
    title: str
    operations: list[Operation]
    fields: list[Field]
    example: str


def _read_only(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if request.method in {"GET", "HEAD"}:
            return view(request)
        problem = Problem(405, "method_not_allowed", "This can only be read.")
        headers = {"Allow": "GET, HEAD"}
        return JsonResponse(problem.document, status=405, content_type=CONTENT_TYPE, headers=headers)

    return guarded


@public("the contract is public")
@_read_only
def schema(request: HttpRequest) -> HttpResponse:
    """The contract as OpenAPI 3.1: JSON, or YAML for whoever prefers it."""
    kind = request.get_preferred_type([JSON, YAML]) or JSON
    response = HttpResponse(as_yaml() if kind == YAML else as_json(), content_type=kind)
    response["Vary"] = "Accept"
    return response


@public("the contract is public")
@_read_only
def docs(request: HttpRequest) -> HttpResponse:
    """The contract for people; in English, as are its field names."""
    with override("en"):
        context = {
            "resources": resources(),
            "scopes": [(scope.value, scope.label) for scope in Scope],
            "origin": f"{request.scheme}://{request.get_host()}",
        }
        return render(request, "api/docs.html", context)


@cache
def resources() -> list[Resource]:
    """Return the contract resource by resource, as the page shows it."""
    found: dict[str, list[Operation]] = {}
    shapes: dict[str, dict[str, Any]] = {}
    for path, item in document()["paths"].items():
        for method in _METHODS:
            if method not in item:
                continue
            tag = item[method]["tags"][0]
            found.setdefault(tag, []).append(_operation(method, path, item[method]))
            shapes.setdefault(tag, _shape_of(item[method]))
    return [
        Resource(tag, tag.replace("-", " ").capitalize(), operations, _fields(shapes[tag]), _example(shapes[tag]))
        for tag, operations in found.items()
    ]


def _operation(method: str, path: str, told: dict[str, Any]) -> Operation:
    body = told.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema", {})
    outcomes = [
        Outcome(int(status), title_of(int(status)), _resolved(answer).get("description", ""))
        for status, answer in told["responses"].items()
    ]
    return Operation(
        key=told["operationId"],
        method=method.upper(),
        path=path,
        summary=told["summary"],
        notes=told["description"].split("\n\n"),
        parameters=[_parameter(one) for one in told.get("parameters", [])],
        body=_fields(_resolved(body)),
        success=[one for one in outcomes if one.status < 400],
        problems=[one for one in outcomes if one.status >= 400],
    )


def _parameter(told: dict[str, Any]) -> Field:
    kind = told["in"] if told["in"] != "query" else _kind(told["schema"])
    return Field(told["name"], kind, told.get("description", ""), [], told.get("required", False), read_only=False)


def _shape_of(told: dict[str, Any]) -> dict[str, Any]:
    """Return the shape of the thing that a call answers with; of a list, of what it lists."""
    status = min(told["responses"])
    shape = _resolved(told["responses"][status].get("content", {}).get(JSON, {}).get("schema", {}))
    results = shape.get("properties", {}).get("results")
    return _resolved(results["items"]) if results else shape


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: Any = document()
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return dict(found)
    for part in schema.get("allOf", []):
        return {**_resolved(part), **{key: value for key, value in schema.items() if key != "allOf"}}
    return schema


def _fields(shape: dict[str, Any]) -> list[Field]:
    required = shape.get("required", [])
    return [
        _field(name, _resolved(told), name in required and not shape.get("additionalProperties", True))
        for name, told in shape.get("properties", {}).items()
    ]


def _field(name: str, told: dict[str, Any], required: bool) -> Field:
    values = [str(value) for value in told.get("enum", []) if value is not None]
    return Field(name, _kind(told), told.get("description", ""), values, required, told.get("readOnly", False))


def _kind(told: dict[str, Any]) -> str:
    kinds = told.get("type", "string")
    names = list(kinds) if isinstance(kinds, list) else [kinds]
    return " or ".join("null" if name == "null" else told.get("format", name) for name in names)


def _example(shape: dict[str, Any]) -> str:
    return dumps(dict(_examples(shape)), indent=2, ensure_ascii=False)


def _examples(shape: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, told in shape.get("properties", {}).items():
        examples = _resolved(told).get("examples", [None])
        yield name, examples[0]
