"""Settings and members of a salon, by role and by browser (domain.md §8)."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.test import Client as Browser
from django.urls import resolve
from django.utils import timezone

from salon.audit.models import AuditEntry
from salon.identity.models import Invitation, Membership, User
from salon.identity.roles import Permission, Role
from salon.mail.models import AccountMail
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.web.access import Access
from tests.identity.test_members import membership_of

SETTINGS = "/s/sonnenschein/settings/"
MEMBERS = "/s/sonnenschein/settings/members/"

BrowserOf = Callable[[User], Browser]


def _invitation(salon: Salon, email: str = "mia@x.example") -> Invitation:
    return Invitation.objects.create(
        salon=salon,
        email=email,
        role=Role.STAFF,
        token_hash=uuid4().bytes * 2,
        invited_by="Anna",
        expires_at=timezone.now() + timedelta(days=7),
    )


ROUTES = {
    "settings": ("get", "", {}),
    "members": ("get", "members/", {}),
    "invite": ("post", "members/", {"email": "new@x.example", "role": "STAFF"}),
    "members_role": ("post", "members/{member}/role/", {"role": "OWNER"}),
    "members_remove": ("post", "members/{member}/remove/", {}),
    "invitations_revoke": ("post", "invitations/{invitation}/revoke/", {}),
}
MATRIX = {
    "settings": {"stranger": 302, "STAFF": 403, "MANAGER": 200, "OWNER": 200, "outsider": 404},
    "members": {"stranger": 302, "STAFF": 403, "MANAGER": 403, "OWNER": 200, "outsider": 404},
    "invite": {"stranger": 302, "STAFF": 403, "MANAGER": 403, "OWNER": 302, "outsider": 404},
    "members_role": {"stranger": 302, "STAFF": 403, "MANAGER": 403, "OWNER": 302, "outsider": 404},
    "members_remove": {"stranger": 302, "STAFF": 403, "MANAGER": 403, "OWNER": 302, "outsider": 404},
    "invitations_revoke": {"stranger": 302, "STAFF": 403, "MANAGER": 403, "OWNER": 302, "outsider": 404},
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("who", ["stranger", "STAFF", "MANAGER", "OWNER", "outsider"])
def test_who_may_do_what(
    sonnenschein: Salon,
    owner: User,
    manager: User,
    stylist: User,
    outsider: User,
    browser_of: BrowserOf,
    route: str,
    who: str,
) -> None:
    people = {"STAFF": stylist, "MANAGER": manager, "OWNER": owner, "outsider": outsider}
    browser = browser_of(people[who]) if who in people else Browser()
    invitation = _invitation(sonnenschein)
    method, path, data = ROUTES[route]
    url = SETTINGS + path.format(member=membership_of(stylist).pk, invitation=invitation.pk)

    response = getattr(browser, method)(url, data)

    assert response.status_code == MATRIX[route][who]
    if who == "stranger":
        assert response["Location"] == f"/sign-in/?next={url}"
    if who != "OWNER":
        assert membership_of(stylist).role == "STAFF"
        assert list(Invitation.objects.all()) == [invitation]
        assert not AccountMail.objects.exists()
        with salon_scope(sonnenschein.pk):
            assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("route", ROUTES)
def test_each_route_asks_for_its_permission_before_the_operation_does(route: str) -> None:
    path = ROUTES[route][1].format(member=uuid4(), invitation=uuid4())
    expected = Permission.SETTINGS if route == "settings" else Permission.MEMBERS
    assert resolve(SETTINGS + path).func.access == Access(expected, "")  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["members/{}/role/", "members/{}/remove/", "invitations/{}/revoke/"])
def test_what_belongs_to_another_salon_does_not_exist_here(
    sonnenschein: Salon, owner: User, dom: Salon, outsider: User, browser_of: BrowserOf, path: str
) -> None:
    foreign = {"members": membership_of(outsider).pk, "invitations": _invitation(dom).pk}[path.split("/", 1)[0]]
    for key in (foreign, uuid4()):
        assert browser_of(owner).post(SETTINGS + path.format(key), {"role": "STAFF"}).status_code == 404
    assert membership_of(outsider).role == "OWNER"
    assert Invitation.objects.filter(salon=dom).count() == 1


@pytest.mark.parametrize("path", ["members/{}/role/", "members/{}/remove/", "invitations/{}/revoke/"])
def test_changes_are_posts(owner: User, browser_of: BrowserOf, path: str) -> None:
    assert browser_of(owner).get(SETTINGS + path.format(uuid4())).status_code == 405


def test_settings_lists_what_the_role_may_open(owner: User, manager: User, browser_of: BrowserOf) -> None:
    page = browser_of(owner).get(SETTINGS)
    assert MEMBERS in [one["url"] for one in page.context["pages"]]
    assert f'href="{MEMBERS}"' in page.content.decode()
    page = browser_of(manager).get(SETTINGS)
    assert MEMBERS not in [one["url"] for one in page.context["pages"]]
    assert MEMBERS not in page.content.decode()


def test_the_list_shows_members_and_open_invitations(
    sonnenschein: Salon, owner: User, stylist: User, outsider: User, dom: Salon, browser_of: BrowserOf
) -> None:
    invitation = _invitation(sonnenschein)
    _invitation(dom, "foreign@x.example")
    page = browser_of(owner).get(MEMBERS)
    own, other = membership_of(owner).pk, membership_of(stylist).pk
    assert [
        (one.name, one.email, one.role, one.is_self, one.role_url, one.remove_url) for one in page.context["members"]
    ] == [
        ("Anna Krüger", owner.email, "OWNER", True, f"{MEMBERS}{own}/role/", f"{MEMBERS}{own}/remove/"),
        ("Bora Yıldız", stylist.email, "STAFF", False, f"{MEMBERS}{other}/role/", f"{MEMBERS}{other}/remove/"),
    ]
    assert [(one.email, one.role_label, one.expires_at, one.revoke_url) for one in page.context["invitations"]] == [
        ("mia@x.example", Role.STAFF.label, invitation.expires_at, f"{SETTINGS}invitations/{invitation.pk}/revoke/")
    ]
    assert page.context["role_choices"] == Role.choices
    assert "foreign@x.example" not in page.content.decode()


def test_the_list_takes_the_same_queries_for_two_and_for_twenty(
    sonnenschein: Salon, owner: User, browser_of: BrowserOf, django_assert_max_num_queries: Callable[..., object]
) -> None:
    browser = browser_of(owner)
    browser.get(MEMBERS)
    counts = []
    for size in (2, 20):
        for number in range(size):
            user = User.objects.create(email=f"{size}-{number}@x.example", name="X")
            Membership.objects.create(user=user, salon=sonnenschein, role=Role.STAFF)
            _invitation(sonnenschein, f"i{size}-{number}@x.example")
        with django_assert_max_num_queries(15) as queries:  # type: ignore[attr-defined]
            browser.get(MEMBERS)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_inviting_says_so_and_comes_back(sonnenschein: Salon, owner: User, browser_of: BrowserOf) -> None:
    response = browser_of(owner).post(MEMBERS, {"email": "Mia@X.example", "role": "MANAGER"})
    assert (response.status_code, response["Location"]) == (302, MEMBERS)
    assert "mia@x.example" in str(next(iter(get_messages(response.wsgi_request))))
    invitation = Invitation.objects.get()
    assert (invitation.salon, invitation.email, invitation.role) == (sonnenschein, "mia@x.example", "MANAGER")


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"email": "", "role": "STAFF"}, {"email"}),
        ({"email": "mia", "role": "STAFF"}, {"email"}),
        ({"email": "mia@x.example", "role": "KING"}, {"role"}),
        ({"email": "bora@sonnenschein.example", "role": "OWNER"}, {"email"}),
        ({}, {"email", "role"}),
    ],
)
def test_a_wrong_invitation_is_answered_beside_the_field(
    owner: User, stylist: User, browser_of: BrowserOf, given: dict[str, str], wrong: set[str]
) -> None:
    response = browser_of(owner).post(MEMBERS, given)
    assert (response.status_code, set(response.context["form"].errors)) == (422, wrong)
    assert not Invitation.objects.exists()
    assert len(response.context["members"]) == 2


def test_a_role_changes_and_a_member_leaves(owner: User, stylist: User, browser_of: BrowserOf) -> None:
    browser = browser_of(owner)
    staff = browser_of(stylist)
    member = membership_of(stylist)
    assert staff.get(SETTINGS).status_code == 403
    assert browser.post(f"{MEMBERS}{member.pk}/role/", {"role": "MANAGER"})["Location"] == MEMBERS
    assert staff.get(SETTINGS).status_code == 200
    assert browser.post(f"{MEMBERS}{member.pk}/remove/")["Location"] == MEMBERS
    assert staff.get(SETTINGS).status_code == 404


@pytest.mark.parametrize("role", ["", "KING", "owner"])
def test_a_role_that_is_none_is_refused(owner: User, stylist: User, browser_of: BrowserOf, role: str) -> None:
    member = membership_of(stylist)
    assert browser_of(owner).post(f"{MEMBERS}{member.pk}/role/", {"role": role}).status_code == 422
    assert membership_of(stylist).role == "STAFF"


def test_the_last_owner_is_told_why_not(owner: User, browser_of: BrowserOf) -> None:
    own = membership_of(owner)
    for path, data in (("role", {"role": "STAFF"}), ("remove", {})):
        response = browser_of(owner).post(f"{MEMBERS}{own.pk}/{path}/", data)
        assert response.status_code == 422
        assert "web/refused.html" in [template.name for template in response.templates]
    assert membership_of(owner).role == "OWNER"


def test_whoever_steps_down_or_leaves_is_led_elsewhere(owner: User, manager: User, browser_of: BrowserOf) -> None:
    Membership.objects.update(role=Role.OWNER)
    browser = browser_of(owner)
    own = membership_of(owner)
    assert browser.post(f"{MEMBERS}{own.pk}/role/", {"role": "STAFF"})["Location"] == "/"
    Membership.objects.update(role=Role.OWNER)
    assert browser.post(f"{MEMBERS}{own.pk}/remove/")["Location"] == "/"
    assert browser.get("/").context["salons"] == []


def test_an_invitation_is_withdrawn(sonnenschein: Salon, owner: User, browser_of: BrowserOf) -> None:
    invitation = _invitation(sonnenschein)
    response = browser_of(owner).post(f"{SETTINGS}invitations/{invitation.pk}/revoke/")
    assert (response.status_code, response["Location"]) == (302, MEMBERS)
    assert not Invitation.objects.exists()
