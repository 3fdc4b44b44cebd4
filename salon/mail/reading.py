"""What a salon has written to its clients by mail, and what became of it."""

from uuid import UUID

from salon import keyset
from salon.errors import NotFound
from salon.mail.letters import put_into_words
from salon.mail.models import ClientMail

PAGE = 30
_ORDER = keyset.Order(("id",), descending=True)


def recent_mails(*, cursor: str | None = None, limit: int = PAGE) -> keyset.Page[ClientMail]:
    """Return one page of the open salon's mails to clients, newest first, in words also where they have not gone out.

    Raises: keyset.InvalidCursor.
    """
    page = keyset.page(ClientMail.objects.all(), _ORDER, limit=limit, cursor=cursor)
    for mail in page.rows:
        put_into_words(mail)
    return page


def get_mail(mail_id: UUID) -> ClientMail:
    """Return one of them.

    Raises: NotFound.
    """
    mail = ClientMail.objects.filter(pk=mail_id).first()
    if mail is None:
        raise NotFound
    put_into_words(mail)
    return mail
