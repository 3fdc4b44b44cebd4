"""Paths of the API about the Treatcard."""

from django.urls import path

from loyalty.api.rewards import RewardEndpoint, RewardsArchiveEndpoint, RewardsEndpoint, RewardsRestoreEndpoint
from loyalty.api.settings import LoyaltySettingsEndpoint

urlpatterns = [
    path("loyalty/settings", LoyaltySettingsEndpoint.as_view(), name="api_loyalty_settings"),
    path("rewards", RewardsEndpoint.as_view(), name="api_rewards"),
    path("rewards/archive", RewardsArchiveEndpoint.as_view(), name="api_rewards_archive"),
    path("rewards/restore", RewardsRestoreEndpoint.as_view(), name="api_rewards_restore"),
    path("rewards/<uuid:reward_id>", RewardEndpoint.as_view(), name="api_reward"),
]
