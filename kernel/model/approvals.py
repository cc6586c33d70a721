"""Approvals: one act on one sale, named by what it changes, allowed once by somebody who may.

An approval says (act, sale, line, old value, new value). Old values are read off the ledger by
the kernel itself, when the approval is asked for and again when it is used: if the line has
changed in between, what was approved is no longer what would happen, and it is refused. Pure;
this module must never decide who may approve.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from operator import or_
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from kernel.errors import SaleRefused
from kernel.model.entries import Act, Line, LineKind, SaleAborted, TenderVoided
from kernel.model.till_entries import (
    Approval,
    ApprovalUsed,
    CashMovement,
    Event,
    OperatorChange,
    PeriodClosed,
)
from kernel.words import gettext as _

if TYPE_CHECKING:
    from kernel.model.ledger import Ledger
    from kernel.model.transaction import Transaction

__all__ = [
    "Approvable",
    "Asked",
    "approved",
    "asked_now",
    "standing_minor",
]


class Approvable(StrEnum):
    """The acts that may need somebody else's word; `role_<act>` is the setting that says whose."""

    VOID_LINE = "void_line"
    VOID_SALE = "void_sale"
    DISCOUNT = "discount"
    PRICE_OVERRIDE = "price_override"
    ITEM_NOT_ON_FILE = "item_not_on_file"
    RETURN = "return"
    RETURN_WITHOUT_RECEIPT = "return_without_receipt"
    VOID_TENDER = "void_tender"
    NO_SALE = "no_sale"
    PAY_IN = "pay_in"
    PAY_OUT = "pay_out"
    PICKUP = "pickup"
    TAKE_OVER = "take_over"
    REPRINT = "reprint"
    X_REPORT = "x_report"
    Z_REPORT = "z_report"


_TAKES_OFF = (Approvable.DISCOUNT, Approvable.PRICE_OVERRIDE)
_SELLS = (Approvable.PRICE_OVERRIDE, Approvable.ITEM_NOT_ON_FILE)
_HANGS = (LineKind.ADJUSTMENT, LineKind.DEPOSIT)
_VOIDS = (Approvable.VOID_LINE, Approvable.VOID_SALE, Approvable.VOID_TENDER)
_POSTS_ANEW = (
    Approvable.ITEM_NOT_ON_FILE,
    Approvable.RETURN,
    Approvable.RETURN_WITHOUT_RECEIPT,
)


class Asked(Struct, frozen=True, kw_only=True):
    """What an approval is bound to. Amounts are minor units as text.

    `line` is the number of a line, or of a tender where one is voided. `old` and `new` are what
    that line, tender or sale is worth before and after; None where nothing stood there before.
    """

    what: Approvable
    tx: int | None = None
    line: int | None = None
    old: str | None = None
    new: str | None = None

    def __str__(self) -> str:
        """In the language of who reads it; the log is told `in_english`."""
        old, new = self.old or _("nothing"), self.new or _("nothing")
        if self.line is None:
            return _("{} from {} to {}").format(self.what, old, new)
        return _("{} of line {} from {} to {}").format(self.what, self.line, old, new)


def asked_now(
    ledger: Ledger, what: str, *, tx: int | None, line: int | None, new: str | None
) -> Asked:
    """The act as it would be approved now; its old value is what stands in the ledger.

    What is voided is worth 0 after it, so `new` need not say so; a line that another quantity
    takes the place of is worth that.
    """
    kind = _approvable(what)
    if kind in _VOIDS and (kind is not Approvable.VOID_LINE or new is None):
        new = "0"
    old: str | None = None
    if kind is Approvable.TAKE_OVER:
        old = ledger.staff.signed_on.operator if ledger.staff.signed_on is not None else None
    elif tx is not None:
        old = _old(_open(ledger, tx), kind, line)
    return Asked(what=kind, tx=tx, line=line, old=old, new=new)


