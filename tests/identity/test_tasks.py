"""What is forgotten every hour."""

from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from salon.celery import app
from salon.identity.models import Invitation, SignInFailure
from salon.identity.roles import Role
from salon.identity.tasks import forget_expired
from salon.tenancy.models import Salon


def test_forget_expired_deletes_what_is_over_and_nothing_else(sonnenschein: Salon, dom: Salon) -> None:
    now = timezone.now()
    for salon, days in ((sonnenschein, 31), (dom, 29)):
        Invitation.objects.create(
            salon=salon,
            email="mia@x.example",
            role=Role.STAFF,
            token_hash=str(days).encode() * 16,
            invited_by="Anna",
            expires_at=now - timedelta(days=days),
        )
    for minutes in (31, 1):
        SignInFailure.objects.create(key=f"{minutes}", at=now - timedelta(minutes=minutes))
        Session.objects.create(
            session_key=f"{minutes}", session_data="", expire_date=now + timedelta(minutes=15 - minutes)
        )

    forget_expired()

    assert [row.salon for row in Invitation.objects.all()] == [dom]
    assert [row.key for row in SignInFailure.objects.all()] == ["1"]
    assert [row.session_key for row in Session.objects.all()] == ["1"]


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()
    assert settings.CELERY_BEAT_SCHEDULE["forget-expired"] == {
        "task": "salon.identity.tasks.forget_expired",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    }
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)
