"""What a salon tells its clients, whom, and what they answer."""

from marketing.models.automations import Automation, Occasion
from marketing.models.campaigns import Basis, Campaign, CampaignState, Recipient, RecipientReason, RecipientState
from marketing.models.messages import Direction, Message, MessagePicture, MessageTemplate
from marketing.models.pictures import Picture
from marketing.models.rules import MarketingRules
from marketing.models.segments import Segment
from marketing.models.undeliverable import UndeliverableAddress

__all__ = [
    "Automation",
    "Basis",
    "Campaign",
    "CampaignState",
    "Direction",
    "MarketingRules",
    "Message",
    "MessagePicture",
    "MessageTemplate",
    "Occasion",
    "Picture",
    "Recipient",
    "RecipientReason",
    "RecipientState",
    "Segment",
    "UndeliverableAddress",
]
