"""The forms of an import: the file, and what its columns mean. What is accepted is decided by the operations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django import forms
from django.forms import BoundField
from django.utils.formats import number_format
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from clients.importing.batches import LONGEST_WORDING, Choices
from clients.importing.formats import TARGET_LABELS
from clients.importing.mapping import DayOrder
from clients.importing.tables import Line
from clients.models import ImportBatch, KnownClients, LookAlikes

SHOWN_SAMPLES = 3
# Lines are counted from 1.
NO_LINE = 0


class UploadForm(forms.Form):
    """One file."""

    file = forms.FileField(
        label=_("File"),
        max_length=255,
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,.xls,.ods"}),
        error_messages={"required": _("Choose a file."), "missing": _("Choose a file.")},
    )
    # So that the same upload sent twice is one import.
    batch_id = forms.UUIDField(required=False, widget=forms.HiddenInput)


def column_names(header: Sequence[str]) -> list[str]:
    """Return what the columns of a file are called: by their headings, without one by their number."""
    return [heading or gettext("Column %(number)d") % {"number": number} for number, heading in enumerate(header, 1)]


class TableForm(forms.Form):
    """Where in the file the table is: its sheet, if there are several, and the line of its headings."""

    sheet = forms.ChoiceField(label=_("Sheet"))
    heading_line = forms.TypedChoiceField(label=_("Headings are in"), coerce=int)

    def __init__(self, data: Mapping[str, Any] | None = None, *, batch: ImportBatch, top: Sequence[Line]) -> None:
        at = NO_LINE if batch.without_headings else batch.first_line
        super().__init__(data, initial={"sheet": batch.sheet, "heading_line": at})
        self.sheets = {name: rows for name, rows in batch.sheets if batch.stored_as}
        if len(self.sheets) > 1:
            rows = {
                name: ngettext("%(count)s row", "%(count)s rows", count) % {"count": number_format(count)}
                for name, count in self.sheets.items()
            }
            self.fields["sheet"].choices = [  # type: ignore[attr-defined]
                (name, f"{name} – {said}") for name, said in rows.items()
            ]
        else:
            del self.fields["sheet"]
        self.fields["heading_line"].choices = [  # type: ignore[attr-defined]
            *((line.number, _beginning(line)) for line in top[:-1]),
            (NO_LINE, gettext("There are none, the first line is a client already")),
        ]

    @property
    def other_sheets(self) -> list[str]:
        """The sheets that are not read."""
        return [name for name in self.sheets if name != self.initial["sheet"]]


def _beginning(line: Line) -> str:
    """Return a line as one is told from another: by its number and its first words."""
    said = " · ".join(cell for cell in line.cells if cell)
    return gettext("Line %(number)d: %(said)s") % {"number": line.number, "said": Truncator(said).chars(60)}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file: its heading, what stands in it, and the choice of what it means."""

    index: int
    heading: str
    samples: list[str]
    field: BoundField

    @property
    def is_lost(self) -> bool:
        """Whether it holds something that is not taken over, as it stands."""
        return bool(self.samples) and not self.field.value()


class ColumnsForm(forms.Form):
    """What each column means, and how the file is taken over."""

    known_clients = forms.ChoiceField(
        label=_("Clients who are on file already"), choices=KnownClients.choices, widget=forms.RadioSelect
    )
    look_alikes = forms.ChoiceField(
        label=_("Lines that look like a client on file, but are not surely the same"),
        choices=LookAlikes.choices,
        widget=forms.RadioSelect,
    )
    leave_out_cells = forms.BooleanField(
        label=_("Leave out faulty cells and make the clients anyway"),
        help_text=_("Each cell that is left out is told with its reason. Without a name there is no card."),
        required=False,
    )
    take_erased = forms.BooleanField(
        label=_("Take in again whoever was erased in this salon"),
        help_text=_("Only if they want it themselves: they had asked for the erasure of their data."),
        required=False,
    )
    day_order = forms.ChoiceField(label=_("Dates"), choices=DayOrder.choices)
    create_categories = forms.BooleanField(label=_("Make categories that the salon has not got yet"), required=False)
    consent_wording = forms.CharField(
        label=_("Consent to news by e-mail: where does it come from?"),
        help_text=_(
            "For example: “Newsletter form of our old software, double opt-in”. It is kept with each consent. Without "
            "it no consent is taken over; lines without a clear yes never become one."
        ),
        required=False,
        max_length=LONGEST_WORDING,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, header: Sequence[str], **options: Any) -> None:
        super().__init__(data, **options)
        self.header = header
        choices = [(target.value, label) for target, label in TARGET_LABELS.items()]
        for index, name in enumerate(column_names(header)):
            self.fields[f"column_{index}"] = forms.ChoiceField(label=name, choices=choices, required=False)

    @classmethod
    def of(cls, batch: ImportBatch) -> Self:
        """Return the form as it proposes an import, or as it was chosen the last time."""
        initial = {f"column_{index}": target for index, target in enumerate(batch.targets)}
        return cls(header=batch.header, initial={**initial, **{name: getattr(batch, name) for name in cls.base_fields}})

    @property
    def choices(self) -> Choices:
        """What was chosen; to be called on a valid form."""
        entered = self.cleaned_data
        return Choices(
            targets=[entered[f"column_{index}"] for index in range(len(self.header))],
            day_order=entered["day_order"],
            known_clients=entered["known_clients"],
            look_alikes=entered["look_alikes"],
            create_categories=entered["create_categories"],
            leave_out_cells=entered["leave_out_cells"],
            take_erased=entered["take_erased"],
            consent_wording=entered["consent_wording"],
        )

    def columns(self, lines: Sequence[Sequence[str]]) -> list[Column]:
        """Return the columns with what stands in the first lines."""
        return [
            Column(
                index,
                str(self.fields[f"column_{index}"].label),
                [cells[index] for cells in lines if index < len(cells) and cells[index]][:SHOWN_SAMPLES],
                self[f"column_{index}"],
            )
            for index in range(len(self.header))
        ]
