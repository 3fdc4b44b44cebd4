"""What was written with one client, and the answer to it (ui.md §2.4, §2.7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from bookings.web.draft import uuid_in
from clients.cards import ConflictingChange, MergedAway, get_client
from clients.models import Client
from marketing.addresses import adopt_address, elsewhere, is_elsewhere
from marketing.answered import AnsweredMail, is_answer, mails_answered
from marketing.message_templates import filled, get_template, templates
from marketing.messages import (
    LONGEST_SUBJECT,
    LONGEST_TEXT,
    NoAddress,
    delivery_of,
    is_open,
    salon_mailbox,
    thread_of,
    write_message,
)
from marketing.models import Direction, Message, MessagePicture
from marketing.photos import photos_of
from marketing.placeholders import PLACEHOLDERS
from marketing.quoting import parts_of
from marketing.reply_addresses import receives
from marketing.unsubscribing import gets_news, take_off_by_answer
from marketing.web.inbox_address import done_url, found_by, inbox_url, thread_url
from marketing.web.photos import ShownPhoto
from marketing.web.trying_answers import answer_url
from marketing.web.undeliverable import undeliverable_of
from salon import keyset
from salon.errors import InvalidInput, NotFound
from salon.identity.roles import Permission
from salon.mail.models import TOLD, MailState
from salon.mail.reading import get_mail
from salon.tenancy.models import new_id
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors

# As much of a message stands open in its thread: characters, and lines.
_OPEN = (1500, 30)
_DRAWER = "drawer"
_STATES: dict[MailState, tuple[Promise, str]] = {
    MailState.WAITING: (gettext_lazy("on its way"), "clock"),
    MailState.SENDING: (gettext_lazy("on its way"), "clock"),
    MailState.SENT: (gettext_lazy("sent"), "check"),
    MailState.REFUSED: (gettext_lazy("not delivered"), "triangle-alert"),
    MailState.DROPPED: (gettext_lazy("not sent in time"), "triangle-alert"),
}


class MessageForm(forms.Form):
    """A message to one client."""

    subject = forms.CharField(label=gettext_lazy("Subject"), required=False, max_length=LONGEST_SUBJECT)
    text = forms.CharField(
        label=gettext_lazy("Message"),
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": "8"}),
    )
    form_id = forms.UUIDField(required=False, widget=forms.HiddenInput)


@dataclass(frozen=True, slots=True)
class Shown:
    """One message as its thread shows it: how it begins, what of it is folded away, and what it quotes behind it."""

    id: UUID
    is_ours: bool
    author: str
    at: datetime
    subject: str
    text: str
    more: str
    rest: str
    is_unread: bool
    automatic: bool
    other_address: str
    attachments: list[str]
    photos: list[ShownPhoto]
    state: Promise | str
    state_icon: str
    answers: AnsweredMail | None


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CLIENTS_READ)
def message_thread(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """All that was written with one client, and the next message to her; in the drawer that message alone."""
    try:
        client = get_client(client_id)
    except MergedAway as merged:
        return redirect("message_thread", request.salon.slug, merged.survivor_id)
    if request.method != "POST":
        return _thread(request, client, None)
    if chosen := uuid_in(request.POST.get("template")):
        return _thread(request, client, _begun(request, client, chosen))
    return _send(request, client)


@requires(Permission.CLIENTS_WRITE)
@require_POST
def message_unsubscribe(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """Take a client off the news who asks for it in her answer."""
    client = get_client(client_id)
    take_off_by_answer(actor=request.actor, client_id=client.pk, now=timezone.now())
    messages.success(request, _("%(name)s gets no more news.") % {"name": client.full_name})
    return redirect("message_thread", request.salon.slug, client.pk)


@requires(Permission.CLIENTS_WRITE)
@require_POST
def message_address(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """Let the card have the address that a message came from."""
    client, message_id = get_client(client_id), uuid_in(request.POST.get("message"))
    if message_id is None:
        raise NotFound
    try:
        saved = adopt_address(
            actor=request.actor,
            salon=request.salon,
            client_id=client.pk,
            message_id=message_id,
            seen=request.POST.get("seen", ""),
            now=timezone.now(),
        )
    except InvalidInput as refusal:
        messages.error(request, str(refusal.errors[0].message))
    except ConflictingChange:
        messages.error(request, _("Somebody else has changed the address meanwhile."))
    else:
        told = _("Mails to %(name)s go to %(address)s from now on.")
        told %= {"name": saved.client.full_name, "address": saved.client.email}
        messages.success(request, " ".join([told, *(str(one.message) for one in saved.warnings)]))
    return redirect(thread_url(request.salon.slug, client.pk, **found_by(request)))


def _send(request: SalonRequest, client: Client) -> HttpResponse:
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _thread(request, client, form, status=422)
    try:
        write_message(
            actor=request.actor,
            client_id=client.pk,
            subject=form.cleaned_data["subject"],
            text=form.cleaned_data["text"],
            message_id=form.cleaned_data["form_id"],
            now=timezone.now(),
        )
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
    except NoAddress as refusal:
        form.add_error(None, str(refusal.message))
    else:
        messages.success(request, _on_its_way() % {"name": client.full_name})
        if request.POST.get("back") == "card":
            return redirect("client_card", request.salon.slug, client.pk)
        return redirect(thread_url(request.salon.slug, client.pk, **found_by(request)))
    return _thread(request, client, form, status=422)


def _on_its_way() -> str:
    if settings.MAILS_STAY:
        return _("The message to %(name)s is written. No mail server is set up: the mails stay on this computer.")
    return _("The message to %(name)s is on its way.")


def _blank(client: Client, page: keyset.Page[Message] | None) -> MessageForm:
    """Return the form for an answer to what was written last, which the first page of the thread has at hand."""
    if page is None or page.previous:
        page = thread_of(client.pk, limit=1)
    subject = page.rows[0].subject if page.rows else ""
    if subject and not subject.lower().startswith(("re:", "aw:")):
        subject = f"Re: {subject}"
    return MessageForm(initial={"subject": subject[:LONGEST_SUBJECT], "form_id": new_id()})


def _begun(request: SalonRequest, client: Client, template_id: UUID) -> MessageForm:
    """Return the form with a template in it; what was typed already stays, before it."""
    typed = {name: request.POST.get(name, "") for name in ("subject", "text")}
    typed["form_id"] = request.POST.get("form_id") or str(new_id())
    try:
        wording, lacks = filled(get_template(template_id), client, salon=request.salon, now=timezone.now())
    except NotFound:
        return MessageForm(initial=typed)
    text = f"{typed['text'].rstrip()}\n\n{wording.text}" if typed["text"].strip() else wording.text
    begun = {**typed, "subject": wording.subject, "text": text}
    if is_answer(typed["subject"]):
        # Under another subject her mail program would show it apart from what it answers.
        begun["subject"] = typed["subject"]
        lacks = [one for one in lacks if one.field != "subject"]
    if not lacks:
        return MessageForm(initial=begun)
    # What it cannot say of her is told before she is written to.
    form = MessageForm(begun)
    form.is_valid()
    show_errors(form, lacks)
    return form


def _thread(request: SalonRequest, client: Client, form: MessageForm | None, *, status: int = 200) -> HttpResponse:
    slug, page = request.salon.slug, None
    in_drawer = bool(request.htmx) and request.htmx.target == _DRAWER
    if not in_drawer:
        try:
            page = thread_of(client.pk, cursor=request.GET.get("page") or None)
        except keyset.InvalidCursor:
            return redirect("message_thread", slug, client.pk)
    if form is None:
        form = _blank(client, page)
    subject = bool(form["subject"].value())
    context: dict[str, Any] = {
        "client": client,
        "form": form,
        "here": thread_url(slug, client.pk, **found_by(request)),
        "card_url": reverse("client_card", args=[slug, client.pk]),
        "book_url": _book_url(request, client),
        "edit_url": reverse("clients:edit", args=[slug, client.pk]),
        "inbox_url": inbox_url(slug, **found_by(request)),
        "read_url": reverse("message_read", args=[slug, client.pk]),
        "done_url": done_url(slug, client.pk, **found_by(request)),
        "elsewhere": elsewhere(client),
        "templates": templates(),
        "placeholders": PLACEHOLDERS.items(),
        "undeliverable": undeliverable_of(request, client),
        "writes": Permission.CLIENTS_WRITE in request.actor.permissions,
        "receives": receives(),
        "mailbox": "" if receives() else salon_mailbox(),
        "back": "card" if in_drawer else "",
        "mails_stay": settings.MAILS_STAY,
        "at_subject": in_drawer and not subject,
        "at_text": in_drawer and subject,
    }
    if page is not None:
        context |= _page(request, client, page)
    template = "marketing/_message_drawer.html" if in_drawer else "marketing/thread.html"
    response = render(request, template, context, status=status)
    response["Vary"] = "HX-Request, HX-Target"
    return response


def _page(request: SalonRequest, client: Client, page: keyset.Page[Message]) -> Mapping[str, Any]:
    states, answered = delivery_of(page.rows), mails_answered(page.rows)
    photos = photos_of(page.rows)
    shown = [
        _shown(one, client, states.get(one.pk), answered.get(one.pk), photos.get(one.pk, []), request.salon.slug)
        for one in reversed(page.rows)
    ]
    here = partial(thread_url, request.salon.slug, client.pk, **found_by(request))
    last_sent = next((one for one in page.rows if states.get(one.pk) in TOLD), None)
    last_answer = next((one for one in page.rows if one.direction == Direction.IN and not one.automatic), None)
    asks = last_answer and not page.previous and Permission.CLIENTS_WRITE in request.actor.permissions
    return {
        "thread": shown,
        "tried_id": last_sent and last_sent.pk,
        "try_url": _try_url(request, last_sent),
        "leaving_id": last_answer.pk if last_answer and asks and gets_news(client.pk, now=timezone.now()) else None,
        "last_id": shown[-1].id if shown else None,
        "is_open": not page.previous and is_open(client.pk),
        "has_unread": any(one.is_unread for one in shown),
        "has_answers": any(not one.is_ours for one in shown),
        "older_url": here(page=page.next) if page.next else None,
        "newer_url": here(page=page.previous) if page.previous else None,
    }


def _book_url(request: SalonRequest, client: Client) -> str:
    """Return where an appointment is booked for the client, "" for whoever may not."""
    if Permission.BOOKINGS_WRITE not in request.actor.permissions:
        return ""
    return f"{reverse('booking_new', args=[request.salon.slug])}?{urlencode({'client': client.pk})}"


def _try_url(request: SalonRequest, message: Message | None) -> str:
    """Return where a message is answered as the client would, "" where that cannot be tried."""
    if message is None or message.mail_id is None:
        return ""
    if Permission.CLIENTS_WRITE not in request.actor.permissions:
        return ""
    url = answer_url(request, get_mail(message.mail_id))
    return f"{url}?back=thread" if url else ""


def _shown(
    message: Message,
    client: Client,
    state: MailState | None,
    answers: AnsweredMail | None,
    photos: Sequence[MessagePicture],
    slug: str,
) -> Shown:
    is_ours = message.direction == Direction.OUT
    parts = parts_of(message.text)
    word, icon = _state(state) if state else ("", "")
    text, more = _folded(message.text if is_ours else parts.new)
    return Shown(
        id=message.pk,
        is_ours=is_ours,
        author=message.actor_name if is_ours else client.full_name,
        at=message.created_at,
        subject=message.subject,
        text=text,
        more=more,
        rest="" if is_ours else parts.rest,
        is_unread=not is_ours and message.read_at is None,
        automatic=message.automatic,
        other_address=message.address if message.other_address and is_elsewhere(message, client) else "",
        attachments=list(message.attachments),
        photos=[ShownPhoto.of(one, slug) for one in photos],
        state=word,
        state_icon=icon,
        answers=answers,
    )


def _state(state: MailState) -> tuple[Promise | str, str]:
    """Return how far a mail is, in words, and its icon; without a mail server it goes nowhere."""
    if settings.MAILS_STAY and state in {MailState.WAITING, MailState.SENDING, MailState.SENT}:
        return _("written, not sent: no mail server is set up"), "inbox"
    return _STATES[state]


def _folded(text: str) -> tuple[str, str]:
    """Return how a message begins, and the rest of a long one; no word is cut unless it is longer than all that."""
    longest, most_lines = _OPEN
    beginning = "\n".join(text.split("\n")[:most_lines])
    if len(beginning) > longest:
        end = max(beginning.rfind(" ", 0, longest + 1), beginning.rfind("\n", 0, longest + 1))
        beginning = beginning[: end if end > 0 else longest]
    return beginning, text[len(beginning) :].strip()
