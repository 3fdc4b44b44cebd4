"""What a user has chosen for the screen, kept between visits."""

from uuid import UUID

from salon.identity.models import Language, User


def choose_language(*, user_id: UUID, language: Language) -> None:
    """Show everything in that language from now on, mails included."""
    User.objects.filter(pk=user_id).update(language=language)


def remember_salon(*, user_id: UUID, salon_id: UUID) -> None:
    """Let the next sign-in lead into that salon (ui.md §1)."""
    User.objects.filter(pk=user_id).update(last_salon_id=salon_id)
