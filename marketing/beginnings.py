"""What a campaign can begin with: texts that every salon has (domain.md §9.2).

What only the salon knows stands in double brackets, `[[name of the service]]`; with such a gap no mail goes out
(marketing/letters.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from marketing.segments import EVERYONE


@dataclass(frozen=True, slots=True)
class Beginning:
    """A text to begin a campaign with: its name, the segment it is mostly meant for, and its words."""

    name: Promise
    segment: str
    subject: Promise
    paragraphs: tuple[Promise | str, ...]

    def words(self) -> tuple[str, str]:
        """Return subject and text in the language of the installation: clients read it, whoever writes."""
        with override(settings.LANGUAGE_CODE):
            return str(self.subject), "\n\n".join(map(str, self.paragraphs))


_GREETING = "{{greeting}},"
_REGARDS = _("Warm regards, your team at {{salon}}")
_ASK = _("Just reply to this mail or give us a ring, and we find a time that suits you.")
BEGINNINGS: Mapping[str, Beginning] = {
    "birthday": Beginning(
        _("Birthday this month"),
        "birthday",
        _("A treat for your birthday, {{first_name|with our best wishes}}"),
        (
            _GREETING,
            _("this is the month of your birthday, and we wish you all the best."),
            _("**Our present: [[what there is, and until when]].** Simply tell us of it at your next visit."),
            _ASK,
            _REGARDS,
        ),
    ),
    "miss_you": Beginning(
        _("We miss you"),
        "overdue",
        _("It is time again, {{first_name|and we look forward to you}}"),
        (
            _GREETING,
            _("your last visit with us: {{last_visit|quite a while ago}}. We would love to see you again."),
            _ASK,
            _REGARDS,
        ),
    ),
    "new_service": Beginning(
        _("New service"),
        EVERYONE,
        _("New at {{salon}}: [[name of the service]]"),
        (
            _GREETING,
            _("there is something new with us: **[[name of the service]]**."),
            _("- For whom: [[for whom it is right]]\n- How long it takes: [[minutes]]\n- Price: [[price]]"),
            _ASK,
            _REGARDS,
        ),
    ),
    "closing_days": Beginning(
        _("Holidays and closing days"),
        EVERYONE,
        _("We are closed from [[first day]] to [[last day]]"),
        (
            _GREETING,
            _("from **[[first day]] to [[last day]]** our salon is closed. From [[day]] on we are there for you."),
            _("Would you like to come before that? There are not many places left, so please get in touch soon."),
            _ASK,
            _REGARDS,
        ),
    ),
    "treatcard": Beginning(
        _("Treatcard: points to redeem"),
        EVERYONE,
        _("Your points, {{first_name|a present to yourself}}"),
        (
            _GREETING,
            _("on your Treatcard there are **{{points}} points**."),
            _("For points there are treatments and products: [[two or three rewards]]."),
            _("Ask us at your next visit what you can redeem them for."),
            _REGARDS,
        ),
    ),
    "new_colleague": Beginning(
        _("A new face in the team"),
        EVERYONE,
        _("Say hello to [[name]]"),
        (
            _GREETING,
            _("we have got reinforcement: **[[name]]** has been with us since [[day]]."),
            _("[[What she does best, and what she likes about it]]"),
            _ASK,
            _REGARDS,
        ),
    ),
}
