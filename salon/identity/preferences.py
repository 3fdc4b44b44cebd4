"""What a user has chosen for the screen, kept between visits."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from salon.identity.models import Language, User


def choose_language(*, user_id: UUID, language: Language) -> None:
    """Show everything in that language from now on, mails included."""
    User.objects.filter(pk=user_id).update(language=language)


def remember_salon(*, user_id: UUID, salon_id: UUID) -> None:
    """Let the next sign-in lead into that salon (ui.md §1)."""
    User.objects.filter(pk=user_id).update(last_salon_id=salon_id)


def choose_columns(*, user_id: UUID, page: str, columns: Iterable[str]) -> None:
    """Show these columns of that list from now on, and leave other lists as they are."""
    with transaction.atomic():
        user = User.objects.select_for_update().only("columns").get(pk=user_id)
        user.columns[page] = sorted(columns)
        user.save(update_fields=["columns"])
