"""Pages of the Treatcard, below `/s/<slug>/marketing/`."""

from django.urls import URLPattern, path

from loyalty.web import rewards, settings


def _lists(start: str, kind: rewards.Kind) -> list[URLPattern]:
    """Return the pages of the rewards of one kind."""
    given = {"kind": kind}
    return [
        path(start, rewards.rewards, given, name=kind.route),
        path(f"{start}new/", rewards.new_reward, given, name=f"{kind.route}_new"),
        path(f"{start}archive/", rewards.archive, given, name=f"{kind.route}_archive"),
        path(f"{start}restore/", rewards.restore, given, name=f"{kind.route}_restore"),
    ]


urlpatterns = [
    path("treatcard/", settings.treatcard, name="treatcard"),
    *_lists("treatcard/services/", rewards.SERVICES),
    *_lists("treatcard/products/", rewards.PRODUCTS),
    path("treatcard/rewards/<uuid:reward_id>/", rewards.reward, name="treatcard_reward"),
    path("treatcard/rewards/<uuid:reward_id>/price/", rewards.reward_price, name="treatcard_reward_price"),
]
