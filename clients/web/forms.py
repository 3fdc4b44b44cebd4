"""The client card's form: parses input; what is accepted is decided by the operation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clients.cards import ConflictingChange
from clients.details import LABELS, YES, ChangedDetails, Gender
from clients.editing import Saved, update_client
from clients.models import Client
from clients.referral import referrer_in, referrer_seen, written
from clients.web.shown import birthday_text, worded
from salon.catalogue.models import StaffMember
from salon.errors import InvalidInput
from salon.identity.roles import Actor, Permission
from salon.phone import display_phone
from salon.web.access import SalonRequest
from salon.web.forms import show_errors

# What is asked of somebody who is new here.
FIRST_ENTERED = (
    "first_name",
    "last_name",
    "gender",
    "birthday",
    "mobile",
    "landline",
    "email",
    "street",
    "postal_code",
    "city",
    "preferred_staff",
    "referred_by",
)
# The fields of the form; the matrix exemption only for those who may grant it.
ENTERED = (*FIRST_ENTERED, "blocked", "blocked_reason")


def fields_for(actor: Actor) -> tuple[str, ...]:
    """Return what somebody may change on a card."""
    return (*ENTERED, "matrix_exempt") if Permission.MATRIX_EXEMPT in actor.permissions else ENTERED


def _text(name: str, **attributes: str) -> forms.CharField:
    return forms.CharField(label=cast(str, LABELS[name]), required=False, widget=forms.TextInput(attrs=attributes))


class Tick(forms.Field):
    """A yes or nothing, as the card's details write it."""

    widget = forms.CheckboxInput

    def to_python(self, value: Any) -> str:
        """Return YES or nothing."""
        return YES if value else ""


def _tick(name: str) -> Tick:
    return Tick(label=cast(str, LABELS[name]), required=False)


class ClientForm(forms.Form):
    """Master data of one card: the fields called `names`."""

    first_name = _text("first_name", autocomplete="off", autofocus="autofocus")
    last_name = _text("last_name", autocomplete="off")
    mobile = _text("mobile", type="tel", autocomplete="off", inputmode="tel")
    email = _text("email", type="email", autocomplete="off", inputmode="email")
    gender = forms.CharField(label=cast(str, LABELS["gender"]), required=False, widget=forms.Select)
    birthday = forms.CharField(
        label=cast(str, LABELS["birthday"]), required=False, help_text=_("21.11.1990, or 21.11. without year")
    )
    landline = _text("landline", type="tel", autocomplete="off", inputmode="tel")
    street = _text("street", autocomplete="off")
    postal_code = _text("postal_code", autocomplete="off", inputmode="numeric")
    city = _text("city", autocomplete="off")
    preferred_staff = forms.CharField(label=cast(str, LABELS["preferred_staff"]), required=False, widget=forms.Select)
    referred_by = _text("referred_by", autocomplete="off")
    blocked = _tick("blocked")
    blocked_reason = _text("blocked_reason", autocomplete="off")
    matrix_exempt = _tick("matrix_exempt")
    # What the card was made of when the form was shown: the id of a new card, the values of an old one.
    card_id = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        initial: dict[str, object] | None = None,
        names: Sequence[str] = ENTERED,
    ) -> None:
        super().__init__(data=data, initial=initial)
        self.names = names
        for other in {*ENTERED, "matrix_exempt"} - set(names):
            del self.fields[other]
        if "gender" in self.fields:
            choices = [("", _("not given")), *Gender.choices]
            cast(forms.Select, self.fields["gender"].widget).choices = choices

        if "preferred_staff" in self.fields:
            cast(forms.Select, self.fields["preferred_staff"].widget).choices = self._staff()

    def _staff(self) -> list[tuple[str, Any]]:
        """Return who can be chosen: everybody who works here, and whoever stands on the card."""
        there = str(self.shown_before.get("preferred_staff", ""))
        kept = Q(pk=there) if _is_id(there) else Q()
        rows = (
            StaffMember.objects.working() | StaffMember.objects.filter(kept) if kept else StaffMember.objects.working()
        )
        return [("", _("nobody in particular")), *((str(one.pk), one.name) for one in rows.in_order())]

    def clean(self) -> dict[str, Any]:
        """Find the card that was named as the referrer."""
        entered = self.cleaned_data
        self.referrer_id = ""
        text = entered.get("referred_by", "")
        if text and text != self.shown_before.get("referred_by"):
            try:
                found = referrer_in(text)
                self.referrer_id = str(found.pk) if found else ""
            except InvalidInput as refusal:
                show_errors(self, refusal.errors)
        return entered

    def worded(self, name: str, value: str, country: str) -> str:
        """Return a value of a field in the words of the screen."""
        if name == "preferred_staff":
            return str(StaffMember.objects.filter(pk=value).first() or "") if _is_id(value) else ""
        return worded(name, value, country)

    @property
    def shown_before(self) -> dict[str, str]:
        """The values that stood on the card when the form was shown, to be sent along."""
        if self.is_bound:
            return {name: self.data[f"was-{name}"] for name in self.names if f"was-{name}" in self.data}
        return {name: str(self.initial[name]) for name in self.names} if self.initial.keys() >= set(self.names) else {}

    @property
    def told(self) -> dict[str, str]:
        """What somebody else entered meanwhile, as a conflict told it."""
        return {name: self.data[f"told-{name}"] for name in self.names if f"told-{name}" in self.data}

    @property
    def overwritten(self) -> ChangedDetails:
        """What stood where something else was entered, where a conflict was told: what it told."""
        return _with_referrer_seen({**self._before, **self.told})

    @property
    def changes(self) -> ChangedDetails:
        """What was entered and is not what stood there; to be called on a valid form."""
        before = self.shown_before
        entered = {name: self.cleaned_data[name] for name in self.names}
        changed = {name: text for name, text in entered.items() if before.get(name) != text}
        if "referred_by" in changed:
            changed["referred_by"] = self.referrer_id
        return cast(ChangedDetails, changed)

    @property
    def seen(self) -> ChangedDetails:
        """What stood where something else was entered."""
        return _with_referrer_seen(self._before)

    @property
    def _before(self) -> dict[str, str]:
        before = self.shown_before
        return {name: before[name] for name in self.changes if name in before}


