"""New salons and invitations from the command line."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from clients.models import Category
from salon.audit.models import AuditEntry
from salon.identity.models import Invitation, User
from salon.mail.models import AccountMail
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon

LINK = re.compile(r"http://[^/]+/invitation/[\w-]{43}/\n")


def _create(slug: str = "haarwerk", **options: str) -> str:
    out = StringIO()
    given = {"name": "Haarwerk", "owner_email": "Lea@Haarwerk.example", "owner_name": "Lea Sommer", **options}
    call_command("create_salon", slug, **given, stdout=out)
    return out.getvalue()


def _invite(*arguments: str) -> str:
    out = StringIO()
    call_command("invite", *arguments, stdout=out)
    return out.getvalue()


def test_create_salon_founds_invites_and_prints_the_link(db: None) -> None:
    printed = _create(city="Wien", country="AT", timezone="Europe/Vienna")
    assert LINK.fullmatch(printed)
    salon = Salon.objects.get()
    assert (salon.slug, salon.name, salon.city, salon.country, salon.timezone) == (
        "haarwerk", "Haarwerk", "Wien", "AT", "Europe/Vienna",
    )  # fmt: skip
    invitation = Invitation.objects.get()
    assert (invitation.salon, invitation.email, invitation.role) == (salon, "lea@haarwerk.example", "OWNER")
    mail = AccountMail.objects.get()
    assert (mail.recipient, "Lea Sommer" in mail.body, printed.strip() in mail.body) == (
        "lea@haarwerk.example", True, True,
    )  # fmt: skip
    with salon_scope(salon.pk):
        recorded = list(AuditEntry.objects.order_by("id").values_list("action", "actor_kind", "subject_id"))
        assert Category.objects.live().count() == 15
    assert [action for action, _kind, _id in recorded[2:]] == ["category.created"] * 15
    assert recorded[:2] == [("salon.founded", "SYSTEM", salon.pk), ("member.invited", "SYSTEM", invitation.pk)]


def test_a_taken_slug_founds_and_invites_nobody(sonnenschein: Salon) -> None:
    with pytest.raises(CommandError, match=r"^[^.]+\.$"):
        _create("sonnenschein")
    assert Salon.objects.count() == 1
    assert not Invitation.objects.exists()
    assert not AccountMail.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"slug": "Haarwerk"},
        {"slug": "haar_werk"},
        {"slug": "haarwerk-"},
        {"slug": "h" * 61},
        {"name": " "},
        {"name": "Haar\nwerk"},
        {"name": "H" * 121},
        {"city": "W" * 81},
        {"timezone": "Europe/Nirgends"},
        {"owner_email": "lea"},
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_and_nothing_is_made(db: None, wrong: dict[str, str]) -> None:
    with pytest.raises(CommandError, match=r"\.$"):
        _create(**wrong)
    assert not Salon.objects.exists()
    assert not Invitation.objects.exists()


def test_a_country_we_do_not_know_is_refused_by_the_command_line(db: None) -> None:
    with pytest.raises(CommandError):
        call_command(
            "create_salon", "haarwerk", "--name=H", "--country=FR", "--owner-email=l@h.example", "--owner-name=L"
        )
    assert not Salon.objects.exists()


def test_invite_prints_the_link(sonnenschein: Salon) -> None:
    assert LINK.fullmatch(_invite("sonnenschein", "mia@x.example", "--role", "manager"))
    assert Invitation.objects.get().role == "MANAGER"


def test_invite_refuses_in_one_sentence(sonnenschein: Salon, owner: User) -> None:
    for arguments in (
        ("nirgends", "mia@x.example", "--role=STAFF"),
        ("sonnenschein", owner.email, "--role=STAFF"),
        ("sonnenschein", "mia", "--role=STAFF"),
    ):
        with pytest.raises(CommandError, match=r"^[^.]+\.$"):
            _invite(*arguments)
    with pytest.raises(CommandError):
        _invite("sonnenschein", "mia@x.example", "--role=KING")
    assert not Invitation.objects.exists()
