"""An answer written as a client would, to try it out: where no mail leaves this computer and so none comes back
(domain.md §9.4). In production there is no such thing: nobody writes in a client's name there."""

from email.message import EmailMessage
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from marketing.as_sent import letter_as_sent
from marketing.incoming import LONGEST_TEXT, incoming_of, read_mail
from marketing.models import Recipient
from marketing.receiving import Outcome, receive
from marketing.reply_addresses import whose
from salon.errors import NotFound
from salon.identity.roles import Permission
from salon.mail.models import TOLD, ClientMail
from salon.mail.reading import get_mail
from salon.tenancy.models import ReplyAddress, Salon, new_id
from salon.web.access import SalonRequest, requires


class AnswerForm(forms.Form):
    """What a client answers."""

    text = forms.CharField(
        label=gettext_lazy("Message"),
        max_length=LONGEST_TEXT,
        error_messages={"required": gettext_lazy("The text is missing.")},
        widget=forms.Textarea(attrs={"rows": "8"}),
    )
    form_id = forms.UUIDField(widget=forms.HiddenInput)


def answered_by(reply_to: str, salon: Salon) -> ReplyAddress | None:
    """Return whose answer to an address can be written here, None where that cannot be tried."""
    address = whose(reply_to) if settings.MAILS_STAY and not settings.PRODUCTION else None
    return address if address and address.salon_id == salon.pk else None


def answer_url(request: SalonRequest, mail: ClientMail) -> str:
    """Return where an answer to a mail that has gone out can be written, "" where it cannot."""
    if mail.state not in TOLD or not answered_by(mail.reply_to, request.salon):
        return ""
    return reverse("answer_to_mail", args=[request.salon.slug, mail.pk])


@requires(Permission.CLIENTS_WRITE)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer_to_mail(request: SalonRequest, mail_id: UUID) -> HttpResponse:
    """Answer a mail to one client."""
    mail = get_mail(mail_id)
    if mail.state not in TOLD:
        raise NotFound
    place = [request.salon.slug]
    # Not everybody who writes to clients sees what has gone out.
    sees_mails = Permission.SETTINGS in request.actor.permissions
    back = reverse("mail", args=[*place, mail.pk]) if sees_mails else reverse("messages", args=place)
    if mail.client_id and (request.GET.get("back") == "thread" or not sees_mails):
        back = reverse("message_thread", args=[*place, mail.client_id])
    return _page(request, sender=mail.recipient, to=mail.reply_to, subject=mail.subject, back=back)


@requires(Permission.CLIENTS_WRITE)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer_to_many(request: SalonRequest, recipient_id: UUID) -> HttpResponse:
    """Answer the mail of a campaign or an automation as one of those who got it."""
    one = Recipient.objects.filter(pk=recipient_id, sent_at__isnull=False).select_related("campaign").first()
    letter = letter_as_sent(one, unsubscribe_url=None) if one else None
    if one is None or letter is None:
        raise NotFound
    to = (one.said or {}).get("reply_to", "")
    place = [request.salon.slug]
    back = (
        reverse("campaign_mail", args=[*place, one.campaign_id, one.client_id])
        if one.campaign_id
        else reverse("automation_mail", args=[*place, one.pk])
    )
    return _page(request, sender=one.address, to=to, subject=letter.subject, back=back)


def _page(request: SalonRequest, *, sender: str, to: str, subject: str, back: str) -> HttpResponse:
    address = answered_by(to, request.salon)
    if address is None:
        raise NotFound
    form = AnswerForm(request.POST) if request.method == "POST" else AnswerForm(initial={"form_id": new_id()})
    if form.is_valid():
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, to, f"Re: {subject}"
        mail["Message-ID"] = f"<{form.cleaned_data['form_id']}@{settings.INBOUND_DOMAIN}>"
        mail.set_content(form.cleaned_data["text"])
        outcome = receive(incoming_of(read_mail(bytes(mail))), now=timezone.now())
        if outcome not in {Outcome.KEPT, Outcome.KNOWN}:
            raise NotFound
        messages.success(request, _("The answer has come in."))
        # There it waits to be read, as one that has come in does.
        return redirect("messages", request.salon.slug)
    context = {"form": form, "sender": sender, "subject": f"Re: {subject}", "back_url": back}
    status = 422 if form.is_bound else 200
    return render(request, "marketing/answer_as_client.html", context, status=status)