def approved(ledger: Ledger, token: str | None, acts: tuple[Act, ...]) -> tuple[Act, ...]:
    """`acts`, the last of them approved under `token`, which is spent before all of them.

    All are one write, of which a crash may keep a beginning: it can spend a token without its
    act, and never leave any part of the act with the token unspent.
    Refused where the token is unknown or spent, or says anything else than this act would do.
    Without a token they are as they were.
    """
    if token is None:
        return acts
    granted = ledger.staff.approvals.get(token)
    if granted is None:
        raise SaleRefused(_("this approval is spent or was never given; ask again"))
    act = acts[-1]
    allowed = _asked_of(granted)
    wanted = _bound(ledger, allowed.what, acts)
    if wanted is None or replace(wanted, old=allowed.old) != allowed:
        raise SaleRefused(_("the approval is for {}, and not for this; ask again").format(allowed))
    if wanted.old != allowed.old:
        raise SaleRefused(
            _("the approval is for {}, but it stands at {} now; ask again").format(
                allowed, wanted.old or _("nothing")
            )
        )
    spent = ApprovalUsed(
        tx=act.tx, operator=act.operator, approver=granted.approver, token=granted.token
    )
    done = (
        replace(one, approver=granted.approver) if isinstance(one, Line) or one is act else one
        for one in acts
    )
    return (spent, *done)


def standing_minor(sale: Transaction, line: int) -> int | None:
    """What line `line` is worth with its discounts; None once it is void. Raises `IndexError`."""
    if sale.lines.reversal_of(line) is not None:
        return None
    worth = sale.lines.line(line).total_minor
    for number, posted in enumerate(sale.lines, 1):
        if posted.of == line and posted.kind is LineKind.DISCOUNT:
            worth += 0 if sale.lines.reversal_of(number) is not None else posted.total_minor
    return worth


def _old(sale: Transaction, kind: Approvable, line: int | None) -> str | None:
    if kind is Approvable.VOID_TENDER:
        return _tender_worth(sale, line)
    if kind in _POSTS_ANEW or (kind is Approvable.PRICE_OVERRIDE and line is None):
        return None
    if line is None:
        return str(sale.total_minor)
    if type(line) is not int or not 1 <= line <= len(sale.lines):
        raise SaleRefused(
            _("the sale has no line {!r:.20}; it has {}").format(line, len(sale.lines))
        )
    worth = standing_minor(sale, line)
    return None if worth is None else str(worth)


def _tender_worth(sale: Transaction, number: int | None) -> str | None:
    if type(number) is not int or not 1 <= number <= len(sale.tenders):
        raise SaleRefused(
            _("the sale has no tender {!r:.20}; it has {}").format(number, len(sale.tenders))
        )
    tender = sale.tenders[number - 1]
    return None if tender.voided else str(tender.amount_minor)


def _bound(ledger: Ledger, what: Approvable, acts: tuple[Act, ...]) -> Asked | None:
    """What the last of `acts` would change, said as an approval of `what`; None if it is no such
    act. The others are of the same write."""
    line: int | None = None
    new: str | None
    match act := acts[-1]:
        case Line():
            found = _bound_lines(ledger, what, [one for one in acts if isinstance(one, Line)])
            if found is None:
                return None
            line, new = found
        case TenderVoided() if what is Approvable.VOID_TENDER:
            line, new = act.of, "0"
        case SaleAborted() if what is Approvable.VOID_SALE:
            new = "0"
        case CashMovement() if act.how == what.value:
            new = f"{act.amount_minor} {act.currency}"
        case OperatorChange(how="hand_over") if what is Approvable.TAKE_OVER:
            new = act.to or ""
        case PeriodClosed() if what is Approvable.Z_REPORT:
            new = None
        case Event() if act.what == what.value:
            new = None
        case _:
            return None
    return asked_now(ledger, what, tx=act.tx, line=line, new=new)


