"""What mail servers tell of mails that they could not deliver, as programs of the field write it."""

import pytest

from marketing.bounces import Bounce
from tests.marketing.letterbox import LENA, read

_RETURNED = f"""Content-Type: text/rfc822-headers

Message-ID: <019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4c11@salon.example>
Reply-To: antwort+aaaa@antworten.example
To: {LENA}
"""


def report(
    *,
    action: str = "failed",
    status: str = "5.1.1",
    said: str = "smtp; 550 5.1.1 <lena@x.example>: user\n unknown",
    final: str = f"rfc822; {LENA}",
    returned: str = _RETURNED,
    head: str = "To: salon@salon.example",
) -> bytes:
    """Return a report as Postfix writes it (RFC 3464)."""
    return f"""From: MAILER-DAEMON@mx.example (Mail Delivery System)
{head}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

This is the mail system at host mx.example [5.9.12.33].

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Sat, 21 Nov 2026 11:00:00 +0100 (CET)

Final-Recipient: {final}
Action: {action}
Status: {status}
Diagnostic-Code: {said}

--b
{returned}
--b--
""".encode()


def test_a_report_tells_which_mail_came_back_from_where_and_why() -> None:
    assert read(report()).bounce == Bounce(
        address=LENA,
        status="5.1.1",
        said="550 5.1.1 <lena@x.example>: user unknown",
        message_id="<019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4c11@salon.example>",
        reply_to="antwort+aaaa@antworten.example",
    )
    whole = _RETURNED.replace("text/rfc822-headers", "message/rfc822") + "\nHallo Lena\n"
    assert read(report(returned=whole)).bounce == read(report()).bounce


@pytest.mark.parametrize(
    ("status", "said", "read_as", "is_permanent"),
    [
        ("5.1.1", "smtp; 550 no such user", "5.1.1", True),
        ("5.0.0", "smtp; 550 5.2.1 mailbox disabled", "5.2.1", True),
        ("", "smtp; 550 no such user", "5.0.0", True),
        ("", "smtp; 451 try again", "4.0.0", False),
        ("4.4.1", "X-Postfix; connect to mx.example[5.9.12.33]: timed out", "4.4.1", False),
        ("5.7.1", "smtp; 554 5.7.1 spam", "5.7.1", False),
        ("5.0.0", "smtp; 550 5.7.26 not authenticated", "5.7.26", False),
        ("5.5.0", "smtp; 550 5.5.0 mailbox unavailable", "5.5.0", True),
        # Of the sender, a full mailbox, a large mail, one that cannot be read.
        ("5.1.8", "smtp; 550 5.1.8 sender unknown", "5.1.8", False),
        ("5.2.2", "smtp; 552 5.2.2 mailbox full", "5.2.2", False),
        ("5.3.4", "smtp; 552 5.3.4 too large", "5.3.4", False),
        ("5.6.1", "smtp; 554 5.6.1 not supported", "5.6.1", False),
        ("", "", "", False),
    ],
)
def test_for_good_or_not(status: str, said: str, read_as: str, is_permanent: bool) -> None:
    bounce = read(report(status=status, said=said)).bounce
    assert bounce is not None
    assert (bounce.status, bounce.is_permanent) == (read_as, is_permanent)


def test_what_was_passed_on_counts_for_the_address_that_it_was_sent_to() -> None:
    final = f"rfc822; lena@elsewhere.example\nOriginal-Recipient: rfc822;{LENA}"
    bounce = read(report(final=final)).bounce
    assert bounce is not None
    assert bounce.address == LENA


@pytest.mark.parametrize(
    "mail",
    [
        report(action="delayed", status="4.4.1"),
        report(action="delivered", status="2.0.0"),
        b"From: lena@x.example\nAuto-Submitted: auto-replied\nSubject: Urlaub\n\n550 5.1.1 bin ich nicht",
        # What she passes on is about a mail of somebody else's.
        b"From: lena@x.example\nContent-Type: message/rfc822\n\n" + report(),
    ],
)
def test_what_is_still_under_way_or_no_report_is_none(mail: bytes) -> None:
    assert read(mail).bounce is None


def test_the_header_of_exim_will_do() -> None:
    mail = f"From: a@b.example\nX-Failed-Recipients: {LENA}\nSubject: Mail delivery failed\n\nhost mx: 550 no such user"
    assert read(mail.encode()).bounce == Bounce(LENA, "5.0.0", "", "", "")
