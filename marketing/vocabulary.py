"""What is known of clients, and what a segment can say of it: fields, operators, values (domain.md §9.1)."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clients.classification import Reason, Status
from clients.details import Gender
from salon.errors import Text


class Weekday(TextChoices):
    """A day of the week, in the order of ISO 8601."""

    MON = "MON", WEEKDAYS[0]
    TUE = "TUE", WEEKDAYS[1]
    WED = "WED", WEEKDAYS[2]
    THU = "THU", WEEKDAYS[3]
    FRI = "FRI", WEEKDAYS[4]
    SAT = "SAT", WEEKDAYS[5]
    SUN = "SUN", WEEKDAYS[6]


class TimeOfDay(TextChoices):
    """A part of the day, by the salon's clock."""

    MORNING = "MORNING", _("in the morning (before 12)")
    AFTERNOON = "AFTERNOON", _("in the afternoon (12 to 17)")
    EVENING = "EVENING", _("in the evening (from 17)")


class Kind(TextChoices):
    """What a value of a condition is; with those of the salon's own things, its id; of POSTCODE and TOWN, a text."""

    CHOICE = "CHOICE"
    DAYS = "DAYS"
    MONTHS = "MONTHS"
    VISITS = "VISITS"
    TIMES = "TIMES"
    POINTS = "POINTS"
    PERCENT = "PERCENT"
    MONTH = "MONTH"
    YEARS = "YEARS"
    MONEY = "MONEY"
    DATE = "DATE"
    POSTCODE = "POSTCODE"
    TOWN = "TOWN"
    CATEGORY = "CATEGORY"
    SERVICE = "SERVICE"
    PRODUCT = "PRODUCT"
    STAFF = "STAFF"
    CAMPAIGN = "CAMPAIGN"
    CLIENT = "CLIENT"


# Kinds whose values are ids of what the salon has made itself.
REFERENCES = frozenset({Kind.CATEGORY, Kind.SERVICE, Kind.PRODUCT, Kind.STAFF, Kind.CAMPAIGN})
# Kinds whose values are the words themselves.
TYPED = frozenset({Kind.POSTCODE, Kind.TOWN})


@dataclass(frozen=True, slots=True)
class Operator:
    """What is said of a field: one value for each of `takes`, in their order, then any number (at least one) of `many`.

    The label's `…` stand for the values of `takes`.
    """

    name: str
    label: Text
    takes: tuple[Kind, ...] = ()
    many: Kind | None = None

    @property
    def head(self) -> str:
        """The words ahead of the first value."""
        return str(self.label).partition("…")[0].strip()

    @property
    def words(self) -> list[str]:
        """The words behind each of `takes`."""
        return [one.strip() for one in str(self.label).split("…")[1:]]


@dataclass(frozen=True, slots=True)
class Field:
    """Something known of a client, and what can be said of it; `choices` are the values of `Kind.CHOICE`."""

    name: str
    label: Text
    operators: Mapping[str, Operator]
    choices: tuple[tuple[str, Text], ...] = ()


def _field(
    name: str, label: Promise, *operators: Operator, choices: tuple[tuple[str, Text], ...] = ()
) -> tuple[str, Field]:
    return name, Field(name, label, {one.name: one for one in operators}, choices)


def _among(kind: Kind) -> tuple[Operator, Operator]:
    return Operator("in", _("is one of"), many=kind), Operator("not_in", _("is none of"), many=kind)


def _past(none: Operator) -> tuple[Operator, ...]:
    return (
        Operator("within_last", _("within the last … days"), (Kind.DAYS,)),
        Operator("longer_ago", _("longer ago than … days"), (Kind.DAYS,)),
        Operator("between", _("from … to …"), (Kind.DATE, Kind.DATE)),
        none,
    )


def _bounds(kind: Kind) -> tuple[Operator, Operator]:
    return Operator("at_least", _("at least …"), (kind,)), Operator("at_most", _("at most …"), (kind,))


def _bought(kind: Kind) -> tuple[Operator, ...]:
    return (
        Operator("bought", _("has had one of"), many=kind),
        Operator("bought_within", _("has had one of these within the last … months"), (Kind.MONTHS,), kind),
        Operator("not_bought", _("has had none of"), many=kind),
        Operator("not_bought_within", _("has had none of these within the last … months"), (Kind.MONTHS,), kind),
    )


_YES_NO = (Operator("yes", _("yes")), Operator("no", _("no")))
_NEVER = Operator("never", _("never"))
_NOT_ON_CARD = Operator("none", _("not on the card"))
# What a card can say of its client; the other reasons are those of people without one.
_REASONS = (Reason.RECENT_VISIT, Reason.LISTED, Reason.FIRST_VISIT_PENDING, Reason.LAPSED)

