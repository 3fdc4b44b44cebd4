"""Pictures of a salon: what of a file is kept, who sees them, and how long they stay."""

from io import BytesIO
from uuid import uuid4

import pytest
from django.test import Client as Browser
from PIL import Image

from marketing.campaigns import update_campaign
from marketing.launching import require_ready
from marketing.letters import Person, check, written
from marketing.models import Campaign, Picture
from marketing.pictures import (
    MOST_PICTURES,
    PictureInUse,
    add_picture,
    as_written,
    check_mail,
    delete_picture,
    pictures_address,
    put_logo,
    take_logo_away,
)
from marketing.rules import frame_for, rules_now
from salon.errors import InvalidInput, NotAllowed
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.campaigning import BOSS
from tests.marketing.uploads import a_file

pytestmark = pytest.mark.django_db


def _added(salon: Salon) -> Picture:
    with salon_scope(salon.pk):
        return add_picture(actor=BOSS, file=a_file(), shows="Herbstfarben", now=NOW)


def _codes(refusal: pytest.ExceptionInfo[InvalidInput]) -> list[tuple[str, str]]:
    return [(error.field, error.code) for error in refusal.value.errors]


def test_whoever_has_the_mail_gets_the_picture_for_good(client: Browser, sonnenschein: Salon) -> None:
    picture = _added(sonnenschein)
    answer = client.get(f"/pictures/{sonnenschein.pk}/{picture.name}")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["Content-Security-Policy"] == "default-src 'none'"
    assert "Set-Cookie" not in answer
    assert Image.open(BytesIO(answer.content)).size == (1200, 900)
    with salon_scope(sonnenschein.pk):
        assert pictures_address(sonnenschein.pk).endswith(f"/pictures/{sonnenschein.pk}/")


def test_a_picture_is_that_of_its_salon(client: Browser, sonnenschein: Salon, dom: Salon) -> None:
    picture = _added(sonnenschein)
    for salon_id, name in [
        (dom.pk, picture.name),
        (uuid4(), picture.name),
        (sonnenschein.pk, picture.name.replace(".jpg", ".png")),
        (sonnenschein.pk, "x"),
    ]:
        assert client.get(f"/pictures/{salon_id}/{name}").status_code == 404


def test_its_address_cannot_be_guessed(sonnenschein: Salon) -> None:
    first, second = _added(sonnenschein), _added(sonnenschein)
    assert first.name != second.name
    assert len(first.name.split("-1200x900.jpg")[0]) == 22


