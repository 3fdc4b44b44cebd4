"""The forms of services, products, groups and offers: they parse; what is accepted, the operations decide."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django import forms
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from salon.catalogue.details import (
    VAT_RATES,
    ChangedProduct,
    ChangedService,
    OfferDetails,
    ProductDetails,
    ServiceDetails,
)
from salon.catalogue.models import CatalogueGroup, Product, Service, SpecialOffer, StaffMember
from salon.catalogue.offering import product_details, service_details
from salon.catalogue.web.fields import AmountField, DayField, WholeField
from salon.tenancy.models import Salon


class _SoldForm(forms.Form):
    """What services and products have in common."""

    name = forms.CharField(label=_("Name"), error_messages={"required": _("Enter a name.")})
    group_id = forms.TypedChoiceField(label=_("Group"), required=False, coerce=UUID, empty_value=None)
    new_group = forms.CharField(label=_("Or a new group"), required=False)
    price = AmountField(label=_("Price"), error_messages={"required": _("Enter an amount such as 12.50.")})
    vat_rate = forms.TypedChoiceField(label=_("VAT"), coerce=Decimal)
    points_override = WholeField(label=_("Treatcard points"), required=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        salon: Salon,
        groups: Iterable[CatalogueGroup],
        data: Mapping[str, Any] | None = None,
        *,
        initial: dict[str, Any],
    ) -> None:
        super().__init__(data, auto_id="sold_%s", initial=initial)
        self._offer("group_id", [("", _("without a group")), *((str(one.pk), one.name) for one in groups)])
        rates = list(VAT_RATES[salon.country])
        if initial.get("vat_rate") is not None and initial["vat_rate"] not in rates:
            rates.append(initial["vat_rate"])
        self._offer("vat_rate", [(str(rate), f"{number_format(rate.normalize())} %") for rate in rates])

    def _offer(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def _entered(self) -> dict[str, Any]:
        left_out = {"new_group", "version", "performers"}
        return {name: value for name, value in self.cleaned_data.items() if name not in left_out}


class ServiceForm(_SoldForm):
    """A service: its minutes, who does it, whether it can be booked online."""

    apply_minutes = WholeField(label=_("Work"), error_messages={"required": _("Enter a number of minutes.")})
    processing_minutes = WholeField(label=_("Processing time"), required=False)
    finish_minutes = WholeField(label=_("Work after it"), required=False)
    buffer_minutes = WholeField(label=_("Buffer behind it"), required=False)
    online = forms.BooleanField(label=_("Can be booked online"), required=False)
    counts_as_visit = forms.BooleanField(label=_("Counts as a visit"), required=False)
    performers = forms.TypedMultipleChoiceField(
        label=_("Who does it"), required=False, coerce=UUID, widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self,
        salon: Salon,
        groups: Iterable[CatalogueGroup],
        team: Iterable[StaffMember],
        data: Mapping[str, Any] | None = None,
        *,
        initial: dict[str, Any],
    ) -> None:
        super().__init__(salon, groups, data, initial=initial)
        self._offer("performers", [(str(one.pk), one.name) for one in team])

    def _entered(self) -> dict[str, Any]:
        entered = super()._entered()
        for name in ("processing_minutes", "finish_minutes", "buffer_minutes"):
            entered[name] = entered[name] or 0
        return entered

    @property
    def details(self) -> ServiceDetails:
        """What was entered, as a new service; to be called on a valid form."""
        return ServiceDetails(**self._entered())

    @property
    def changes(self) -> ChangedService:
        """What was entered, as changes; to be called on a valid form."""
        return cast(ChangedService, self._entered())


class ProductForm(_SoldForm):
    """A product and its barcode."""

    barcode = forms.CharField(label=_("Barcode"), required=False)

    @property
    def details(self) -> ProductDetails:
        """What was entered, as a new product; to be called on a valid form."""
        return ProductDetails(**self._entered())

    @property
    def changes(self) -> ChangedProduct:
        """What was entered, as changes; to be called on a valid form."""
        return cast(ChangedProduct, self._entered())


class GroupForm(forms.Form):
    """The name of a group."""

    name = forms.CharField(label=_("Name of the group"), error_messages={"required": _("Enter a name.")})


class OfferForm(forms.Form):
    """Another price for something, on some days. `item` is `service:ID` or `product:ID`."""

    item = forms.ChoiceField(
        label=_("Service or product"), error_messages={"required": _("Choose a service or a product.")}
    )
    price = AmountField(label=_("Offer price"), error_messages={"required": _("Enter an amount such as 12.50.")})
    starts_on = DayField(label=_("First day"))
    ends_on = DayField(label=_("Last day"))

    def __init__(
        self,
        services: Iterable[Service],
        products: Iterable[Product],
        data: Mapping[str, Any] | None = None,
        *,
        offer: SpecialOffer | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, auto_id="offer_%s", initial=_of_offer(offer) if offer else initial)
        field = self.fields["item"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [
                ("", _("Choose …")),
                (_("All services"), [(f"service:{one.pk}", one.name) for one in services]),
                (_("Products"), [(f"product:{one.pk}", one.name) for one in products]),
            ]

    @property
    def details(self) -> OfferDetails:
        """What was entered; to be called on a valid form."""
        kind, _colon, pk = self.cleaned_data["item"].partition(":")
        return OfferDetails(
            service_id=UUID(pk) if kind == "service" else None,
            product_id=UUID(pk) if kind == "product" else None,
            price=self.cleaned_data["price"],
            starts_on=self.cleaned_data["starts_on"],
            ends_on=self.cleaned_data["ends_on"],
        )


def of_service(service: Service, performers: Iterable[UUID]) -> dict[str, Any]:
    """Return what the form of a service shows first."""
    shown = asdict(service_details(service)) | {
        "version": service.version,
        "performers": [str(one) for one in performers],
    }
    for name in ("processing_minutes", "finish_minutes", "buffer_minutes"):
        shown[name] = shown[name] or None
    return shown


def of_product(product: Product) -> dict[str, Any]:
    """Return what the form of a product shows first."""
    return asdict(product_details(product)) | {"version": product.version}


def _of_offer(offer: SpecialOffer) -> dict[str, Any]:
    item = f"service:{offer.service_id}" if offer.service_id else f"product:{offer.product_id}"
    return {"item": item, "price": offer.price, "starts_on": offer.starts_on, "ends_on": offer.ends_on}
