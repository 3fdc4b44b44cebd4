"""Many mails over one connection to the mail server, and what became of each.

A mail server that takes a mail and dies before it says so leaves nobody knowing: that is an answer of its own here, for
whoever would rather lose a mail than send it twice.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from smtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)
from typing import Any

from django.core.mail import EmailMessage, mailers
from django.core.mail.backends.smtp import EmailBackend

# With this answer a mail server ends the conversation: it has had enough of this connection, or closes.
_CLOSING = 421


class Outcome(StrEnum):
    """What became of one mail."""

    SENT = "sent"
    REFUSED = "refused"  # this one will never be taken
    LATER = "later"  # this one was not taken now
    UNKNOWN = "unknown"  # the conversation broke off after the mail had been given


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one mail, and the name of the exception's type where it did not go out."""

    outcome: Outcome
    error: str = ""


class Away(Exception):
    """The mail server cannot be spoken to: this mail has not gone out, and no other one would."""


class Post:
    """A way to the mail server that is opened with the first mail and kept for the next ones."""

    def __init__(self) -> None:
        self._mailer: Any = None
        self._carried = 0
        self._given = False

    def send(self, message: EmailMessage) -> Answer:
        """Give one mail to the mail server and return what became of it.

        Where the server has closed the connection since the last one, a new one is opened.
        Raises: Away.
        """
        if self._carried:
            with suppress(Away):
                return self._tell(message)
        return self._tell(message)

    def close(self) -> None:
        """End the conversation."""
        if self._mailer is not None:
            with suppress(SMTPException, OSError):
                self._mailer.close()
            self._mailer = None

    def _tell(self, message: EmailMessage) -> Answer:
        self._given = False
        try:
            self._opened().send_messages([message])
        except (SMTPException, OSError, ValueError) as error:
            return self._answer(error)
        self._carried += 1
        return Answer(Outcome.SENT)

    def _opened(self) -> Any:
        """Return the way that the settings say; what is no mail server gets each mail by itself (a file for each)."""
        if self._mailer is None:
            mailer = mailers.default
            if not isinstance(mailer, EmailBackend):
                return mailer
            mailer.open()
            self._mailer, self._carried = mailer, 0
            if mailer.connection is not None:
                self._watch(mailer.connection)
        return self._mailer

    def _watch(self, connection: SMTP) -> None:
        tell = connection.data

        def data(words: Any) -> Any:
            self._given = True
            return tell(words)

        connection.data = data  # type: ignore[assignment,method-assign]

    def _answer(self, error: Exception) -> Answer:
        """Return what an error says of a mail.

        Raises: Away.
        """
        name = type(error).__name__
        if isinstance(error, ValueError | SMTPNotSupportedError):
            # An address that no mail can be written to.
            return Answer(Outcome.REFUSED, name)
        codes = _codes_of(error)
        if codes and _CLOSING not in codes:
            return Answer(Outcome.REFUSED if min(codes) >= 500 else Outcome.LATER, name)
        given = self._given and not isinstance(error, SMTPResponseException)
        self._hang_up()
        if given:
            return Answer(Outcome.UNKNOWN, name)
        raise Away from error

    def _hang_up(self) -> None:
        """Let the connection go without a word: whoever does not answer would be waited for once more."""
        mailer, self._mailer, self._carried = self._mailer, None, 0
        if mailer is not None and mailer.connection is not None:
            with suppress(SMTPServerDisconnected, OSError):
                mailer.connection.close()
            mailer.connection = None


def _codes_of(error: Exception) -> list[int]:
    """Return what the mail server said of this very mail; nothing where it is about more than that."""
    if isinstance(error, SMTPRecipientsRefused):
        return [code for code, _reason in error.recipients.values()]
    return [error.smtp_code] if isinstance(error, SMTPDataError) else []


@contextmanager
def post() -> Iterator[Post]:
    """Open a way to the mail server for many mails."""
    opened = Post()
    try:
        yield opened
    finally:
        opened.close()
