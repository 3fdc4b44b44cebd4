"""*Marketing » Treatcard » Simulator*: rates and rewards tried out before they are saved (ui.md §2.6)."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from loyalty.eligibility import Matrix
from loyalty.web.numbers import points_text
from loyalty.web.tabs import treatcard_tabs
from salon.desk.adopting import DraftOutdated, Fate, adopt, difference, fate_of
from salon.desk.replay import Holders, Offered, Reach, Replay
from salon.desk.simulation import Draft, Simulated, get_simulation, keep_simulation, simulate, simulated
from salon.desk.web.adopted import changes_told
from salon.desk.web.drafting import (
    DraftForm,
    Row,
    catalogue,
    choices_besides,
    draft_of,
    form_of,
    refused,
    rows_entered,
    rows_of,
)
from salon.desk.web.figures import Tile, month_label, month_name, percent_text, whole
from salon.errors import InvalidInput
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires
from salon.web.amounts import amount_text

_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Compared:
    """How many clients could have one reward, today's rules against the draft; None where one has no such reward.

    Bars are in percent of the longest of all.
    """

    name: str
    terms: str
    before: str
    now: str
    before_width: str
    now_width: str
    regulars: str


@requires(Permission.LOYALTY_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def simulator(request: SalonRequest) -> HttpResponse:
    """Try rates and rewards out; at first those that hold."""
    if request.method == "POST":
        return _try_out(request)
    found = simulate(actor=request.actor, salon=request.salon, draft=Draft(), now=timezone.now())
    return _page(request, form_of(found), rows_of(found, request.salon.currency), found)


@requires(Permission.LOYALTY_WRITE)
@require_safe
def simulation(request: SalonRequest, simulation_id: UUID) -> HttpResponse:
    """What somebody has tried out, with the draft to go on from."""
    found = simulated(get_simulation(simulation_id))
    form, rows = form_of(found), rows_of(found, request.salon.currency)
    return _page(request, form, rows, found, draft=simulation_id)


@requires(Permission.LOYALTY_WRITE)
@require_POST
def simulation_adopt(request: SalonRequest, simulation_id: UUID) -> HttpResponse:
    """Let what was tried out hold from now on, and lead to the settings."""
    try:
        told = adopt(actor=request.actor, simulation_id=simulation_id, now=timezone.now())
    except DraftOutdated as refusal:
        found = simulated(get_simulation(simulation_id))
        form, rows = form_of(found), rows_of(found, request.salon.currency)
        return _page(request, form, rows, found, draft=simulation_id, refusal=refusal.message)
    if told.is_none:
        messages.info(request, _("These rates and rewards hold already."))
    else:
        messages.success(request, _("Adopted: %(changes)s.") % {"changes": "; ".join(changes_told(told))})
    return redirect("treatcard", request.salon.slug)


def _try_out(request: SalonRequest) -> HttpResponse:
    form = DraftForm(request.POST)
    rows = rows_entered(request.POST, catalogue(), request.salon.currency)
    if form.is_valid() and not any(row.error for row in rows if row.given):
        given = [row for row in rows if row.given]
        try:
            kept = keep_simulation(
                actor=request.actor, salon=request.salon, draft=draft_of(form, given), now=timezone.now()
            )
        except InvalidInput as refusal:
            rows = refused(form, rows, given, refusal)
        else:
            address = reverse("treatcard_simulation", args=[request.salon.slug, kept.pk])
            return redirect(f"{address}#result")
    return _page(request, form, rows, None)


def _page(
    request: SalonRequest,
    form: DraftForm,
    rows: list[Row],
    found: Simulated | None,
    *,
    draft: UUID | None = None,
    refusal: Promise | str = "",
) -> HttpResponse:
    currency, args = request.salon.currency, [request.salon.slug]
    is_draft = draft is not None
    fate = fate_of(found) if found and is_draft else Fate.HOLDS
    context = {
        "form": form,
        "rows": rows,
        "fate": fate,
        "changes": changes_told(difference(found.old, found.new)) if found and fate == Fate.OPEN else [],
        "choices": choices_besides(rows, catalogue(), currency),
        "matrices": Matrix.choices,
        "per_hint": _("per %(amount)s") % {"amount": amount_text(_ONE, currency)},
        "adopt_url": reverse("treatcard_simulation_adopt", args=[*args, draft]) if draft else "",
        "here": reverse("treatcard_simulator", args=args),
        "is_draft": is_draft,
        "tabs": treatcard_tabs(request, "treatcard_simulator"),
        "lead": _(
            "Try out rates and rewards on the sales of the last twelve months before you save anything. Nothing here "
            "changes a card, a reward or a setting."
        ),
        "refusal": refusal,
        **(_result(found, currency, is_draft=is_draft) if found else {}),
    }
    return render(request, "desk/simulator.html", context, status=200 if found and not refusal else 422)


def _result(found: Simulated, currency: str, *, is_draft: bool) -> dict[str, object]:
    outcome = found.outcome
    most = max(outcome.old.points, outcome.new.points)
    highest = max((max(one.old, one.new) for one in outcome.months), default=0)
    return {
        "result": found,
        "replayed": _replayed(found, currency),
        "tiles": _tiles(outcome, currency, is_draft=is_draft),
        "has_points": most > 0,
        "highest": whole(highest),
        "months": [
            {
                "label": month_label(one.month),
                "name": month_name(one.month, since=found.since, until=found.until),
                "value": one.new,
                "shown": whole(one.new),
                **({"before": one.old, "before_shown": whole(one.old)} if is_draft else {}),
            }
            for one in outcome.months
        ],
        "reach": _compared(outcome, currency),
        "today_word": _("Today"),
        "draft_word": _("Draft"),
        "nothing_sold": _nothing_sold(found.holders),
    }


def _nothing_sold(holders: Holders) -> str:
    if holders == Holders.TREATCARD:
        return _("No client with a Treatcard has paid for anything in the last twelve months. Try it with all clients.")
    return _("Nothing was sold to clients in the last twelve months: there is nothing to calculate with yet.")


def _replayed(found: Simulated, currency: str) -> str:
    outcome = found.outcome
    sales = ngettext("%(number)s sale", "%(number)s sales", outcome.sales) % {"number": whole(outcome.sales)}
    clients = ngettext("%(number)s client", "%(number)s clients", outcome.clients) % {"number": whole(outcome.clients)}
    words = _("%(since)s to %(until)s: %(sales)s to %(clients)s, %(revenue)s of services and products.") % {
        "since": date_format(found.since, "SHORT_DATE_FORMAT"),
        "until": date_format(found.until, "SHORT_DATE_FORMAT"),
        "sales": sales,
        "clients": clients,
        "revenue": amount_text(outcome.revenue, currency),
    }
    if found.holders == Holders.EVERYBODY:
        return f"{words} {_('Counted as if every client had a Treatcard.')}"
    return f"{words} {_('Counted as if everybody who has a Treatcard today had had it all along.')}"


def _tiles(outcome: Replay, currency: str, *, is_draft: bool) -> list[Tile]:
    old, new = outcome.old, outcome.new
    figures = [
        (
            _("Points given"),
            [whole(one.points) for one in (old, new)],
            _("What every sale would bring, rounded down sale by sale; refunds are taken off."),
        ),
        (
            _("Cost at list price"),
            [amount_text(one.cost, currency) for one in (old, new)],
            _(
                "If every client took each reward open to her once, the cheapest first, and spent what is left on the "
                "cheapest that can be had at any time."
            ),
        ),
        (
            _("Of their purchases"),
            [percent_text(one.cost, outcome.revenue) for one in (old, new)],
            _("The cost at list price as a share of what these clients have paid."),
        ),
        (
            _("Clients with a reward"),
            [whole(one.clients) for one in (old, new)],
            _("Clients whose points of the year are enough for at least one reward that they may have."),
        ),
        (
            _("Bought anyway"),
            [percent_text(one.anyway, one.cost) for one in (old, new)],
            _anyway_words(outcome),
        ),
    ]
    return [Tile(label, now, words, before if is_draft else "") for label, (before, now), words in figures]


def _anyway_words(outcome: Replay) -> str:
    words = _("The share of the cost that goes to clients who have bought the same thing in this year, too.")
    given = [one.reward.matrix for one in (*outcome.old_reach, *outcome.new_reach)]
    if outcome.old.anyway or outcome.new.anyway or not given or set(given) != {Matrix.FIRST_TIME}:
        return words
    return f"{words} {_('Nothing of it here: every reward is for the first time only, so nobody gets what she buys.')}"


def _compared(outcome: Replay, currency: str) -> list[Compared]:
    """Return the rewards of both sides, those of the draft first."""
    old = {one.reward.item_id: one for one in outcome.old_reach}
    new = {one.reward.item_id: one for one in outcome.new_reach}
    most = max((one.clients for one in (*old.values(), *new.values())), default=0)
    return [
        _line(old.get(key), new.get(key), most, currency) for key in (*new, *(key for key in old if key not in new))
    ]


def _line(before: Reach | None, now: Reach | None, most: int, currency: str) -> Compared:
    reward = (now or before).reward  # type: ignore[union-attr]
    return Compared(
        name=reward.name,
        terms=_terms(before.reward if before else None, now.reward if now else None, currency),
        before=whole(before.clients) if before else "–",
        now=whole(now.clients) if now else "–",
        before_width=_width(before, most),
        now_width=_width(now, most),
        regulars=whole(now.regulars) if now else "–",
    )


def _terms(before: Offered | None, now: Offered | None, currency: str) -> str:
    """Return what a reward costs and who may have it, as `25,00 € · 350 → 300 Punkte · Jederzeit`."""
    shown = now or before
    if shown is None:
        return ""
    points = points_text(shown.points)
    if before and now and before.points != now.points:
        points = f"{whole(before.points)} → {points}"
    parts = [amount_text(shown.price, currency), points, str(shown.matrix.label)]
    if now is None:
        parts.append(_("not in the draft"))
    elif before is None:
        parts.append(_("new"))
    return " · ".join(parts)


def _width(reach: Reach | None, most: int) -> str:
    return f"{100 * reach.clients / most if reach and most else 0:.2f}%"
