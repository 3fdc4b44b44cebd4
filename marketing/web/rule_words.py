"""What a rule means, as one sentence in plain words (domain.md §9.1)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils import dateformat
from django.utils.dates import MONTHS
from django.utils.formats import get_format, number_format
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clients.models import Category
from marketing.models import Campaign
from marketing.rule import Condition, Group, Match, Value
from marketing.vocabulary import FIELDS, REFERENCES, TYPED, Kind, Operator
from salon.catalogue.models import Product, Service, StaffMember
from salon.web.amounts import amount_text

type Names = Mapping[str, str]

# Of each thing that can be asked, what follows "All clients", "and" and "or": %(many)s are one or several names,
# %(first)s and %(second)s numbers, amounts or days.
_PHRASES: dict[tuple[str, str], Promise] = {
    ("category", "in"): gettext_lazy("who have the category %(many)s"),
    ("category", "not_in"): gettext_lazy("who do not have the category %(many)s"),
    ("status", "in"): gettext_lazy("whose status is %(many)s"),
    ("status", "not_in"): gettext_lazy("whose status is not %(many)s"),
    ("reason", "in"): gettext_lazy("whose status has the reason %(many)s"),
    ("reason", "not_in"): gettext_lazy("whose status has another reason than %(many)s"),
    ("first_visit", "within_last"): gettext_lazy("who came for the first time within the last %(first)s"),
    ("first_visit", "longer_ago"): gettext_lazy("whose first visit is longer ago than %(first)s"),
    ("first_visit", "between"): gettext_lazy("whose first visit was from %(first)s to %(second)s"),
    ("first_visit", "never"): gettext_lazy("who have not been here yet"),
    ("last_visit", "within_last"): gettext_lazy("who came within the last %(first)s"),
    ("last_visit", "longer_ago"): gettext_lazy("whose last visit is longer ago than %(first)s"),
    ("last_visit", "between"): gettext_lazy("whose last visit was from %(first)s to %(second)s"),
    ("last_visit", "never"): gettext_lazy("who have never come"),
    ("next_visit", "within_next"): gettext_lazy("who have an appointment within the next %(first)s"),
    ("next_visit", "later_than"): gettext_lazy("whose next appointment is later than in %(first)s"),
    ("next_visit", "between"): gettext_lazy("whose next appointment is from %(first)s to %(second)s"),
    ("next_visit", "none"): gettext_lazy("who have no appointment"),
    ("visits", "at_least"): gettext_lazy("who have had at least %(first)s"),
    ("visits", "at_most"): gettext_lazy("who have had at most %(first)s"),
    ("no_shows", "at_least"): gettext_lazy("who have stayed away from an appointment at least %(first)s"),
    ("no_shows", "at_most"): gettext_lazy("who have stayed away from an appointment at most %(first)s"),
    ("spent", "at_least"): gettext_lazy("who have spent at least %(first)s"),
    ("spent", "at_most"): gettext_lazy("who have spent at most %(first)s"),
    ("spent", "at_least_within"): gettext_lazy("who have spent at least %(first)s within the last %(second)s"),
    ("spent", "at_most_within"): gettext_lazy("who have spent at most %(first)s within the last %(second)s"),
    ("top_spenders", "top_percent"): gettext_lazy("who are among the %(first)s who spent most within 12 months"),
    ("service", "bought"): gettext_lazy("who have had %(many)s"),
    ("service", "bought_within"): gettext_lazy("who have had %(many)s within the last %(first)s"),
    ("service", "not_bought"): gettext_lazy("who have never had %(many)s"),
    ("service", "not_bought_within"): gettext_lazy("who have not had %(many)s within the last %(first)s"),
    ("product", "bought"): gettext_lazy("who have bought %(many)s"),
    ("product", "bought_within"): gettext_lazy("who have bought %(many)s within the last %(first)s"),
    ("product", "not_bought"): gettext_lazy("who have never bought %(many)s"),
    ("product", "not_bought_within"): gettext_lazy("who have not bought %(many)s within the last %(first)s"),
    ("weekday", "in"): gettext_lazy("who usually come on %(many)s"),
    ("weekday", "not_in"): gettext_lazy("who do not usually come on %(many)s"),
    ("time_of_day", "in"): gettext_lazy("who usually come %(many)s"),
    ("time_of_day", "not_in"): gettext_lazy("who do not usually come %(many)s"),
    ("preferred_staff", "in"): gettext_lazy("who prefer %(many)s"),
    ("preferred_staff", "not_in"): gettext_lazy("who do not prefer %(many)s"),
    ("preferred_staff", "none"): gettext_lazy("who prefer nobody in particular"),
    ("birthday", "this_month"): gettext_lazy("whose birthday is this month"),
    ("birthday", "in_month"): gettext_lazy("whose birthday is in %(first)s"),
    ("birthday", "within_next"): gettext_lazy("whose birthday is within the next %(first)s"),
    ("age", "at_least"): gettext_lazy("who are at least %(first)s old"),
    ("age", "at_most"): gettext_lazy("who are at most %(first)s old"),
    ("age", "between"): gettext_lazy("who are %(first)s to %(second)s old"),
    ("age", "none"): gettext_lazy("whose age is not known"),
    ("gender", "in"): gettext_lazy("whose gender is %(many)s"),
    ("gender", "not_in"): gettext_lazy("whose gender is not %(many)s"),
    ("gender", "none"): gettext_lazy("whose gender is not on the card"),
    ("postal_code", "begins"): gettext_lazy("whose postcode begins with %(many)s"),
    ("postal_code", "not_begins"): gettext_lazy("whose postcode does not begin with %(many)s"),
    ("postal_code", "none"): gettext_lazy("whose postcode is not on the card"),
    ("town", "in"): gettext_lazy("who live in %(many)s"),
    ("town", "not_in"): gettext_lazy("who do not live in %(many)s"),
    ("town", "none"): gettext_lazy("whose town is not on the card"),
    ("points", "at_least"): gettext_lazy("who have at least %(first)s"),
    ("points", "at_most"): gettext_lazy("who have at most %(first)s"),
    ("treatcard", "yes"): gettext_lazy("who have a Treatcard"),
    ("treatcard", "no"): gettext_lazy("who have no Treatcard"),
    ("email_consent", "yes"): gettext_lazy("who have agreed to news by e-mail"),
    ("email_consent", "no"): gettext_lazy("who have not agreed to news by e-mail"),
    ("email_consent", "unconfirmed"): gettext_lazy("who have not confirmed yet that they want news by e-mail"),
    ("email_consent", "lapsed"): gettext_lazy("who have agreed to news by e-mail, but at another address"),
    ("email_consent", "withdrawn"): gettext_lazy("who do not want news by e-mail any more"),
    ("email_consent", "never"): gettext_lazy("who were never asked whether they want news by e-mail"),
    ("campaign", "got"): gettext_lazy("who have got the campaign %(many)s"),
    ("campaign", "not_got"): gettext_lazy("who have not got the campaign %(many)s"),
    ("written_to", "within_last"): gettext_lazy(
        "to whom a campaign or automation has written within the last %(first)s"
    ),
    ("written_to", "not_within_last"): gettext_lazy(
        "to whom no campaign or automation has written within the last %(first)s"
    ),
    ("lapsing", "within_next"): gettext_lazy(
        "who, with no appointment, would count as new again within the next %(first)s"
    ),
    ("overdue", "yes"): gettext_lazy("who have stayed away longer than is usual for them"),
    ("overdue", "no"): gettext_lazy("who have not stayed away longer than is usual for them"),
    ("blocked", "yes"): gettext_lazy("who are blocked"),
    ("blocked", "no"): gettext_lazy("who are not blocked"),
    ("listed", "within_last"): gettext_lazy("who became clients within the last %(first)s"),
    ("listed", "longer_ago"): gettext_lazy("who became clients longer ago than %(first)s"),
    ("listed", "between"): gettext_lazy("who became clients from %(first)s to %(second)s"),
}
# The same where the number of days is 0: people say "today".
_OF_TODAY: dict[tuple[str, str], Promise] = {
    ("first_visit", "within_last"): gettext_lazy("who came for the first time today"),
    ("first_visit", "longer_ago"): gettext_lazy("whose first visit was before today"),
    ("last_visit", "within_last"): gettext_lazy("who came today"),
    ("last_visit", "longer_ago"): gettext_lazy("whose last visit was before today"),
    ("next_visit", "within_next"): gettext_lazy("who have an appointment today"),
    ("next_visit", "later_than"): gettext_lazy("whose next appointment is after today"),
    ("birthday", "within_next"): gettext_lazy("whose birthday is today"),
    ("written_to", "within_last"): gettext_lazy("to whom a campaign or automation has written today"),
    ("written_to", "not_within_last"): gettext_lazy("to whom no campaign or automation has written today"),
    ("lapsing", "within_next"): gettext_lazy("who, with no appointment, would count as new again today"),
    ("listed", "within_last"): gettext_lazy("who became clients today"),
    ("listed", "longer_ago"): gettext_lazy("who became clients before today"),
}


def names_of(ids: Mapping[Kind, Iterable[UUID]]) -> dict[str, str]:
    """Return what the salon calls these things of its own, by id; what is gone is left out."""
    found: dict[str, str] = {}
    for kind, wanted in ids.items():
        if listed := set(wanted):
            found |= {str(pk): name for pk, name in _ROWS[kind]().filter(pk__in=listed).values_list("pk", "name")}
    return found


_ROWS: dict[Kind, Callable[[], QuerySet[Any]]] = {
    Kind.CATEGORY: Category.objects.live,
    Kind.SERVICE: Service.objects.all,
    Kind.PRODUCT: Product.objects.all,
    Kind.STAFF: StaffMember.objects.all,
    Kind.CAMPAIGN: Campaign.objects.live,
}


def ids_in(rules: Iterable[Group]) -> dict[Kind, list[UUID]]:
    """Return the ids of the salon's own things in some rules."""
    found: dict[Kind, list[UUID]] = {}
    for rule in rules:
        for condition in rule.conditions():
            kind = _operator(condition).many
            if kind in REFERENCES:
                found.setdefault(kind, []).extend(value for value in condition.values if isinstance(value, UUID))
    return found


