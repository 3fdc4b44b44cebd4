"""A real SMTP server (aiosmtpd) and all that it received; what it answers to whom is set by the test."""

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pytest_django import Settings

OK = "250 OK"
# It tells of every word.
logging.getLogger("mail.log").setLevel(logging.WARNING)


class Inbox:
    """What arrived, in its order, and how the server behaves."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.to: list[str] = []
        self.conversations = 0
        # By address: what is answered to RCPT, and to the words of the mail.
        self.rcpt: dict[str, str] = {}
        self.data: dict[str, str] = {}
        self.seconds = 0.0
        # Called with the number of mails that arrived, after each.
        self.arrived: Callable[[int], None] = lambda _many: None
        # After so many mails in one conversation the server ends it, with these words or without.
        self.patience = 1_000_000
        self.closing_words = ""
        # The server takes the mail to this address and dies before it says so.
        self.dies_over = ""

    @property
    def mails(self) -> list[EmailMessage]:
        """Return what arrived, read."""
        return [message_from_bytes(raw, policy=policy.default) for raw in self.raw]

    def twice(self) -> list[str]:
        """Return the addresses that got more than one mail."""
        return [address for address, times in Counter(self.to).items() if times > 1]

    async def handle_EHLO(
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,
        envelope: Envelope,  # noqa: ARG002
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """Count a conversation."""
        session.host_name = hostname
        self.conversations += 1
        return responses

    async def handle_RCPT(
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,  # noqa: ARG002
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],  # noqa: ARG002
    ) -> str:
        """Take or refuse an address."""
        answer = self.rcpt.get(address, self.rcpt.get("*", OK))
        if answer == OK:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, mail_options: list[str]
    ) -> str:
        """Begin a mail, unless this conversation has had enough of them."""
        if getattr(session, "mails", 0) >= self.patience:
            if self.closing_words:
                return self.closing_words
            _hang_up(server)
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return OK

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take or refuse a mail."""
        await asyncio.sleep(self.seconds)
        [address] = envelope.rcpt_tos
        answer = self.data.get(address, OK)
        if answer == OK:
            assert isinstance(envelope.content, bytes)
            self.raw.append(envelope.content)
            self.to.append(address)
            if address == self.dies_over:
                _hang_up(server)
            self.arrived(len(self.to))
        session.mails = getattr(session, "mails", 0) + 1  # type: ignore[attr-defined]
        return answer


def _hang_up(server: SMTP) -> None:
    assert server.transport is not None
    server.transport.close()


@contextmanager
def inbox(port: int = 0) -> Iterator[tuple[Inbox, int]]:
    """Run a mail server; yield what arrives, and its port."""
    received = Inbox()
    controller: Any = Controller(received, hostname="127.0.0.1", port=port or _free_port())
    controller.start()
    try:
        yield received, controller.port
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def send_to(settings: Settings, port: int, seconds: float = 5) -> None:
    """Let the software send to a mail server on this machine."""
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": port, "timeout": seconds},
        }
    }