def test_what_it_shows_is_asked_for(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        for shows, code in [(" []{} ", "required"), ("x" * 201, "too_long")]:
            with pytest.raises(InvalidInput) as refusal:
                add_picture(actor=BOSS, file=a_file(), shows=shows, now=NOW)
            assert _codes(refusal) == [("shows", code)]
        assert not Picture.objects.exists()
        kept = add_picture(actor=BOSS, file=a_file(), shows="Neu: [Balayage]\n{heute}", now=NOW)
        assert kept.shows == "Neu: Balayage heute"


def test_there_are_only_so_many(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        Picture.objects.bulk_create(
            Picture(name=f"{number}", content=b"", created_at=NOW) for number in range(MOST_PICTURES)
        )
        with pytest.raises(InvalidInput) as refusal:
            add_picture(actor=BOSS, file=a_file(), shows="Herbst", now=NOW)
        assert _codes(refusal) == [("file", "too_many")]


def test_only_who_writes_campaigns_adds_pictures(sonnenschein: Salon) -> None:
    nobody = Actor(BOSS.kind, BOSS.id, BOSS.name, frozenset())
    with salon_scope(sonnenschein.pk):
        with pytest.raises(NotAllowed):
            add_picture(actor=nobody, file=a_file(), shows="x", now=NOW)
        with pytest.raises(NotAllowed):
            put_logo(actor=nobody, file=a_file(), now=NOW)
        with pytest.raises(NotAllowed):
            take_logo_away(actor=nobody, now=NOW)


def test_a_mail_shows_logo_and_picture_and_says_both_in_words(sonnenschein: Salon) -> None:
    picture = _added(sonnenschein)
    with salon_scope(sonnenschein.pk):
        logo = put_logo(actor=BOSS, file=a_file(kind="PNG", size=(960, 200)), now=NOW)
        body = f"Hallo,\n\n{as_written(picture)}\n\n[{as_written(picture, 'Mehr "davon"')}](https://a.example/)"
        frame = frame_for(sonnenschein, rules_now(), unsubscribe_url=None)
        letter = written("Herbst", body, Person(), frame)
    place = f"{frame.pictures}{picture.name}"
    assert place.startswith("http")
    assert f'<img src="{place}" alt="Herbstfarben" width="552" height="414"' in letter.html
    assert '<a href="https://a.example/"' in letter.html
    assert 'alt="Mehr &quot;davon&quot;"' in letter.html
    assert f'<img src="{frame.pictures}{logo.name}" alt="{sonnenschein.name}" width="240" height="50"' in letter.html
    assert "[Herbstfarben]" in letter.text
    assert '[Mehr "davon"] <https://a.example/>' in letter.text
    assert "picture:" not in letter.html + letter.text


def test_without_a_logo_the_name_stands_on_top(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        put_logo(actor=BOSS, file=a_file(), now=NOW)
        take_logo_away(actor=BOSS, now=NOW)
        letter = written("x", "y", Person(), frame_for(sonnenschein, rules_now(), unsubscribe_url=None))
    assert "<img" not in letter.html
    assert f"<strong>{sonnenschein.name}</strong>" in letter.html


def test_a_picture_that_is_not_there_goes_out_in_no_mail(campaign: Campaign, sonnenschein: Salon) -> None:
    picture = _added(sonnenschein)
    with salon_scope(sonnenschein.pk):
        body = as_written(picture)
        update_campaign(actor=BOSS, campaign_id=campaign.pk, changes={"body": body}, now=NOW)
        require_ready(Campaign.objects.get())
        Picture.objects.all().delete()
        with pytest.raises(InvalidInput) as refusal:
            require_ready(Campaign.objects.get())
        assert _codes(refusal) == [("body", "no_such_picture")]


def test_pictures_from_elsewhere_and_in_plain_messages_are_refused(sonnenschein: Salon) -> None:
    picture = _added(sonnenschein)
    with salon_scope(sonnenschein.pk):
        check_mail("", as_written(picture))
        with pytest.raises(InvalidInput) as refusal:
            check("", as_written(picture))
        assert _codes(refusal) == [("body", "no_pictures")]
        with pytest.raises(InvalidInput) as refusal:
            check_mail("", "![x](https://a.example/x.png)")
        assert _codes(refusal) == [("body", "no_pictures")]


def test_what_is_still_to_go_out_keeps_its_pictures(campaign: Campaign, sonnenschein: Salon) -> None:
    picture = _added(sonnenschein)
    with salon_scope(sonnenschein.pk):
        update_campaign(actor=BOSS, campaign_id=campaign.pk, changes={"body": as_written(picture)}, now=NOW)
        with pytest.raises(PictureInUse):
            delete_picture(actor=BOSS, picture_id=picture.pk, now=NOW)
        Campaign.objects.update(state="SENT", started_at=NOW, finished_at=NOW)
        delete_picture(actor=BOSS, picture_id=picture.pk, now=NOW)
        logo = put_logo(actor=BOSS, file=a_file(), now=NOW)
        with pytest.raises(PictureInUse):
            delete_picture(actor=BOSS, picture_id=logo.pk, now=NOW)
        take_logo_away(actor=BOSS, now=NOW)
        delete_picture(actor=BOSS, picture_id=logo.pk, now=NOW)
        assert not Picture.objects.exists()