class NewClientForm(ClientForm):
    """Master data of a new card, and whether its client would like news."""

    news = forms.BooleanField(label=_("Would like news by e-mail"), required=False)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _with_referrer_seen(texts: dict[str, str]) -> ChangedDetails:
    if "referred_by" in texts:
        texts = {**texts, "referred_by": referrer_seen(texts["referred_by"])}
    return cast(ChangedDetails, texts)


def initial_of(client: Client, country: str) -> dict[str, object]:
    """Return a card as its form shows it: phones as people write them, the birthday in German writing."""
    details = client.details
    return {
        **{name: getattr(details, name) for name in (*ENTERED, "matrix_exempt")},
        "mobile": display_phone(details.mobile, country),
        "landline": display_phone(details.landline, country),
        "birthday": birthday_text(client),
        "referred_by": written(client.referred_by) if client.referred_by else "",
    }


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that two people changed: what the one entered, and what the other has saved."""

    label: Promise
    mine: str
    theirs: str


def change_card(request: SalonRequest, client_id: UUID, form: ClientForm) -> Saved:
    """Change a card to what a valid form says; "keep mine" overwrites what a conflict has told, and nothing else.

    Raises: NotAllowed, NotFound, InvalidInput, ConflictingChange.
    """
    return update_client(
        actor=request.actor,
        salon=request.salon,
        client_id=client_id,
        changes=form.changes,
        seen=form.overwritten if request.POST.get("confirm") == "mine" else form.seen,
        now=timezone.now(),
    )


def differences(form: ClientForm, refusal: ConflictingChange, country: str) -> list[Difference]:
    """Return what a conflict is about, in words."""
    theirs = initial_of(refusal.client, country)
    return [
        Difference(
            LABELS[name],
            form.worded(name, str(form.cleaned_data[name]), country),
            form.worded(name, str(theirs[name]), country),
        )
        for name in refusal.fields
    ]


def conflicting_form(form: ClientForm, refusal: ConflictingChange, country: str) -> ClientForm:
    """Return the form after a conflict: mine stay entered, on top of the card as it is by now.

    Only sending it with `overwritten` replaces what was told.
    """
    theirs = initial_of(refusal.client, country)
    mine = {name: form.cleaned_data[name] for name in form.changes}
    stored = {name: str(theirs[name]) for name in form.names}
    before = {**stored, **{name: form.shown_before[name] for name in refusal.fields}}
    data = {
        **stored,
        **mine,
        **{f"was-{name}": text for name, text in before.items()},
        **{f"told-{name}": stored[name] for name in refusal.fields},
    }
    return ClientForm(data, names=form.names)
