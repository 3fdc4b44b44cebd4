"""The form of a reward: it parses; what is accepted, the operations decide."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loyalty.eligibility import Matrix
from loyalty.models import Reward
from loyalty.rewards import ChangedReward, standard_points
from loyalty.web.numbers import points_text
from salon.catalogue.models import Product, Service
from salon.catalogue.web.fields import WholeField
from salon.web.amounts import amount_text

MATRIX_WORDS = {
    Matrix.FIRST_TIME: _(
        "Only whoever has never had it. She gets to know something new for free, and often pays for it the next time."
    ),
    Matrix.ANYTIME: _("Also whoever has had it. You may then give away what she would have paid for."),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can become a reward, with its price and its standard."""

    value: str
    name: str
    price: str
    standard: int
    words: str

    @classmethod
    def of(cls, item: Service | Product, currency: str) -> "Choice":
        """Return what the form says of a service or product."""
        price, standard = amount_text(item.price, currency), standard_points(item.price)
        return cls(str(item.pk), item.name, price, standard, standard_words(points_text(standard), price))


@dataclass(frozen=True, slots=True)
class MatrixChoice:
    """One setting of the matrix, explained in a sentence."""

    value: str
    label: Promise | str
    words: Promise
    chosen: bool


def standard_words(points: str, price: str) -> str:
    """Return how the standard comes about: `Standard: 350 Punkte (14 × 25,00 €)`."""
    return _("Standard: %(points)s (14 × %(price)s)") % {"points": points, "price": price}


class RewardForm(forms.Form):
    """What a reward costs and who may redeem it; a new one also asks for what it consists of."""

    item = forms.TypedChoiceField(
        label=_("Reward"), coerce=UUID, error_messages={"required": _("Choose what the reward consists of.")}
    )
    points = WholeField(label=_("Points"), required=False)
    matrix = forms.ChoiceField(label=_("Who may redeem it?"), choices=Matrix.choices)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        items: Iterable[Service | Product] = (),
        reward: Reward | None = None,
    ) -> None:
        super().__init__(data, auto_id="reward_%s", initial=_initial(reward))
        field = self.fields["item"]
        if reward is not None:
            del self.fields["item"]
        elif isinstance(field, forms.ChoiceField):
            field.choices = [("", ""), *((str(one.pk), one.name) for one in items)]

    @property
    def matrix_choices(self) -> list[MatrixChoice]:
        """The settings of the matrix, the advised one first."""
        chosen = self["matrix"].value()
        return [MatrixChoice(one.value, one.label, MATRIX_WORDS[one], one.value == chosen) for one in Matrix]

    @property
    def changes(self) -> ChangedReward:
        """What was entered, as changes; to be called on a valid form. Points that stay are not set again."""
        entered = self.cleaned_data
        changes = ChangedReward(matrix=Matrix(entered["matrix"]))
        if entered["points"] != self.initial.get("points"):
            changes["points"] = entered["points"]
        return changes


def _initial(reward: Reward | None) -> dict[str, Any]:
    if reward is None:
        return {"matrix": Matrix.FIRST_TIME.value}
    return {"points": reward.points, "matrix": reward.matrix, "version": reward.version}
