"""Answers of clients, brought by the service that takes in the operator's mail: one address for each that there is."""

from base64 import b64decode
from dataclasses import dataclass
from typing import Any

import structlog
from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from anymail.webhooks.base import AnymailBaseWebhookView
from anymail.webhooks.mailjet import MailjetInboundWebhookView
from anymail.webhooks.postmark import PostmarkInboundWebhookView
from anymail.webhooks.sparkpost import SparkPostInboundWebhookView
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from marketing.incoming import incoming_of, read_mail
from marketing.receiving import receive
from salon.web.access import public

log = structlog.get_logger()
# More than any of these services takes in, files and all; of a mail its pictures are kept, of other files the names.
MOST_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Posted:
    """What of a request the services' own readers look at: theirs may be larger than what other pages take."""

    body: bytes


class _Door:
    """Where the readers put what they have read."""

    @staticmethod
    def send(*, event: Any, **_told: object) -> None:
        """Take in one mail."""
        try:
            incoming = incoming_of(event.message)
        except RecursionError as error:
            log.warning("mail_unreadable", reason=type(error).__name__)
            raise AnymailWebhookValidationFailure("not to be read") from None
        receive(incoming, now=timezone.now())


class _Inbound(AnymailBaseWebhookView):  # type: ignore[misc]
    """What all services have in common: they show INBOUND_SECRET, and post JSON."""

    signal = _Door
    warn_if_no_basic_auth = False

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.basic_auth = [settings.INBOUND_SECRET]

    def parse_events(self, request: HttpRequest) -> Any:
        """Read what was posted, within bounds; what is no mail is the sender's mistake."""
        body = request.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise RequestDataTooBig(f"more than {MOST_BYTES} bytes")
        try:
            return super().parse_events(_Posted(body))
        except (
            AnymailError,
            AttributeError,
            ImproperlyConfigured,
            KeyError,
            RecursionError,
            TypeError,
            ValueError,
        ) as error:
            log.warning("mail_unreadable", esp=self.esp_name, reason=type(error).__name__)
            # Of its thousand frames a log would be written for seconds.
            cause = None if isinstance(error, RecursionError) else error
            raise AnymailWebhookValidationFailure("not a mail of this service") from cause


def _is_picture(content_type: str) -> bool:
    return content_type.strip().lower().startswith("image/")


class _Mailjet(_Inbound, MailjetInboundWebhookView):  # type: ignore[misc]
    def esp_to_anymail_event(self, esp_event: Any) -> Any:
        """Read one mail; of files that are no pictures the names alone."""
        parts = esp_event.get("Parts", [])
        files = [one.get("ContentRef", "") for one in parts if not _is_picture(one["Headers"].get("Content-Type", ""))]
        return super().esp_to_anymail_event({**esp_event, **{one: "" for one in files if "Attachment" in one}})


class _Postmark(_Inbound, PostmarkInboundWebhookView):  # type: ignore[misc]
    def esp_to_anymail_event(self, esp_event: Any) -> Any:
        """Read one mail; of files that are no pictures the names alone, and not once more as it was sent if that is
        posted too."""
        files = [
            one if _is_picture(one.get("ContentType", "")) else {**one, "Content": "", "Data": ""}
            for one in esp_event.get("Attachments", [])
        ]
        bare = {name: value for name, value in esp_event.items() if name != "RawEmail"}
        return super().esp_to_anymail_event({**bare, "Attachments": files})


class _SparkPost(_Inbound, SparkPostInboundWebhookView):  # type: ignore[misc]
    def esp_to_anymail_event(self, event_class: Any, event: Any, raw_event: Any) -> Any:
        """Read one mail, which is posted as it was sent."""
        content = event["content"]
        sent = content["email_rfc822"]
        raw = b64decode(sent) if content["email_rfc822_is_base64"] else sent.encode()
        bare = {**content, "email_rfc822": "", "email_rfc822_is_base64": False}
        told = super().esp_to_anymail_event(event_class, {**event, "content": bare}, raw_event)
        message = read_mail(raw)
        message.envelope_sender = told.message.envelope_sender
        message.envelope_recipient = told.message.envelope_recipient
        told.message = message
        return told


SERVICES: dict[str, type[_Inbound]] = {"mailjet": _Mailjet, "postmark": _Postmark, "sparkpost": _SparkPost}


@public("brings answers of clients; asks for the secret that the operator shares with the service")
@csrf_exempt
def inbound_mail(request: HttpRequest, esp: str) -> HttpResponseBase:
    """Take in what the one service brings that the operator has chosen."""
    service = SERVICES.get(esp) if esp == settings.INBOUND_ESP else None
    if service is None:
        raise Http404
    answer: HttpResponseBase = service.as_view()(request)
    return answer
