"""What the domain refuses, in one shape for browser, API and tasks (architecture.md §2)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class DomainError(Exception):
    """A refusal: `code` is for programs, `message` for people, `members` what a program needs to go on; subclasses
    live beside the rule they belong to."""

    code = "refused"
    message: Text = _("This is not possible.")
    members: Mapping[str, object] = {}

    def __init__(self, message: Text | None = None) -> None:
        super().__init__(self.code)
        if message is not None:
            self.message = message


class NotFound(DomainError):
    """No such thing in this salon."""

    code = "not_found"
    message = _("This does not exist (any more).")


class NotAllowed(DomainError):
    """The role or key of the actor does not include this."""

    code = "not_allowed"
    message = _("Your role does not allow this.")


class VersionConflict(DomainError):
    """Somebody else changed the thing since it was read."""

    code = "version_conflict"
    message = _("Somebody else has changed this in the meantime.")


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one input field, named as the operation names it."""

    field: str
    code: str
    message: Text


class InvalidInput(DomainError):
    """Input that cannot be accepted as it is; `errors` names every field at once."""

    code = "invalid"
    message = _("Please check what you entered.")

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__()
        self.errors = errors


@contextmanager
def refusing(violations: Mapping[str, DomainError]) -> Iterator[None]:
    """Run a block in a savepoint and raise the refusal of the constraint that the database enforced.

    Raises: the error that `violations` (constraint name → refusal) has for it; any other IntegrityError as it is.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        refusal = violations.get(getattr(diagnosis, "constraint_name", None) or "")
        if refusal is None:
            raise
        raise refusal from error
