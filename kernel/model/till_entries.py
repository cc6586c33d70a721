"""Entries that belong to no sale: the process, the till period, cash, operators, effects.

The second half of the schema of format 1; the rules of `entries` hold here too.
"""

# Annotations stand here as values, not as words (no `annotations` from `__future__`): msgspec
# would compile each of those again, and a till waits for that at its start.

from msgspec import Raw, Struct, field

from kernel.model.entries import (
    Act,
    CardOutcome,
    CardRequest,
    Line,
    SaleAborted,
    SaleBegun,
    SaleRecalled,
    SaleSuspended,
    Tender,
    TenderVoided,
)
from kernel.model.mail import Ack
from kernel.model.totals import Totals

__all__ = [
    "Acknowledged",
    "AnyAct",
    "Applied",
    "Approval",
    "Attempted",
    "ApprovalUsed",
    "CashMovement",
    "ClockStepped",
    "ConfigurationApplied",
    "CopyPrinted",
    "Counted",
    "Event",
    "Intent",
    "MessageSent",
    "OperatorChange",
    "Outcome",
    "PeriodClosed",
    "PeriodOpened",
    "Recovered",
    "Seal",
    "SegmentOpened",
    "Started",
    "Stopped",
    "TrainingEnded",
    "Unsettled",
]


class SegmentOpened(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="segment"):
    """The first entry of every segment."""

    format: int
    schema: int
    terminal: str
    previous_chain: str = field(name="prev")
    checkpoint: str | None = None
    """SHA-256 (hex) of the checkpoint that holds the ledger as it was before this entry."""


class Seal(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="seal"):
    """The last entry of a sealed segment."""

    sha256: str
    """SHA-256 (hex) of all bytes of the segment before this frame."""


class Started(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="start"):
    epoch: int
    incarnation: str
    """128 random bits (hex): two processes never share it, whatever was restored."""
    boot: str
    pid: int
    host: str
    version: str
    zone: str
    durability: str
    store: str | None = None


class Recovered(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="recovery"):
    """What the start after a crash found."""

    open: tuple[int, ...] = ()
    torn_bytes: int = field(name="torn", default=0)
    set_aside: str | None = field(name="aside", default=None)
    possibly_acknowledged: bool = field(name="maybe_acknowledged", default=False)
    unknown_cards: tuple[tuple[int, int], ...] = field(name="cards", default=())
    """(transaction, request number) of card requests without an outcome."""
    checkpoint_rebuilt: bool = field(name="rebuilt", default=False)
    previous: str | None = None
    """Whose lock was found stale."""


class Stopped(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="stop"):
    reason: str = "stop"
    parked: tuple[int, ...] = ()


class ClockStepped(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="clock"):
    step_ms: int


class PeriodOpened(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="period"):
    number: int
    date: int
    drawer: str
    float_minor: int = field(name="float", default=0)
    currency: str | None = field(name="cur", default=None)
    training: bool = False


class TrainingEnded(
    Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="training_end"
):
    """The end of a training period, which has no Z: nothing in it was money."""

    number: int


class Unsettled(Struct, frozen=True, gc=False, omit_defaults=True):
    """An open sale that a Z names."""

    tx: int = field(name="x")
    balance_minor: int = field(name="balance")
    unknown_cards: int = field(name="cards", default=0)


class PeriodClosed(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="z"):
    number: int
    period: int
    totals: dict[str, Totals]
    perpetual: dict[str, int]
    """Currency -> sum of all totals of all periods since the terminal's first day."""
    first_receipt: int | None = None
    last_receipt: int | None = None
    no_sales: int = 0
    open: tuple[Unsettled, ...] = ()
    suspended: dict[str, int] = field(default_factory=dict)
    """Ticket -> transaction of the sales that this till put on the floor and did not take up."""
    sha256: str = ""
    """SHA-256 (hex) of all bytes of the segment before this frame."""


class CashMovement(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="cash"):
    how: str
    """`pay_in`, `pay_out`, `pickup` or `no_sale`."""
    currency: str = field(name="cur")
    amount_minor: int = field(name="amt", default=0)
    reason: str | None = None


class Counted(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="count"):
    currency: str = field(name="cur")
    amount_minor: int = field(name="amt")
    pieces: dict[str, int] | None = None
    """Denomination in minor units -> pieces."""


class OperatorChange(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="operator"):
    how: str
    """`sign_on`, `sign_off`, `lock`, `unlock` or `hand_over`."""
    to: str | None = None


class CopyPrinted(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="copy"):
    number: int


class Intent(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="intent"):
    """Durable before a device acts."""

    device: str
    what: str
    number: int


class Outcome(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="outcome"):
    device: str
    number: int
    result: str


class MessageSent(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="sent"):
    """Durable before the message is put out, with all that it takes to put it out again."""

    order: int
    """1 for the first message that a terminal sends, one more each."""
    message: str
    to: str
    """A terminal, or `*`."""
    what: str
    """The type of the message."""
    expires_ms: int = field(name="until")
    body: Raw


class Attempted(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="attempt"):
    """Durable before what the messages ask for is begun: one that kills is not begun for ever."""

    messages: tuple[str, ...]


class Acknowledged(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="acks"):
    """What became of messages that this terminal sent."""

    acks: tuple[Ack, ...]


class Applied(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="applied"):
    """A message whose only effect is that it was taken note of, or refused."""

    sender: str
    result: str = "applied"
    """`received`, `applied` or `refused`."""
    reason: str = ""


class ConfigurationApplied(
    Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="config"
):
    version: int
    sha256: str


class Approval(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="approval"):
    """A token good for one act; declined ones are `event` entries."""

    token: str
    what: str
    line: int | None = None
    old: str | None = None
    new: str | None = None
    by: str | None = None
    """The terminal that answered; None where the approver's PIN was keyed in at this till."""
    key: str | None = None
    """Which key signed that answer: the first 16 hex digits of its SHA-256."""


class ApprovalUsed(
    Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="approval_used"
):
    """Stands before the act that the token allowed and all that goes with it, in the same write."""

    token: str


class Event(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="event"):
    """Something that happened beside the sales: outside every total."""

    what: str
    detail: str | None = None
    count: int = 1


AnyAct = (
    SegmentOpened
    | Seal
    | Started
    | Recovered
    | Stopped
    | ClockStepped
    | PeriodOpened
    | PeriodClosed
    | TrainingEnded
    | SaleBegun
    | Line
    | Tender
    | TenderVoided
    | CardRequest
    | CardOutcome
    | SaleAborted
    | SaleSuspended
    | SaleRecalled
    | CashMovement
    | Counted
    | OperatorChange
    | CopyPrinted
    | Intent
    | Outcome
    | MessageSent
    | Attempted
    | Acknowledged
    | Applied
    | ConfigurationApplied
    | Approval
    | ApprovalUsed
    | Event
)
"""Every kind of entry; decoding refuses any other."""
