"""What pages that show a mail may load, and what the mail itself may: the rest of the house's policy stays."""

from django.conf import settings
from django.utils.csp import CSP

# A page that shows a mail in a frame.
WITH_FRAME: dict[str, list[str]] = {**settings.SECURE_CSP, "frame-src": [CSP.SELF]}
# The mail itself: styles of its own, nothing that is fetched, no script; shown by our own pages alone.
MAIL: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "form-action": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.SELF],
    "sandbox": ["allow-same-origin", "allow-popups", "allow-popups-to-escape-sandbox"],
}
