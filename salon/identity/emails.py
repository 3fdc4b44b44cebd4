"""E-mail addresses as accounts know them."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from salon.errors import FieldError, InvalidInput

EMAIL_LENGTH = 254


def normal_email(text: str) -> str:
    """Return an address trimmed and in small letters: the one form in which accounts are stored, found and throttled.

    Never casefolded: groß.example and gross.example are two domains, and mail for one must not reach the other.
    """
    return text.strip().lower()


def accepted_email(text: str) -> str:
    """Return the normal form of an address that mail can go to; other scripts' domains are written as `xn--…`.

    Raises: InvalidInput for the field `email`.
    """
    address = normal_email(text)
    try:
        validate_email(address)
    except ValidationError:
        address = ""
    if not address or not address.isascii() or len(address) > EMAIL_LENGTH:
        raise InvalidInput([FieldError("email", "invalid", _("This is not an e-mail address."))])
    return address
