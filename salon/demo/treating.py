"""What is added to the visits of an invented salon: rewards, and what clients pay for having come to like it. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from bookings.states import State
from clients.details import Gender
from loyalty.models import Returned
from loyalty.rewards import standard_points
from salon.demo.accounts import Accounts, Holder
from salon.demo.diary import Diary
from salon.demo.fates import Visit
from salon.demo.offering import Offering

_MINUTE = timedelta(minutes=1)
# For how long somebody pays for what she got to know for points, if she does, and how often.
_LIKES, _SHARE_LIKING, _SHARE_AGAIN = timedelta(days=180), 0.5, 0.45
_SHARE_TREATED = 0.2
# How far ahead rewards are booked.
_AHEAD = timedelta(days=10)
_NOT_FOR = {"Nassrasur": Gender.FEMALE, "Kopfrasur": Gender.FEMALE, "Glossing": Gender.MALE}


class Treating:
    """Adds services to visits where somebody has the time for them; on days to come there stays `room` for the rest."""

    def __init__(
        self,
        accounts: Accounts,
        diary: Diary,
        offering: Offering,
        random: Random,
        *,
        visits: Iterable[Visit],
        room: Iterable[tuple[str, ...]],
        now: datetime,
        today: date,
    ) -> None:
        self._accounts = accounts
        self._diary = diary
        self._prices = {name: sold.price for name, sold in offering.by_name.items() if name in offering.rewards}
        self._random = random
        self._own = _by_client(visits)
        self._room = list(room)
        self._now = now
        self._today = today

    def extended(self, place: int, visit: Visit, desk: str) -> Visit:
        """Return a visit with what the client gets for points, or has come to like, directly behind it.

        `desk` is who appends it to what was booked online.
        """
        if visit.who is None or visit.state == State.CANCELLED or not self._is_open_to_more(visit, visit.who):
            return visit
        holder = self._accounts.holders[visit.who]
        if holder.life.is_known:
            return visit
        if liked := self._liked(holder, visit):
            return self._with(visit, liked, treat=False) or visit
        name = self._wished(visit, visit.who, holder)
        longer = self._with(visit, name, treat=True) if name else None
        if longer is None:
            return visit
        by = visit.booked_by or desk
        treat = self._accounts.redeem(visit.who, name, self._prices[name], at=visit.booked_at, by=by, visit=place)
        holder.likes[name] = visit.starts_at + (_LIKES if self._random.random() < _SHARE_LIKING else -_LIKES)
        if visit.state == State.NO_SHOW:
            self._accounts.give_back(treat, longer.ends_at, Returned.NO_SHOW)
        return longer

    def _is_open_to_more(self, visit: Visit, who: int) -> bool:
        """Return whether a visit may become longer: one to come, or before her last; when that ended she has booked."""
        if visit.day < self._today:
            return any(visit.day < other.day < self._today for other in self._own[who])
        return visit.starts_at > self._now

    def _liked(self, holder: Holder, visit: Visit) -> str:
        for name, until in holder.likes.items():
            if visit.starts_at <= until and name not in {one.service for one in visit.slotted}:
                return name if self._random.random() < _SHARE_AGAIN else ""
        return ""

    def _wished(self, visit: Visit, who: int, holder: Holder) -> str:
        """Return the reward that somebody chooses, if any: one that she can afford and never had."""
        chosen = self._random.random() < _SHARE_TREATED
        if not chosen or visit.day > self._today + _AHEAD or not holder.can_give(1, visit.booked_at):
            return ""
        # All she ever comes for: what of it is booked by now is another thing at another hour.
        known = {name for habit in holder.life.habits for name in habit.services}
        known |= {name for fixed in holder.life.fixed for name in fixed.services}
        known |= {one.service for other in self._own[who] for one in other.slotted if other.day <= visit.day}
        known |= {name for name, _times in holder.person.services} | holder.likes.keys()
        possible = [
            name
            for name, price in self._prices.items()
            if name not in known and _NOT_FOR.get(name) != holder.person.details.gender
            if standard_points(price) <= holder.balance
        ]
        return self._random.choice(possible) if possible else ""

    def _with(self, visit: Visit, service: str, *, treat: bool) -> Visit | None:
        """Return a visit with one service more, if there is time for it.

        What was booked when it had ended still was; on a day to come, there is still room for everything else.
        """
        ends = self._diary.ends_at(visit.slotted)
        found = self._diary.find_at(visit.day, service, ends, visit.slotted[-1].staff)
        if found is None or visit.who is None:
            return None
        more = timedelta(minutes=self._diary.ends_at([found]) - ends)
        latest = visit.ends_at + more + 2 * _MINUTE
        others = (other for other in self._own[visit.who] if other.day < self._today)
        if any(visit.ends_at < other.booked_at <= latest for other in others):
            return None
        self._diary.take(visit.day, [found])
        if visit.day > self._today and not self._diary.has_room(visit.day, self._room):
            self._diary.give_back(visit.day, [found])
            return None
        slotted = (*visit.slotted, replace(found, treat=treat))
        return replace(visit, slotted=slotted, ends_at=visit.ends_at + more)


def _by_client(visits: Iterable[Visit]) -> Mapping[int, list[Visit]]:
    own: defaultdict[int, list[Visit]] = defaultdict(list)
    for visit in visits:
        if visit.who is not None:
            own[visit.who].append(visit)
    return own
