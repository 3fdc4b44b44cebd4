"""A campaign being sent, which can be made to halt at each point of its way; see `halting_steps`.

`settled` when it is committed who gets it, `taken` when it is that mails of a batch are being sent, `given` when the
mail server has taken a mail and nobody knows yet, `kept` when it is written down what became of some, `ended` before
the end is committed.
"""

import os
from datetime import timedelta
from typing import Any
from uuid import UUID

from marketing import delivery, sending
from salon.mail.posting import Answer, Post
from tests.faults.halting_steps import at

POINTS = ("settled", "taken", "given", "kept", "ended")

if "FAULTS" in os.environ:
    delivery.BATCH, delivery.GROUP, delivery.GROUP_LASTS = 10, 3, timedelta(hours=1)
    _take, _keep, _send, _prepare, _end = (
        delivery._take,
        delivery._keep,
        Post.send,
        sending._prepare,
        sending._end,
    )

    def _prepared(attempt: delivery.Attempt, campaign_id: UUID) -> bool:
        going = _prepare(attempt, campaign_id)
        at("campaign", "settled")
        return going

    def _taken(*given: Any) -> Any:
        taken = _take(*given)
        at("campaign", "taken")
        return taken

    def _given(self: Post, message: Any) -> Answer:
        answer = _send(self, message)
        at("campaign", "given")
        return answer

    def _kept(attempt: delivery.Attempt, results: Any) -> None:
        _keep(attempt, results)
        at("campaign", "kept")

    def _ended(attempt: delivery.Attempt, campaign_id: UUID) -> None:
        at("campaign", "ended")
        _end(attempt, campaign_id)

    sending._prepare, delivery._take, Post.send = _prepared, _taken, _given  # type: ignore[assignment,method-assign]
    delivery._keep, sending._end = _kept, _ended
