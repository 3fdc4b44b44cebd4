"""The form of bodies and answers. No rule stands here: what is accepted, the operations say."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.utils.dateparse import parse_datetime
from django.utils.functional import cached_property
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.drainage import set_override
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import SkipField, empty

from salon.years import is_known


class Body(serializers.Serializer[Any]):
    """The fields of one resource. Sending one that is unknown or read-only is refused, at that field.

    One that is `optional` may be left out whole, which says the same as `{}`.
    """

    example: ClassVar[Mapping[str, object]] = {}
    optional: ClassVar[bool] = False

    def run_validation(self, data: Any = empty) -> Any:
        """Return the fields by name; nothing but their form is looked at.

        Raises: ValidationError.
        """
        is_empty, data = self.validate_empty_values(data)
        return data if is_empty else self.to_internal_value(data)

    def to_internal_value(self, data: object) -> dict[str, Any]:
        """Return the fields by name, or all that is wrong with any.

        Raises: ValidationError.
        """
        if not isinstance(data, Mapping):
            raise ValidationError([ErrorDetail(str(_("Give a JSON object.")), "invalid")])
        entered: dict[str, Any] = {}
        wrong: dict[str, Any] = {}
        for name, field in self._entered:
            with suppress(SkipField):
                try:
                    entered[field.source or name] = field.run_validation(data.get(name, empty))
                except ValidationError as error:
                    wrong[name] = error.detail
        for name in data:
            if name not in self.fields:
                wrong[name] = [ErrorDetail(str(_("There is no such field.")), "unknown_field")]
            elif self.fields[name].read_only:
                wrong[name] = [ErrorDetail(str(_("This field cannot be set.")), "read_only")]
        if wrong:
            raise ValidationError(wrong)
        return entered

    @cached_property
    def _entered(self) -> list[tuple[str, serializers.Field[Any, Any, Any, Any]]]:
        return [(name, field) for name, field in self.fields.items() if not field.read_only]


class Text(serializers.CharField):
    """An optional text: empty is `null` on the way out, and `null` is empty on the way in."""

    default_error_messages = {"invalid": _("Give a string.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(
            **{"required": False, "allow_blank": True, "allow_null": True, "trim_whitespace": False, **options}
        )

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        """Return `""` for null; whatever else there is goes to the operation."""
        return (True, "") if data is None else super().validate_empty_values(data)

    def to_internal_value(self, data: Any) -> str:
        """Return the text as it came.

        Raises: ValidationError for anything but a string.
        """
        if not isinstance(data, str):
            self.fail("invalid")
        return data

    def to_representation(self, value: Any) -> Any:
        """Return the text, None when there is none."""
        return str(value) if value else None


class OneOf(Text):
    """A text of which the contract names the values (or null); the operation refuses others."""

    def __init__(self, values: list[str], **options: Any) -> None:
        super().__init__(**{"allow_blank": False, **options})
        set_override(self, "field", {"type": "string", "enum": [*values, None]})


class Flag(serializers.BooleanField):
    """True or false as JSON has them, nothing that stands for them."""

    default_error_messages = {"invalid": _("Give true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        """Return the value as it came.

        Raises: ValidationError for anything else.
        """
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class Whole(serializers.IntegerField):
    """A whole number as JSON has them, no text or fraction that looks like one; the operation says which."""

    default_error_messages = {"invalid": _("Give a whole number.")}

    def to_internal_value(self, data: Any) -> int:
        """Return the number as it came.

        Raises: ValidationError for anything else.
        """
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class DecimalText(serializers.DecimalField):
    """A decimal number written as a text: a number of JSON may have gone through a float (api.md, Conventions)."""

    default_error_messages = {"invalid": _("Give a decimal number as a text.")}

    def to_internal_value(self, data: Any) -> Decimal:
        """Return the number.

        Raises: ValidationError for anything but a text that is one.
        """
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Instant(serializers.DateTimeField):
    """An instant as the contract writes it: RFC 3339 with its offset; without one nobody knows which it is."""

    default_error_messages = {
        "invalid": _("Give an instant with its offset, as in 2026-11-24T10:00:00+01:00."),
        "out_of_range": _("Enter a day of this century."),
    }

    def to_internal_value(self, value: Any) -> datetime:
        """Return the instant.

        Raises: ValidationError, also without an offset, and in no year that is known.
        """
        try:
            moment = parse_datetime(value) if isinstance(value, str) else None
        except ValueError:
            # Written as an instant, but of a day that no month has.
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail("invalid")
        if not is_known(moment):
            self.fail("out_of_range")
        return moment


def moment(value: datetime) -> str:
    """Return an instant as the contract writes it, on the clock of the salon."""
    text = localtime(value).isoformat()
    return f"{text.removesuffix('+00:00')}Z" if text.endswith("+00:00") else text


def amount(value: Decimal) -> str:
    """Return an amount of money as the contract writes it."""
    return f"{value:.2f}"


class FieldProblem(serializers.Serializer[Any]):
    """What is wrong with one field of the input."""

    field = serializers.CharField(read_only=True, help_text="Its place in the body, as in `items.0.service`.")
    code = serializers.CharField(read_only=True)
    detail = serializers.CharField(read_only=True)


class ProblemBody(serializers.Serializer[Any]):
    """Why a call was refused (RFC 9457)."""

    type = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    status = serializers.IntegerField(read_only=True)
    detail = serializers.CharField(read_only=True, help_text="For people, in English or German (`Accept-Language`).")
    code = serializers.CharField(read_only=True, help_text="For programs.")
    survivor = serializers.UUIDField(required=False, help_text="Of `client_merged`: the card that this one went into.")
    state = serializers.CharField(required=False, help_text="Of `state_refused`: how the booking is now.")
    reason = serializers.CharField(
        required=False,
        help_text="Of `slot_taken`: `taken`, `in_the_past`, `too_soon` (lead time), `too_far_ahead` (horizon), "
        "`closed` (that day: a closure or a public holiday) or `outside_hours`.",
    )
    alternatives = serializers.ListField(
        child=serializers.DictField(),
        required=False,
        help_text="Of `slot_taken`: up to three free times instead, as `GET availability` gives them.",
    )
    booking = serializers.UUIDField(required=False, help_text="Of `repeated_booking`: the booking that is there.")
    errors = FieldProblem(many=True, required=False)  # type: ignore[assignment]
