"""An approval is good for one act on one sale, as it stood when it was asked for, once."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from kernel.codec.settings import Settings
from kernel.errors import SaleRefused
from kernel.model.approvals import Approvable, approved, asked_now, standing_minor
from kernel.model.entries import (
    Act,
    Line,
    LineKind,
    SaleAborted,
    SaleBegun,
    Stamp,
    Tender,
    TenderVoided,
)
from kernel.model.ledger import Ledger
from kernel.model.operators import Role
from kernel.model.staff import SignedOn
from kernel.model.till_entries import (
    Approval,
    ApprovalUsed,
    CashMovement,
    OperatorChange,
    PeriodOpened,
)

VOID = Line(tx=1, operator="1", kind=LineKind.VOID, of=1, quantity=-1000, total_minor=-500)
DISCOUNT = Line(tx=1, operator="1", kind=LineKind.DISCOUNT, of=1, total_minor=-100)
SALE_DISCOUNT = Line(tx=1, operator="1", kind=LineKind.DISCOUNT, total_minor=-100)
RETURN = Line(tx=1, operator="1", quantity=-1000, total_minor=-500)
RECEIPTED = Line(tx=1, operator="1", quantity=-1000, total_minor=-500, origin=("TILL-7", 2))
DEAR = Line(tx=1, operator="1", total_minor=90)
TENDER_VOID = TenderVoided(tx=1, operator="1", of=1)
ABORT = SaleAborted(tx=1, operator="1", reason="left")
PAY_OUT = CashMovement(how="pay_out", currency="EUR", amount_minor=70, operator="1")
TAKE_OVER = OperatorChange(how="hand_over", operator="1", to="3")

EVERY = [
    ("void_line", 1, "500", "0", VOID),
    ("discount", 1, "500", "400", DISCOUNT),
    ("price_override", 1, "500", "400", DISCOUNT),
    ("discount", None, "800", "700", SALE_DISCOUNT),
    ("return_without_receipt", None, None, "-500", RETURN),
    ("return", None, None, "-500", RECEIPTED),
    ("price_override", None, None, "90", DEAR),
    ("item_not_on_file", None, None, "90", DEAR),
    ("void_tender", 1, "20", "0", TENDER_VOID),
    ("void_sale", None, "800", "0", ABORT),
    ("pay_out", None, None, "70 EUR", PAY_OUT),
    ("take_over", None, "1", "3", TAKE_OVER),
]


def standing() -> Ledger:
    """A sale of lines 500 and 300 with a tender of 20, operator 1 at the till."""
    ledger = Ledger()
    ledger.staff.signed_on = SignedOn("1", 0)
    for act in (
        SaleBegun(tx=1, operator="1", store="S", currency="EUR"),
        Line(tx=1, operator="1", total_minor=500),
        Line(tx=1, operator="1", total_minor=300),
        Tender(tx=1, operator="1", amount_minor=20),
    ):
        ledger.apply(act, Stamp(lsn=1))
    return ledger


def give(ledger: Ledger, what: str, act: Act, line: int | None, new: str | None) -> Approval:
    asked = asked_now(ledger, what, tx=act.tx, line=line, new=new)
    approval = Approval(
        token="t",
        what=asked.what.value,
        tx=asked.tx,
        line=asked.line,
        old=asked.old,
        new=asked.new,
        operator="1",
        approver="2",
    )
    ledger.apply(approval, Stamp(lsn=2))
    return approval


@pytest.mark.parametrize(("what", "line", "old", "new", "act"), EVERY)
def test_what_was_asked_is_done_once_with_both_names(
    what: str, line: int | None, old: str | None, new: str, act: Act
) -> None:
    ledger = standing()
    approval = give(ledger, what, act, line, new)
    assert (approval.old, approval.new) == (old, new)
    spent, done = approved(ledger, "t", (act,))
    assert spent == ApprovalUsed(tx=act.tx, operator="1", approver="2", token="t")
    assert (done.operator, done.approver) == ("1", "2")
    ledger.apply(spent, Stamp(lsn=3))
    with pytest.raises(SaleRefused, match="spent"):
        approved(ledger, "t", (act,))


@pytest.mark.parametrize(("what", "line", "old", "new", "act"), EVERY)
def test_an_approval_fits_no_other_act(
    what: str, line: int | None, old: str | None, new: str, act: Act
) -> None:
    ledger = standing()
    give(ledger, what, act, line, new)
    same = {("discount", 1): "price_override", ("price_override", None): "item_not_on_file"}
    for other_what, other_line, _, _, other in EVERY:
        alike = other is act or same.get((what, line)) == other_what
        if alike and other_line == line:
            continue
        with pytest.raises(SaleRefused, match="not for this"):
            approved(ledger, "t", (other,))


@pytest.mark.parametrize(
    "changed",
    [
        Line(tx=1, operator="1", kind=LineKind.DISCOUNT, of=1, total_minor=-10),
        Line(tx=1, operator="1", kind=LineKind.VOID, of=1, total_minor=-500),
    ],
)
def test_an_approval_is_void_once_its_line_has_changed(changed: Line) -> None:
    ledger = standing()
    give(ledger, "void_line", VOID, 1, None)
    ledger.apply(changed, Stamp(lsn=3))
    with pytest.raises(SaleRefused, match="stands at"):
        approved(ledger, "t", (VOID,))


def test_an_approval_outlives_what_happens_to_other_lines() -> None:
    ledger = standing()
    give(ledger, "void_line", VOID, 1, None)
    ledger.apply(Line(tx=1, operator="1", total_minor=999), Stamp(lsn=3))
    assert len(approved(ledger, "t", (VOID,))) == 2


def test_another_amount_than_was_approved_is_refused() -> None:
    ledger = standing()
    give(ledger, "discount", DISCOUNT, 1, "400")
    more = Line(tx=1, operator="1", kind=LineKind.DISCOUNT, of=1, total_minor=-101)
    with pytest.raises(SaleRefused, match="not for this"):
        approved(ledger, "t", (more,))


def test_an_approval_is_spent_before_all_that_is_in_its_write() -> None:
    ledger = standing()
    give(ledger, "pay_out", PAY_OUT, None, "70 EUR")
    opening = PeriodOpened(number=1, date=20260101, drawer="A")
    acts = approved(ledger, "t", (opening, PAY_OUT))
    assert [type(act) for act in acts] == [ApprovalUsed, PeriodOpened, CashMovement]
    assert [act.approver for act in acts] == ["2", None, "2"]


HANGS = Line(tx=1, operator="1", kind=LineKind.DEPOSIT, of=1, total_minor=8)
SHARED = Line(tx=1, operator="1", kind=LineKind.DISCOUNT, total_minor=-9, shares=((2, 4), (3, 5)))


def void_of(number: int) -> Line:
    return replace(VOID, of=number)


@pytest.mark.parametrize(
    ("what", "line", "new", "together", "apart"),
    [
        ("void_line", 1, None, (void_of(4), void_of(3), VOID), (void_of(2), VOID)),
        (
            "price_override",
            1,
            "90",
            (void_of(4), void_of(3), VOID, DEAR),
            (void_of(2), VOID, DEAR),
        ),
        ("return", None, "-800", (RECEIPTED, replace(RECEIPTED, total_minor=-300)), (RECEIPTED,)),
        ("return", None, "-500", (RECEIPTED,), (RECEIPTED, replace(RECEIPTED, total_minor=-1))),
        ("return", None, "-500", (RECEIPTED,), (RETURN, replace(RECEIPTED, total_minor=0))),
        ("return_without_receipt", None, "-500", (RETURN,), (RETURN, RETURN)),
        ("discount", None, "699", (SALE_DISCOUNT,), (DISCOUNT, SALE_DISCOUNT)),
    ],
)
def test_nothing_hides_in_the_write_of_what_was_approved(
    what: str, line: int | None, new: str | None, together: tuple[Act, ...], apart: tuple[Act, ...]
) -> None:
    ledger = standing()
    for hanging in (HANGS, SHARED):
        ledger.apply(hanging, Stamp(lsn=2))
    give(ledger, what, together[-1], line, new)
    done = approved(ledger, "t", together)
    assert [type(act) for act in done] == [ApprovalUsed, *map(type, together)]
    with pytest.raises(SaleRefused, match="not for this"):
        approved(ledger, "t", apart)


def test_without_a_token_the_entries_are_as_they_were() -> None:
    assert approved(standing(), None, (VOID,)) == (VOID,)


def test_a_line_is_worth_its_total_with_the_discounts_that_still_stand() -> None:
    ledger = standing()
    for act in (
        DISCOUNT,
        DISCOUNT,
        Line(tx=1, operator="1", kind=LineKind.VOID, of=3, total_minor=100),
    ):
        ledger.apply(act, Stamp(lsn=3))
    assert standing_minor(ledger.sales[1], 1) == 400
    assert standing_minor(ledger.sales[1], 3) is None


@pytest.mark.parametrize(
    ("what", "tx", "line"), [("void_line", 1, 3), ("void_line", 1, 0), ("void_tender", 1, 2),
                             ("void_line", 2, 1), ("dance", 1, None)]
)  # fmt: skip
def test_what_is_not_there_cannot_be_approved(what: str, tx: int, line: int | None) -> None:
    with pytest.raises(SaleRefused):
        asked_now(standing(), what, tx=tx, line=line, new=None)


def test_every_act_that_can_be_approved_has_a_setting_that_names_a_role() -> None:
    settings = Settings()
    roles = [Role(getattr(settings, f"role_{what.value}")) for what in Approvable]
    assert len(roles) == len(Approvable)
