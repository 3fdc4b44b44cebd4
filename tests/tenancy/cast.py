"""One valid row of any salon model, made from its fields alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from psycopg.types.multirange import TimestamptzMultirange
from psycopg.types.range import TimestamptzRange
from uuid_utils.compat import uuid7

from bookings.models import SaleLine
from loyalty.models import PriorUse, Reward
from marketing.models import Campaign, Recipient
from salon.catalogue.models import Service, SpecialOffer
from salon.tenancy.constraints import RowLevelSecurity
from tests.conftest import NOW

LATER = NOW + timedelta(hours=1)
# What a check constraint of the model asks for beyond the types of its fields.
_PARTICULARS: dict[str, dict[str, Any]] = {
    "clients.Client": {"first_name": "Anna"},
    "desk.Export": {"error": ""},
    "catalogue.Service": {"apply_minutes": 30},
    "catalogue.ScheduleInterval": {"weekday": 1, "starts_minute": 540, "ends_minute": 600},
    "catalogue.Absence": {"ends_at": LATER},
    "bookings.Appointment": {"ends_at": LATER, "client_status": "", "client_status_reason": ""},
    "clients.PointsEntry": {"number": 2, "points": 10},
    "loyalty.Redemption": {"return_reason": "", "first_time": True},
    "marketing.Automation": {"days": 7},
    "marketing.Message": {"direction": "IN"},
    "bookings.SaleLine": {"list_price": 10, "unit_price": 10, "final_price": 10, "vat_rate": 19},
    "bookings.AppointmentItem": {
        "ends_at": LATER,
        "busy": TimestamptzMultirange([TimestamptzRange(NOW, LATER)]),
    },
}
# And what a reference asks for that is null otherwise, or must be there together with it.
_TOGETHER_WITH: dict[tuple[str, str], dict[str, Any]] = {
    ("clients.Client", "merged_into_id"): {"state": "MERGED"},
    ("bookings.Appointment", "client_id"): {"client_status": "NEW", "client_status_reason": "LISTED"},
    ("bookings.AppointmentItem", "redemption_id"): {"price": 0},
    ("bookings.SaleLine", "product_id"): {"kind": "PRODUCT"},
    ("bookings.SaleLine", "redemption_id"): {"kind": "REWARD", "final_price": 0},
    ("loyalty.Reward", "product_id"): {"kind": "PRODUCT"},
    ("marketing.Recipient", "automation_id"): {"occasion": NOW.date()},
}
# A service stands in them where no product does.
_OF_ONE_ITEM = (SpecialOffer, Reward, PriorUse, SaleLine)


def salon_models() -> list[type[models.Model]]:
    """Return every model whose rows belong to one salon."""
    return [
        model
        for model in apps.get_models()
        if any(isinstance(one, RowLevelSecurity) for one in model._meta.constraints)
    ]


def references(model: type[models.Model]) -> list[models.ForeignKey[Any, Any]]:
    """Return a model's references to other salon models."""
    return [
        field
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey) and field.remote_field.model in salon_models()
    ]


def make(model: type[models.Model], salon_id: UUID, **given: Any) -> models.Model:
    """Save one row in the open scope of a salon, with the rows it must refer to."""
    values: dict[str, Any] = {"salon_id": salon_id, **_PARTICULARS.get(model._meta.label, {}), **given}
    if model in _OF_ONE_ITEM and "product_id" not in given:
        values.setdefault("service_id", make(Service, salon_id).pk)
    if model is Recipient and "automation_id" not in given:
        values.setdefault("campaign_id", make(Campaign, salon_id).pk)
    for name in given:
        values |= _TOGETHER_WITH.get((model._meta.label, name), {})
    for field in model._meta.local_fields:
        if field.attname in values or field.name in values or field.has_default() or field.has_db_default():
            continue
        if field.null or isinstance(field, models.CompositePrimaryKey | models.GeneratedField):
            continue
        values[field.attname] = _value(field, salon_id)
    row = model(**values)
    row.save(force_insert=True)
    return row


# Client numbers are unique; small enough for every kind of integer column.
_numbers = count(1)
_OF_TYPE: dict[type[models.Field[Any, Any]], Callable[[], Any]] = {
    models.UUIDField: uuid7,
    models.DateTimeField: lambda: NOW,
    models.DateField: NOW.date,
    models.IntegerField: lambda: next(_numbers),
    models.BinaryField: lambda: uuid7().bytes,
    models.JSONField: list,
}


def _value(field: models.Field[Any, Any], salon_id: UUID) -> Any:
    if isinstance(field, models.ForeignKey):
        return make(field.remote_field.model, salon_id).pk
    if field.choices:
        return field.flatchoices[0][0]
    if field.name == "name_key":
        # Two of a kind are told apart by it.
        return f"x{next(_numbers)}"
    if field.blank and isinstance(field, models.CharField):
        return ""
    return next((make_one() for kind, make_one in _OF_TYPE.items() if isinstance(field, kind)), "x")
