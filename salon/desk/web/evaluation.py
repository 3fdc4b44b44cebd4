"""*Marketing » Treatcard » Auswertung*: issued, redeemed, open in money, who comes back (ui.md §2.6)."""

from decimal import Decimal

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loyalty.web.tabs import treatcard_tabs
from salon.desk.evaluation import AGES, WITHIN, Evaluation, PointValue, Uplift, evaluate
from salon.desk.web.figures import Tile, month_label, month_name, percent_text, whole
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires
from salon.web.amounts import amount_text, sign_of


@requires(Permission.LOYALTY_WRITE)
@require_safe
def evaluation(request: SalonRequest) -> HttpResponse:
    """What the Treatcard has come to by now."""
    found = evaluate(actor=request.actor, salon=request.salon, now=timezone.now())
    currency = request.salon.currency
    context = {
        "found": found,
        "is_used": bool(found.cards or found.open or found.collected or found.redeemed or found.uplift),
        "tiles": _tiles(found, currency),
        "months": [
            {
                "label": month_label(one.month),
                "name": month_name(one.month, since=found.since, until=found.until),
                "value": max(one.redeemed, 0),
                "shown": whole(one.redeemed),
                "before": max(one.collected, 0),
                "before_shown": whole(one.collected),
            }
            for one in found.months
        ],
        "highest": whole(max((max(one.collected, one.redeemed) for one in found.months), default=0)),
        "liability": [
            {
                "label": month_label(one.month),
                "name": month_name(one.month, since=found.since, until=found.until),
                "value": one.open,
                "shown": f"{whole(one.open)} · {amount_text(found.value.of(one.open), currency)}",
            }
            for one in found.months
        ],
        "most_open": amount_text(found.value.of(max((one.open for one in found.months), default=0)), currency),
        "ages": _ages(found, currency),
        "uplift": [_uplift(one, currency) for one in found.uplift],
        "days": WITHIN.days,
        "months_title": _("Points collected and redeemed by month"),
        "liability_title": _("Open points at the end of each month, in money"),
        "ages_title": _("Open points by how long ago they were collected"),
        "collected_word": _("collected"),
        "redeemed_word": _("redeemed"),
        "nothing_yet": _("No client has a Treatcard yet. Give the first one its number on her card."),
        "clients_url": reverse("clients:list", args=[request.salon.slug]),
        "clients_word": _("To the clients"),
        "tabs": treatcard_tabs(request, "treatcard_evaluation"),
    }
    return render(request, "desk/evaluation.html", context)


def _tiles(found: Evaluation, currency: str) -> list[Tile]:
    return [
        Tile(
            _("Collected"),
            whole(found.collected),
            _("Points of sales in the last twelve months, less what refunds took back."),
        ),
        Tile(
            _("Redeemed"),
            whole(found.redeemed),
            _("Points given for rewards in the last twelve months, less what was given back."),
        ),
        Tile(
            _("Open points"),
            whole(found.open),
            _("What clients could still redeem today; whoever owes points counts as none."),
        ),
        Tile(
            _("Open in money"),
            amount_text(found.value.of(found.open), currency),
            _value_words(found.value, currency),
        ),
    ]


def _value_words(value: PointValue, currency: str) -> str:
    euros = f"{number_format(value.euros, 3, use_l10n=True)}\N{NO-BREAK SPACE}{sign_of(currency)}"
    if value.is_measured:
        return _("A point is worth %(value)s: list price over points of the last twelve months' redemptions.") % {
            "value": euros
        }
    return _("A point is worth %(value)s, 1/14 by the standard, as nothing was redeemed in the last twelve months.") % {
        "value": euros
    }


def _ages(found: Evaluation, currency: str) -> list[dict[str, object]]:
    labels = [_("up to %(months)s months old") % {"months": months} for months in AGES]
    labels.append(_("older than %(months)s months") % {"months": AGES[-1]})
    return [
        {
            "label": label,
            "value": points,
            "shown": f"{whole(points)} · {amount_text(found.value.of(points), currency)}",
        }
        for label, points in zip(labels, found.ages, strict=True)
    ]


def _uplift(one: Uplift, currency: str) -> dict[str, object]:
    return {
        "name": one.name,
        "clients": whole(one.clients),
        "again": whole(one.again),
        "share": percent_text(one.again, one.clients),
        "width": f"{Decimal(100) * one.again / one.clients:.2f}%",
        "revenue": amount_text(one.revenue, currency),
        "waiting": whole(one.waiting),
    }