def _bound_lines(
    ledger: Ledger, what: Approvable, lines: Sequence[Line]
) -> tuple[int | None, str] | None:
    """(line, new value) of lines in one write, the last of which is what is done.

    Nothing may hide among the others: they fall with it, it replaces them, or all are worth the
    new value together.
    """
    *others, act = lines
    if act.kind is LineKind.VOID and what is Approvable.VOID_LINE:
        return (act.of, "0") if _fall_together(ledger, others, act.of) else None
    if what is Approvable.VOID_LINE and others:
        replaced = others[-1].of
        again = _is_again(ledger, act, replaced) and _fall_together(ledger, others, replaced)
        return (replaced, str(act.total_minor)) if again else None
    if act.kind is LineKind.DISCOUNT and what in _TAKES_OFF:
        alike = all((one.kind, one.of) == (act.kind, act.of) for one in others)
        return (act.of, _after(ledger, act, lines)) if alike else None
    if act.kind is LineKind.ITEM and what in _SELLS and act.quantity > 0:
        replaced = others[-1].of if others else None
        new = str(act.total_minor)
        return (replaced, new) if _fall_together(ledger, others, replaced) else None
    if what is Approvable.RETURN and _gives_back(lines):
        return None, str(sum(one.total_minor for one in lines))
    alone = act.kind is LineKind.ITEM and not others
    return (None, str(act.total_minor)) if alone and what is _return(act) else None


def _return(line: Line) -> Approvable | None:
    if line.quantity >= 0:
        return None
    return Approvable.RETURN if line.origin is not None else Approvable.RETURN_WITHOUT_RECEIPT


def _gives_back(lines: Sequence[Line]) -> bool:
    """Lines of a receipt and what hangs on them, nothing else."""
    back = [_return(one) is Approvable.RETURN for one in lines]
    hangs = [one.kind in _HANGS for one in lines]
    return back[0] and all(map(or_, back, hangs))


def _is_again(ledger: Ledger, act: Line, replaced: int | None) -> bool:
    """Whether it sells what that line sold, at its price: only how much is another."""
    if act.tx is None or replaced is None or act.kind is not LineKind.ITEM or act.quantity <= 0:
        return False
    before = _open(ledger, act.tx).lines.line(replaced)
    same = before.kind is act.kind and before.code == act.code and before.quantity > 0
    return same and (before.unit_minor, before.origin) == (act.unit_minor, act.origin)


def _fall_together(ledger: Ledger, voids: Sequence[Line], on: int | None) -> bool:
    """Whether those are voids of line `on` and of what hangs on it or has a share in it."""
    if not voids:
        return True
    assert voids[0].tx is not None
    falls = {on}
    # Whatever hangs on a line was posted after it, so one pass finds all of it.
    for number, line in enumerate(_open(ledger, voids[0].tx).lines, 1):
        if line.of in falls - {None} or any(of in falls for of, _ in line.shares):
            falls.add(number)
    return all(one.kind is LineKind.VOID and one.of in falls for one in voids)


def _after(ledger: Ledger, discount: Line, lines: Sequence[Line]) -> str:
    """One on the sale may be several lines: one for each of its taxes."""
    assert discount.tx is not None
    sale = _open(ledger, discount.tx)
    before = sale.total_minor if discount.of is None else standing_minor(sale, discount.of)
    return str((before or 0) + sum(one.total_minor for one in lines))


def _asked_of(granted: Approval) -> Asked:
    return Asked(
        what=_approvable(granted.what),
        tx=granted.tx,
        line=granted.line,
        old=granted.old,
        new=granted.new,
    )


def _approvable(what: str) -> Approvable:
    try:
        return Approvable(what)
    except ValueError:
        known = ", ".join(Approvable)
        raise SaleRefused(
            _("{!r:.20} can't be approved; give one of {}").format(what, known)
        ) from None


def _open(ledger: Ledger, number: int) -> Transaction:
    sale = ledger.sales.get(number)
    if sale is None:
        raise SaleRefused(_("the sale is closed; there is nothing to approve"))
    return sale
