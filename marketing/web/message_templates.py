"""*Nachrichten » Vorlagen*: texts to begin messages with (ui.md §2.7)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketing.letters import LONGEST_SUBJECT
from marketing.message_templates import (
    LONGEST_NAME,
    LONGEST_TEXT,
    Wording,
    create_template,
    delete_template,
    get_template,
    restore_template,
    templates,
    update_template,
)
from marketing.models import MessageTemplate
from marketing.placeholders import PLACEHOLDERS, in_words
from salon.errors import InvalidInput, VersionConflict
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors


class TemplateForm(forms.Form):
    """One template; `version` is the one that was read."""

    name = forms.CharField(label=gettext_lazy("Name"), required=False, max_length=LONGEST_NAME)
    subject = forms.CharField(label=gettext_lazy("Subject"), required=False, max_length=LONGEST_SUBJECT)
    text = forms.CharField(
        label=gettext_lazy("Message"),
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": "10"}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def wording(self) -> Wording:
        """Return what was entered."""
        return Wording(self.cleaned_data["name"], self.cleaned_data["subject"], self.cleaned_data["text"])


@dataclass(frozen=True, slots=True)
class Row:
    """One template of the list, its placeholders in words."""

    name: str
    subject: str
    text: str
    url: str


def _row(template: MessageTemplate, url: str) -> Row:
    return Row(template.name, in_words(template.subject), in_words(template.text), url)


@requires(Permission.MARKETING_WRITE)
@require_safe
def message_templates(request: SalonRequest) -> HttpResponse:
    """Every template, by name."""
    slug = request.salon.slug
    context = {
        "templates": [_row(one, reverse("message_template", args=[slug, one.pk])) for one in templates()],
        "new_url": reverse("message_template_new", args=[slug]),
        "inbox_url": reverse("messages", args=[slug]),
    }
    return render(request, "marketing/message_templates.html", context)


@requires(Permission.MARKETING_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def message_template_new(request: SalonRequest) -> HttpResponse:
    """Write a new one."""
    form = TemplateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_template(actor=request.actor, wording=form.wording(), now=timezone.now())
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        else:
            messages.success(request, _("The template %(name)s is saved.") % {"name": made.name})
            return redirect("message_templates", request.salon.slug)
    return _page(request, form, None)


@requires(Permission.MARKETING_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def message_template(request: SalonRequest, template_id: UUID) -> HttpResponse:
    """Change one; what somebody else has changed meanwhile is shown beside what was entered."""
    template = get_template(template_id)
    if request.method != "POST":
        initial = {name: getattr(template, name) for name in ("name", "subject", "text", "version")}
        return _page(request, TemplateForm(initial=initial), template)
    form = TemplateForm(request.POST)
    theirs = None
    if form.is_valid():
        try:
            saved = update_template(
                actor=request.actor,
                template_id=template.pk,
                wording=form.wording(),
                version=form.cleaned_data["version"],
                now=timezone.now(),
            )
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        except VersionConflict as refusal:
            form.add_error(None, str(refusal.message))
            theirs = template
        else:
            messages.success(request, _("The template %(name)s is saved.") % {"name": saved.name})
            return redirect("message_templates", request.salon.slug)
    return _page(request, form, template, theirs=theirs)


@requires(Permission.MARKETING_WRITE)
@require_POST
def message_template_delete(request: SalonRequest, template_id: UUID) -> HttpResponse:
    """Take one away, or bring it back."""
    now = timezone.now()
    if request.GET.get("act") == "restore":
        try:
            back = restore_template(actor=request.actor, template_id=template_id, now=now)
        except InvalidInput as refusal:
            messages.error(request, str(refusal.errors[0].message))
        else:
            messages.success(request, _("The template %(name)s is back.") % {"name": back.name})
    else:
        gone = delete_template(actor=request.actor, template_id=template_id, now=now)
        undo = reverse("message_template_delete", args=[request.salon.slug, template_id])
        told = _("The template %(name)s is deleted.") % {"name": gone.name}
        messages.success(request, told, extra_tags=f"{undo}?act=restore")
    return redirect("message_templates", request.salon.slug)


def _page(
    request: SalonRequest,
    form: TemplateForm,
    template: MessageTemplate | None,
    *,
    theirs: MessageTemplate | None = None,
) -> HttpResponse:
    slug = request.salon.slug
    context: dict[str, Any] = {
        "form": form,
        "template": template,
        "theirs": theirs,
        "placeholders": PLACEHOLDERS.items(),
        "list_url": reverse("message_templates", args=[slug]),
        "delete_url": reverse("message_template_delete", args=[slug, template.pk]) if template else None,
    }
    return render(request, "marketing/message_template.html", context, status=422 if form.errors else 200)