# Everything a rule can ask, in the order in which it is offered.
FIELDS: dict[str, Field] = dict(
    [
        _field(
            "category",
            _("Category"),
            Operator("in", _("has one of"), many=Kind.CATEGORY),
            Operator("not_in", _("has none of"), many=Kind.CATEGORY),
        ),
        _field("status", _("Status"), *_among(Kind.CHOICE), choices=tuple(Status.choices)),
        _field(
            "reason",
            _("Reason of the status"),
            *_among(Kind.CHOICE),
            choices=tuple((one.value, one.label) for one in _REASONS),
        ),
        _field("first_visit", _("First visit"), *_past(_NEVER)),
        _field("last_visit", _("Last visit"), *_past(_NEVER)),
        _field(
            "next_visit",
            _("Next appointment"),
            Operator("within_next", _("within the next … days"), (Kind.DAYS,)),
            Operator("later_than", _("later than in … days"), (Kind.DAYS,)),
            Operator("between", _("from … to …"), (Kind.DATE, Kind.DATE)),
            Operator("none", _("none booked")),
        ),
        _field("visits", _("Number of visits"), *_bounds(Kind.VISITS)),
        _field("no_shows", _("Did not come"), *_bounds(Kind.TIMES)),
        _field(
            "spent",
            _("Money spent"),
            Operator("at_least", _("altogether at least …"), (Kind.MONEY,)),
            Operator("at_most", _("altogether at most …"), (Kind.MONEY,)),
            Operator("at_least_within", _("at least … within the last … months"), (Kind.MONEY, Kind.MONTHS)),
            Operator("at_most_within", _("at most … within the last … months"), (Kind.MONEY, Kind.MONTHS)),
        ),
        _field(
            "top_spenders",
            _("Best clients"),
            Operator("top_percent", _("the … percent who spent most in 12 months"), (Kind.PERCENT,)),
        ),
        _field("service", _("Service"), *_bought(Kind.SERVICE)),
        _field("product", _("Product"), *_bought(Kind.PRODUCT)),
        _field("weekday", _("Usual weekday"), *_among(Kind.CHOICE), choices=tuple(Weekday.choices)),
        _field("time_of_day", _("Usual time of day"), *_among(Kind.CHOICE), choices=tuple(TimeOfDay.choices)),
        _field(
            "preferred_staff",
            _("Preferred staff member"),
            *_among(Kind.STAFF),
            Operator("none", _("nobody")),
        ),
        _field(
            "birthday",
            _("Birthday"),
            Operator("this_month", _("this month")),
            Operator("in_month", _("in the month …"), (Kind.MONTH,)),
            Operator("within_next", _("within the next … days"), (Kind.DAYS,)),
        ),
        _field(
            "age",
            _("Age"),
            *_bounds(Kind.YEARS),
            Operator("between", _("from … to …"), (Kind.YEARS, Kind.YEARS)),
            Operator("none", _("not known")),
        ),
        _field("gender", _("Gender"), *_among(Kind.CHOICE), _NOT_ON_CARD, choices=tuple(Gender.choices)),
        _field(
            "postal_code",
            _("Postcode"),
            Operator("begins", _("begins with"), many=Kind.POSTCODE),
            Operator("not_begins", _("does not begin with"), many=Kind.POSTCODE),
            _NOT_ON_CARD,
        ),
        _field("town", _("Town"), *_among(Kind.TOWN), _NOT_ON_CARD),
        _field("points", _("Points"), *_bounds(Kind.POINTS)),
        _field("treatcard", _("Has a Treatcard"), *_YES_NO),
        _field(
            "email_consent",
            _("News by e-mail"),
            *_YES_NO,
            Operator("unconfirmed", _("asked for, but not confirmed")),
            Operator("lapsed", _("agreed at another address")),
            Operator("withdrawn", _("withdrawn")),
            Operator("never", _("never asked")),
        ),
        _field(
            "campaign",
            _("Mail of a campaign"),
            Operator("got", _("has got one of"), many=Kind.CAMPAIGN),
            Operator("not_got", _("has got none of"), many=Kind.CAMPAIGN),
        ),
        _field(
            "written_to",
            _("Last written to"),
            Operator("within_last", _("within the last … days"), (Kind.DAYS,)),
            Operator("not_within_last", _("not within the last … days"), (Kind.DAYS,)),
        ),
        _field(
            "lapsing",
            _("About to lapse"),
            Operator("within_next", _("within the next … days, with no appointment booked"), (Kind.DAYS,)),
        ),
        _field("overdue", _("Overdue against their own rhythm"), *_YES_NO),
        _field("blocked", _("Blocked"), *_YES_NO),
        _field("listed", _("Client since"), *_past(_NEVER)[:3]),
    ]
)
# And what only a campaign asks, of clients marked in their list: it means exactly these. A segment never lists anybody.
_MARKED, _OF_MARKED = _field("client", _("Client"), Operator("in", _("is one of"), many=Kind.CLIENT))
KNOWN: dict[str, Field] = {**FIELDS, _MARKED: _OF_MARKED}
MONTH_NAMES: tuple[tuple[int, Text], ...] = tuple(MONTHS.items())
