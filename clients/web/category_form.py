"""The form of a client category: parses input; what is accepted is decided by the operation."""

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from clients.labels import ChangedCategory, DiscountOn
from clients.models import Category
from clients.web.discounts import percent_text
from salon.identity.roles import Actor, Permission


class CategoryForm(forms.Form):
    """A category's name and description, and for whoever may grant one its discount."""

    name = forms.CharField(label=_("Name"), required=False)
    description = forms.CharField(label=_("Short description"), required=False)
    discount_percent = forms.CharField(label=_("Discount in percent"), required=False)
    discount_on = forms.ChoiceField(label=_("The discount applies to"), choices=DiscountOn.choices, required=False)
    discount_special_offers = forms.BooleanField(label=_("Also on special offers"), required=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, actor: Actor, data: Mapping[str, str] | None = None, category: Category | None = None) -> None:
        # Ids of its own: on the card it stands beside other forms.
        super().__init__(data, auto_id="category_%s", initial=_initial(category) if category else {})
        if Permission.DISCOUNTS not in actor.permissions:
            for name in ("discount_percent", "discount_on", "discount_special_offers"):
                del self.fields[name]

    @property
    def changes(self) -> ChangedCategory:
        """What was entered; to be called on a valid form."""
        entered = self.cleaned_data
        changes = ChangedCategory(name=entered["name"], description=entered["description"])
        if "discount_percent" in self.fields:
            changes["discount_percent"] = entered["discount_percent"]
            changes["discount_on"] = entered["discount_on"] or DiscountOn.BOTH.value
            changes["discount_special_offers"] = entered["discount_special_offers"]
        return changes


def _initial(category: Category) -> dict[str, object]:
    return {
        "name": category.name,
        "description": category.description,
        "discount_percent": percent_text(category.discount_percent),
        "discount_on": category.discount_on,
        "discount_special_offers": category.discount_special_offers,
        "version": category.version,
    }