def rows_of(kind: Kind) -> QuerySet[Model]:
    """Return what a condition can be about, of one kind of things, whatever became of them."""
    return _ROWS[kind]()


def _operator(condition: Condition) -> Operator:
    return FIELDS[condition.field].operators[condition.operator]


@dataclass(frozen=True, slots=True)
class _Writing:
    names: Names
    currency: str
    marks: bool

    def text(self, text: str) -> str:
        """What is a value: put into the words as it is, or marked."""
        return f"<b>{escape(text)}</b>" if self.marks else text

    def whole(self, rule: Group) -> str:
        return self._denied(rule) if rule.negated else self._joined(rule)

    def _denied(self, group: Group) -> str:
        several = group.match == Match.ALL and len(group.parts) > 1
        words = (
            _("for whom not all of this is true: (%(this)s)") if several else _("for whom this is not true: (%(this)s)")
        )
        return words % {"this": self._joined(group)}

    def _joined(self, group: Group) -> str:
        word = _("and") if group.match == Match.ALL else _("or")
        parts = [self._inner(part) if isinstance(part, Group) else self.condition(part) for part in group.parts]
        return f" {self.joint(word)} ".join(parts)

    def _inner(self, group: Group) -> str:
        if group.negated:
            return self._denied(group)
        inner = self._joined(group)
        return inner if len(group.parts) == 1 else f"({inner})"

    def joint(self, word: str) -> str:
        return f"<em>{escape(word)}</em>" if self.marks else word

    def condition(self, condition: Condition) -> str:
        operator, known = _operator(condition), FIELDS[condition.field]
        ahead = len(operator.takes)
        taken = [self.value(kind, value) for kind, value in zip(operator.takes, condition.values, strict=False)]
        if operator.takes == (Kind.YEARS, Kind.YEARS):
            # "18 to 30 years" names them once.
            taken[0] = self.text(str(condition.values[0]))
        choices = dict(known.choices)
        named = choices if operator.many == Kind.CHOICE else self.names
        many = [
            self.text(str(value if operator.many in TYPED else named.get(str(value)) or _("something that is gone")))
            for value in condition.values[ahead:]
        ]
        told = {"first": "", "second": "", "many": _listed(many)}
        told |= dict(zip(("first", "second"), taken, strict=False))
        asked = (condition.field, condition.operator)
        today = operator.takes == (Kind.DAYS,) and condition.values[0] == 0
        phrase = str(_OF_TODAY[asked] if today else _PHRASES[asked])
        return (escape(phrase) if self.marks else phrase) % told

    def value(self, kind: Kind, value: Value) -> str:
        return self.text(_WRITTEN[kind](value, self.currency))


