"""The lines of an import as a table: one row each with the cells it fills or changes, and all about it below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse

from clients.importing.formats import TARGET_LABELS, Target
from clients.models import Client, ImportBatch, ImportRow, Outcome
from clients.web.import_forms import column_names
from clients.web.import_words import KEPT, REMARKS, label_of, problem_words, value_words
from salon.tenancy.models import Salon

# What a field of the card is called that a column fills under another name.
_FILLED: dict[str, str] = {
    Target.FIRST_VISIT_ON: "carried_first_visit_on",
    Target.LAST_VISIT_ON: "carried_last_visit_on",
    Target.VISITS: "carried_visits",
    Target.PHONE: "mobile",
}
# What the name of a new client says already.
_NAMES = frozenset({"first_name", "last_name"})


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One field before and after, as text for people, and what the file does not say of it."""

    field: str
    label: object
    old: str
    new: str
    remark: object


@dataclass(frozen=True, slots=True)
class ShownCell:
    """What a line puts into one column, and what the file had there that is left out."""

    changes: list[ShownChange]
    left_out: list[str]


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line of a file as preview and result show it."""

    number: int
    name: str
    contact: str
    cells: list[ShownCell]
    changes: list[ShownChange]
    problems: list[str]
    hints: list[str]
    left_out: list[str]
    # What stands in the file, by its headings.
    given: list[tuple[str, str]]
    card_url: str | None
    # Whose card it is, where the line calls its client otherwise.
    card: Client | None
    kept: object
    # Whether its cells change a card, and do not make one.
    is_change: bool

    @property
    def remarks(self) -> int:
        """How much is said about the line beside its cells."""
        return len(self.hints) + len(self.left_out)


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines as a table: the labels of the columns between them, and its rows."""

    columns: list[object]
    rows: list[ShownLine]

    @property
    def width(self) -> int:
        """How many columns there are at most, with line, name, reason and contact."""
        return len(self.columns) + 4


def lines_table(rows: Sequence[ImportRow], cards: Mapping[UUID, Client], batch: ImportBatch, salon: Salon) -> Lines:
    """Return some lines as a table with a column for every field that any of them fills, changes or leaves out."""
    columns = _columns(rows)
    headings = column_names(batch.header)
    shown = [_line(row, cards.get(row.card_id) if row.card_id else None, columns, headings, salon) for row in rows]
    return Lines([label_of(field) for field in columns], shown)


def _columns(rows: Sequence[ImportRow]) -> list[str]:
    found: set[str] = set()
    for row in rows:
        named = _NAMES if row.outcome == Outcome.CREATE else frozenset()
        found |= {field for field, _old, _new in row.plan.get("changes", []) if field not in named}
        found |= {_field(problem) for problem in row.plan.get("left_out", [])}
    order = [_FILLED.get(target, target) for target in TARGET_LABELS]
    return sorted(found - {""}, key=lambda field: order.index(field) if field in order else len(order))


def _field(problem: dict[str, str]) -> str:
    return _FILLED.get(problem["target"], problem["target"])


def _line(row: ImportRow, card: Client | None, columns: Sequence[str], headings: list[str], salon: Salon) -> ShownLine:
    country, plan = salon.country, row.plan
    remarks = {(field, new): REMARKS[said] for field, new, said in plan.get("remarks", [])}
    changes = [
        ShownChange(
            field,
            label_of(field),
            value_words(field, old, country),
            value_words(field, new, country),
            remarks.get((field, new), ""),
        )
        for field, old, new in plan.get("changes", [])
    ]
    gone = plan.get("left_out", [])
    faulty = row.outcome == Outcome.FAULTY
    return ShownLine(
        number=row.number,
        name=plan.get("name", ""),
        contact=value_words("mobile", plan.get("contact", ""), country),
        cells=[
            ShownCell(
                [one for one in changes if one.field == field],
                [problem["cell"] for problem in gone if _field(problem) == field],
            )
            for field in columns
        ],
        changes=changes,
        problems=[problem_words(one) for one in plan.get("problems", [])],
        hints=[problem_words(one) for one in plan.get("hints", [])],
        left_out=[problem_words(one) for one in gone],
        given=[(heading, cell) for heading, cell in zip(headings, row.cells, strict=False) if cell],
        card_url=reverse("client_card", args=[salon.slug, row.card_id]) if row.card_id and not faulty else None,
        card=card if card and not faulty and card.full_name != plan.get("name", "") else None,
        kept=KEPT.get(row.kept_because, ""),
        is_change=row.outcome == Outcome.UPDATE,
    )
