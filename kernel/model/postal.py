"""How entries change a ledger's mail: the fold of what was sent, begun, applied and answered."""

from __future__ import annotations

from kernel.model.entries import Act, Stamp
from kernel.model.mail import APPLIED, Answer, Mail, SentMessage
from kernel.model.till_entries import Acknowledged, Applied, Attempted, MessageSent

__all__ = ["apply_mail", "apply_message"]

_APPLIED = Answer(APPLIED)


def apply_message(mail: Mail, act: Act, stamp: Stamp) -> None:
    """`act`, of whatever kind, is the effect of a message."""
    assert act.applied is not None
    answer = Answer(act.result, act.reason) if isinstance(act, Applied) else _APPLIED
    mail.apply(act.applied, answer, stamp.wall_ms)


def apply_mail(mail: Mail, act: Act, stamp: Stamp) -> None:
    """Fold in an entry that is of mail; any other changes nothing here."""
    match act:
        case MessageSent():
            sent = SentMessage(act.order, act.to, act.what, act.body, act.expires_ms)
            mail.send(act.message, sent, stamp.wall_ms)
        case Attempted():
            mail.attempt(act.messages, stamp.wall_ms)
        case Acknowledged():
            mail.acknowledge(act.acks)
        case _:
            pass
