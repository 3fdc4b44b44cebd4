"""The schema and the documentation: current, complete, valid, and shown without breaking the strict policy."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client as Browser
from drf_spectacular.validation import validate_schema

from marketing.models import RecipientState
from salon.api.schema import as_yaml, document

SNAPSHOT = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
OPERATIONS = [(path, method) for path, item in document()["paths"].items() for method in item]


def test_the_committed_contract_is_the_current_one() -> None:
    assert SNAPSHOT.read_bytes() == as_yaml(), "run manage.py openapi_snapshot; the diff may take nothing away"


def test_the_contract_is_openapi_3_1_and_complete(capsys: pytest.CaptureFixture[str]) -> None:
    assert document()["openapi"] == "3.1.0"
    validate_schema(document())  # type: ignore[no-untyped-call]
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", "/dev/null")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/yaml", "text/html"])
def test_the_schema_is_served_without_a_key(accept: str) -> None:
    answer = Browser().get("/api/v1/schema/", headers={"Accept": accept})
    assert answer.status_code == 200
    read = yaml.safe_load(answer.content) if accept == "application/yaml" else json.loads(answer.content)
    assert read == document()
    assert answer["Content-Type"] == (accept if "yaml" in accept else "application/json")


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=[f"{method} {path}" for path, method in OPERATIONS])
def test_every_operation_says_what_it_does_asks_and_answers(path: str, method: str) -> None:
    told: dict[str, Any] = document()["paths"][path][method]
    assert told["summary"]
    assert "Scope: `" in told["description"] or "Open to every key." in told["description"]
    assert told["security"] == [{"key": []}]
    expected = {"400", "401", "406", "429"}
    expected |= {"403"} if "Scope" in told["description"] else set()
    expected |= {"404"} if "{" in path else set()
    expected |= {"413", "415"} if method in {"post", "patch", "put"} else set()
    expected |= {"409", "422"} if method == "post" else set()
    assert expected <= set(told["responses"])
    headers = {one["name"] for one in told.get("parameters", []) if one["in"] == "header"}
    assert ("Idempotency-Key" in headers) == (method == "post")
    if method == "patch" or (method == "delete" and "patch" in document()["paths"][path]):
        assert "If-Match" in headers
        assert "412" in told["responses"]


def test_the_contract_says_which_bodies_can_be_left_out() -> None:
    left_out = {
        path.rpartition("/")[2]
        for path, item in document()["paths"].items()
        for told in item.values()
        if not told.get("requestBody", {"required": True})["required"]
    }
    assert left_out == {"cancel", "send", "void"}


def test_the_contract_says_what_a_filter_takes() -> None:
    told = document()["paths"]["/api/v1/campaigns/{campaign_id}/recipients"]["get"]["parameters"]
    schemas = {one["name"]: one["schema"] for one in told}
    assert schemas["effect"] == {"type": "string", "enum": ["ANSWERED", "BOOKED", "REVENUE", "UNSUBSCRIBED"]}
    assert schemas["state"]["enum"] == RecipientState.values
    assert schemas["search"] == {"type": "string", "minLength": 1, "maxLength": 100}


def test_unknown_fields_are_refused_by_the_schema_too() -> None:
    bodies = {name: one for name, one in document()["components"]["schemas"].items() if name.endswith("Request")}
    assert bodies
    assert all(one["additionalProperties"] is False for one in bodies.values())


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_docs_tell_every_operation_scope_and_field(language: str) -> None:
    page = Browser(headers={"Accept-Language": language}).get("/api/v1/docs/")
    text = page.content.decode()
    assert page.status_code == 200
    assert '<html lang="en">' in text
    for path, item in document()["paths"].items():
        assert path in text
        for told in item.values():
            assert f'id="{told["operationId"]}"' in text
    assert "clients:erase" in text
    assert "postal_code" in text
    assert "http://testserver/api/v1/clients?search=muel" in text
