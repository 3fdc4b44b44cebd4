"""*Marketing » Regeln*: who writes, what clients agree to, and whether existing customers are written to (§ 7 UWG)."""

from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from clients.models import ConsentPurpose
from clients.pending import ask_void_anew, pending
from clients.wordings import LONGEST_WORDING, default_wording, save_wording, wording_now, wordings
from marketing.models import MarketingRules
from marketing.reply_addresses import receives
from marketing.rules import (
    LONGEST_ADDRESS,
    LONGEST_IMPRINT,
    LONGEST_NAME,
    Sender,
    allow_existing_customers,
    forbid_existing_customers,
    rules_now,
    save_rules,
    sender_of,
)
from marketing.web.pictures import PictureForm, picture_url
from salon.errors import InvalidInput, VersionConflict
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors

_NEWS = ConsentPurpose.EMAIL_MARKETING


class SenderForm(forms.Form):
    """Who writes; what can stand in a mail, the operation says."""

    sender_name = forms.CharField(
        label=gettext_lazy("Sender's name"),
        required=False,
        max_length=LONGEST_NAME,
        help_text=gettext_lazy("What mailboxes show as the sender. Empty: the salon's name."),
    )
    reply_to = forms.CharField(
        label=gettext_lazy("Answers go to"),
        required=False,
        max_length=LONGEST_ADDRESS,
        help_text=gettext_lazy("Your salon's e-mail address."),
    )
    imprint = forms.CharField(
        label=gettext_lazy("Imprint"),
        required=False,
        max_length=LONGEST_IMPRINT,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy(
            "Stands under every mail: name and legal form of your business, who represents it, street and town, phone "
            "or e-mail, and, where you have them, register and VAT number."
        ),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if receives():
            self.fields["reply_to"].help_text = _(
                "Answers to campaigns, automations and messages come in under Messages and stand on the client's card. "
                "Only answers to test mails go to this address."
            )

    @property
    def sender(self) -> Sender:
        """What was entered; to be called on a valid form."""
        return Sender(**{name: value for name, value in self.cleaned_data.items() if name != "version"})


class WordingForm(forms.Form):
    """The words that clients agree to."""

    wording = forms.CharField(
        label=gettext_lazy("Wording"),
        required=False,
        max_length=LONGEST_WORDING,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Say who writes, about what, by e-mail, and that it can be withdrawn at any time."),
    )
    number = forms.IntegerField(required=False, widget=forms.HiddenInput)


class DecisionForm(forms.Form):
    """The owner's word that the law's conditions are met."""

    confirmed = forms.BooleanField(
        label=gettext_lazy(
            "I have read the four conditions. My salon meets all of them, and I decide that existing customers may be "
            "written to without their consent."
        ),
        required=False,
    )


@requires(Permission.MARKETING)
@require_safe
def marketing_rules(request: SalonRequest) -> HttpResponse:
    """Everything that is decided, on one page."""
    return _page(request)


@requires(Permission.MARKETING_WRITE)
@require_POST
def marketing_sender(request: SalonRequest) -> HttpResponse:
    """Say who writes; whoever saves behind somebody else is told, and keeps what was entered."""
    form = SenderForm(request.POST)
    if not form.is_valid():
        return _page(request, sender=form)
    version = form.cleaned_data["version"]
    try:
        saved = save_rules(actor=request.actor, sender=form.sender, version=version, now=timezone.now())
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
        return _page(request, sender=form)
    except VersionConflict as refusal:
        # Saved once more, it is saved over what is told now.
        again = SenderForm({**request.POST.dict(), "version": str(rules_now().version)})
        again.add_error(None, str(refusal.message))
        return _page(request, sender=again)
    _tell(request, changed=saved.version != version)
    return redirect("marketing_rules", request.salon.slug)


@requires(Permission.MARKETING_WRITE)
@require_POST
def marketing_wording(request: SalonRequest) -> HttpResponse:
    """Let other words hold, as a new version."""
    form = WordingForm(request.POST)
    if not form.is_valid():
        return _page(request, wording=form)
    number = form.cleaned_data["number"]
    try:
        saved = save_wording(
            actor=request.actor,
            salon=request.salon,
            purpose=_NEWS,
            text=form.cleaned_data["wording"],
            number=number,
            now=timezone.now(),
        )
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
        return _page(request, wording=form)
    except VersionConflict as refusal:
        again = WordingForm({**request.POST.dict(), "number": str(wording_now(_NEWS, request.salon).number)})
        again.add_error(None, str(refusal.message))
        return _page(request, wording=again)
    _tell(request, changed=saved.number != number)
    return redirect("marketing_rules", request.salon.slug)


@requires(Permission.MARKETING_WRITE)
@require_POST
def marketing_ask_anew(request: SalonRequest) -> HttpResponse:
    """Send a new link to those whose own asks for words that hold no more."""
    sent = ask_void_anew(actor=request.actor, salon=request.salon, now=timezone.now())
    told = ngettext("%(count)d client is asked anew.", "%(count)d clients are asked anew.", sent) % {"count": sent}
    messages.success(request, told)
    return redirect("marketing_rules", request.salon.slug)


@requires(Permission.EXISTING_CUSTOMERS)
@require_POST
def marketing_existing_allow(request: SalonRequest) -> HttpResponse:
    """Let existing customers be written to, once the owner says that the law's conditions are met."""
    form = DecisionForm(request.POST)
    form.is_valid()
    confirmed = form.cleaned_data["confirmed"]
    try:
        allow_existing_customers(actor=request.actor, confirmed=confirmed, now=timezone.now())
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
        return _page(request, decision=form)
    messages.success(request, _("Decided. Campaigns can now also go to existing customers; you choose it for each."))
    return redirect("marketing_rules", request.salon.slug)


@requires(Permission.MARKETING_WRITE)
@require_POST
def marketing_existing_forbid(request: SalonRequest) -> HttpResponse:
    """Take that back."""
    forbid_existing_customers(actor=request.actor, now=timezone.now())
    messages.success(request, _("Taken back. From now on only who has agreed is written to."))
    return redirect("marketing_rules", request.salon.slug)


def _tell(request: SalonRequest, *, changed: bool) -> None:
    if changed:
        messages.success(request, _("Saved."))
    else:
        messages.info(request, _("Nothing was changed."))


def _page(
    request: SalonRequest,
    *,
    sender: SenderForm | None = None,
    wording: WordingForm | None = None,
    decision: DecisionForm | None = None,
) -> HttpResponse:
    rules: MarketingRules = rules_now()
    words = wording_now(_NEWS, request.salon)
    permissions = request.actor.permissions
    context = {
        "rules": rules,
        "stored": sender_of(rules),
        "logo_url": picture_url(request, rules.logo) if rules.logo else "",
        "logo": PictureForm(),
        "sender": sender or SenderForm(initial=asdict(sender_of(rules)) | {"version": rules.version}),
        "wording": wording or WordingForm(initial={"wording": words.text, "number": words.number}),
        "words": words,
        "versions": wordings(_NEWS),
        "pending": pending(request.salon, now=timezone.now()),
        "default": default_wording(_NEWS, request.salon),
        "decision": decision or DecisionForm(),
        "decides": Permission.EXISTING_CUSTOMERS in permissions,
        "writes": Permission.MARKETING_WRITE in permissions,
    }
    refused = any(form is not None for form in (sender, wording, decision))
    return render(request, "marketing/rules.html", context, status=422 if refused else 200)
