"""*Einstellungen » Nachtlauf*: what was done for the salon at night, and doing it now (domain.md §10)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires
from salon.work.models import EarlierRun, NightStep, StepState, Trouble
from salon.work.night import ATTEMPTS, NightRuns, run_now
from salon.work.recent import Outcome, PastNight, recent_nights
from salon.work.steps import Step, all_steps

_SOON = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step as the page shows it; `kind` names its icon and colour."""

    row: NightStep
    kind: str
    label: str
    told: str
    trouble: str
    duration: str
    earlier: list[str]


@dataclass(frozen=True, slots=True)
class ShownNight:
    """A night as the page shows it."""

    night: PastNight
    outcome: Outcome
    label: str
    duration: str
    steps: list[ShownStep]


@requires(Permission.SETTINGS)
@never_cache
@require_safe
def night(request: SalonRequest) -> HttpResponse:
    """The latest nights, the newest in full."""
    nights = [_shown(one) for one in recent_nights()]
    return render(request, "work/night.html", {**_head(request, nights), "earlier": nights[1:]})


@requires(Permission.SETTINGS)
@never_cache
@require_safe
def night_latest(request: SalonRequest) -> HttpResponse:
    """The newest night alone, asked for again and again while it runs."""
    nights = [_shown(one) for one in recent_nights(limit=1)]
    return render(request, "work/_latest.html", _head(request, nights))


@requires(Permission.NIGHT_RUN)
@require_POST
def night_run(request: SalonRequest) -> HttpResponse:
    """Begins today's night now."""
    try:
        run_now(actor=request.actor, salon=request.salon, now=timezone.now())
    except NightRuns as refusal:
        messages.info(request, str(refusal.message))
    else:
        messages.success(request, _("The nightly run has begun."))
    return redirect("night", request.salon.slug)


def _head(request: SalonRequest, nights: list[ShownNight]) -> dict[str, Any]:
    latest = nights[0] if nights else None
    return {
        "latest": latest,
        "is_running": latest is not None and latest.outcome == Outcome.RUNNING,
        "may_run": Permission.NIGHT_RUN in request.actor.permissions,
        "next_run": _next_run(request.salon.next_night_at, timezone.now()),
    }


def _next_run(at: datetime, now: datetime) -> str:
    if at <= now + _SOON:
        return _("in the next minutes")
    local, today = timezone.localtime(at), timezone.localdate(now)
    moment = {"date": formats.date_format(local, "SHORT_DATE_FORMAT"), "time": formats.date_format(local, "H:i")}
    # Whoever is still up at one in the morning means the same night.
    if local.date() - today <= timedelta(days=1) and local.hour < 12:
        return _("tonight, %(time)s") % moment
    return _("on %(date)s, %(time)s") % moment


def _shown(one: PastNight) -> ShownNight:
    labels = {
        Outcome.RUNNING: _("running"),
        Outcome.FAILED: _("failed in part"),
        Outcome.WARNING: _("with warnings"),
        Outcome.DONE: _("done"),
    }
    steps = [_shown_step(row) for row in one.steps]
    return ShownNight(one, one.outcome, labels[one.outcome], _duration(one.duration), steps)


def _shown_step(row: NightStep) -> ShownStep:
    step = all_steps().get(row.step)
    kind = "warning" if row.state == StepState.DONE and row.warning else row.state.lower()
    return ShownStep(
        row=row,
        kind=kind,
        label=str(step.label) if step else row.step.rpartition(".")[2],
        told=step.told(row.counts) if step else "",
        trouble=_trouble(row),
        duration=_duration(row.duration),
        earlier=[_earlier(step, run) for run in reversed(row.earlier) if run["started_at"]] if step else [],
    )


def _earlier(step: Step, run: EarlierRun) -> str:
    began = formats.date_format(timezone.localtime(datetime.fromisoformat(run["started_at"] or "")), "H:i")
    told = step.told(run["counts"]) or str(StepState(run["state"]).label)
    if run["asked_by"]:
        return _("%(time)s, by %(name)s: %(told)s") % {"time": began, "name": run["asked_by"], "told": told}
    return _("%(time)s: %(told)s") % {"time": began, "told": told}


def _trouble(row: NightStep) -> str:
    if not row.trouble or row.state == StepState.DONE:
        return ""
    reason = str(Trouble(row.trouble).label)
    if row.has_ended:
        return reason
    words = {"attempt": row.attempts, "attempts": ATTEMPTS, "reason": reason}
    return _("Attempt %(attempt)s of %(attempts)s: %(reason)s It will be tried again.") % words


def _duration(took: timedelta | None) -> str:
    if took is None:
        return ""
    seconds = round(took.total_seconds())
    if seconds < 1:
        return _("less than 1 s")
    if seconds < 60:
        return _("%(seconds)s s") % {"seconds": seconds}
    minutes, seconds = divmod(seconds, 60)
    return _("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": seconds}