def _listed(texts: Sequence[str]) -> str:
    *first, last = texts or [""]
    return f"{', '.join(first)} {_('or')} {last}" if first else last


def _points(value: Any, _currency: str) -> str:
    return ngettext("%(count)s point", "%(count)s points", value) % {"count": number_format(value, force_grouping=True)}


_WRITTEN: dict[Kind, Callable[[Any, str], str]] = {
    Kind.DAYS: lambda value, _currency: ngettext("%(count)d day", "%(count)d days", value) % {"count": value},
    Kind.MONTHS: lambda value, _currency: ngettext("%(count)d month", "%(count)d months", value) % {"count": value},
    Kind.VISITS: lambda value, _currency: ngettext("%(count)d visit", "%(count)d visits", value) % {"count": value},
    Kind.TIMES: lambda value, _currency: ngettext("once", "%(count)d times", value) % {"count": value},
    Kind.POINTS: _points,
    Kind.PERCENT: lambda value, _currency: _("%(count)d percent") % {"count": value},
    Kind.MONTH: lambda value, _currency: str(MONTHS[value]),
    Kind.YEARS: lambda value, _currency: ngettext("%(count)d year", "%(count)d years", value) % {"count": value},
    Kind.MONEY: lambda value, currency: amount_text(Decimal(value), currency),
    Kind.DATE: lambda value, _currency: _day(value),
}


def _day(value: date) -> str:
    return dateformat.format(value, get_format("SHORT_DATE_FORMAT"))


def sentence_of(rule: Group, names: Names, currency: str) -> str:
    """Return what a rule means as a sentence; `names` has those of the salon's own things in it."""
    if not rule.parts:
        return _("Nobody.") if rule.negated else _("All clients.")
    return _("All clients %(who)s.") % {"who": _Writing(names, currency, marks=False).whole(rule)}


def marked_sentence(rule: Group, names: Names, currency: str) -> SafeString:
    """Return the same for a page: values are marked, and what joins them."""
    if not rule.parts:
        return mark_safe(escape(sentence_of(rule, names, currency)))  # noqa: S308 - escaped
    words = escape(_("All clients %(who)s.")) % {"who": _Writing(names, currency, marks=True).whole(rule)}
    return mark_safe(words)  # noqa: S308 - each value in it is escaped, and so are the words
