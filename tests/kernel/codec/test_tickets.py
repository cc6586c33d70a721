"""The file of a suspended sale, as a hostile hand could have written it."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import msgspec
import pytest
from msgspec.structs import replace

from kernel import BadInput, LineKind, TaxAmount
from kernel.codec.tickets import TICKET_LIMIT_BYTES, Ticket, decode_ticket, encode_ticket
from kernel.model.entries import Line, ParkedSale, SaleRecalled
from kernel.model.suspension import recalled
from kernel.model.ticket import ticket_of

LINES = (
    Line(operator="1", code="TEA", quantity=2000, unit_minor=250, total_minor=500),
    Line(operator="1", code="HAM", unit_minor=99, total_minor=99, taxes=(TaxAmount("A", 19, 5),)),
    Line(kind=LineKind.VOID, code="HAM", quantity=-1000, unit_minor=99, total_minor=-99, of=2),
    Line(kind=LineKind.DISCOUNT, unit_minor=-50, total_minor=-50, of=1),
)
SALE = ParkedSale(
    store="S1", currency="EUR", operator="1", begun_ms=5, total_minor=450, lines=LINES
)
TICKET = Ticket(
    format=1,
    ticket=ticket_of(b"12345678"),
    origin="TILL-1",
    suspended_ms=10,
    expires_ms=20,
    reason="phone",
    sale=SALE,
)


def sealed(body: bytes) -> bytes:
    return b"%08x %b" % (crc32(body), body)


def with_sale(**changes: Any) -> bytes:
    return encode_ticket(replace(TICKET, sale=replace(SALE, **changes)))


def with_line(place: int, **changes: Any) -> bytes:
    lines = [*LINES]
    lines[place - 1] = replace(lines[place - 1], **changes)
    total = sum(line.total_minor for line in lines)
    return with_sale(lines=tuple(lines), total_minor=total)


def test_it_comes_back_as_it_was_written() -> None:
    assert decode_ticket(encode_ticket(TICKET)) == TICKET


def test_every_flipped_bit_is_found() -> None:
    data = encode_ticket(TICKET)
    for place in range(len(data)):
        spoilt = bytearray(data)
        spoilt[place] ^= 1 << place % 8
        with pytest.raises(BadInput):
            decode_ticket(bytes(spoilt))


HOSTILE = {
    "nothing": b"",
    "no JSON": sealed(b"{\n"),
    "deep": sealed(b'{"sale":' + b"[" * 100_000 + b"\n"),
    "another format": encode_ticket(replace(TICKET, format=2)),
    "an unknown key": sealed(encode_ticket(TICKET)[9:-2] + b',"new":1}\n'),
    "an unknown key in a line": sealed(encode_ticket(TICKET)[9:].replace(b'"y":', b'"z":1,"y":')),
    "a mistyped ticket": encode_ticket(replace(TICKET, ticket="123456789")),
    "no origin": encode_ticket(replace(TICKET, origin="../../x")),
    "a time before all": encode_ticket(replace(TICKET, expires_ms=-1)),
    "no lines": with_sale(lines=(), total_minor=0),
    "another total": with_sale(total_minor=451),
    "a total beyond all": with_line(1, total_minor=2**54),
    "no such currency": with_sale(currency="XXX"),
    "a store that steers the screen": with_sale(store="\x1b[2J"),
    "an operator of two lines": with_sale(operator="a\nb"),
    "a code that steers the screen": with_line(1, code="\x1b[2J"),
    "a description that turns round": with_line(1, description="\u202e"),
    "a line of a later one": with_line(1, of=4),
    "a line of itself": with_line(2, of=2),
    "a void of nothing": with_line(3, of=None),
    "a void of another amount": with_line(3, of=1),
    "a second void": with_sale(lines=(*LINES, LINES[2]), total_minor=351),
    "a void of a void": with_sale(
        lines=(*LINES, replace(LINES[2], total_minor=99, of=3)), total_minor=549
    ),
    "a quantity beyond all": with_line(1, quantity=2**54),
    "a tax without a code": with_line(1, taxes=(TaxAmount("", 1, 1),)),
    "a tax rate below zero": with_line(1, taxes=(TaxAmount("A", -1, 1),)),
    "a booking that is a path": with_line(1, booking="../../../etc/pwd"),
    "a return of a path": with_line(1, origin=("../x", 1)),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_no_till_of_ours_can_have_written_is_refused(what: str) -> None:
    with pytest.raises(BadInput):
        decode_ticket(HOSTILE[what])


def test_whatever_is_accepted_can_be_recalled() -> None:
    ticket = decode_ticket(encode_ticket(TICKET))
    act = SaleRecalled(
        tx=9, operator="2", ticket=ticket.ticket, origin=ticket.origin, sale=ticket.sale
    )
    sale = recalled(act)
    assert (sale.number, sale.operator, sale.total_minor) == (9, "2", 450)
    assert (sale.sums.voids, sale.sums.discounts_minor) == (1, -50)
    assert [replace(line, tx=None) for line in sale.lines] == list(LINES)


def test_lines_that_named_no_version_keep_that_of_their_sale() -> None:
    left = replace(SALE, configuration=3, catalogue=5)
    act = SaleRecalled(tx=1, operator="2", ticket="1", origin="T-1", sale=left, configuration=4)
    sale = recalled(act)
    assert (sale.configuration, sale.catalogue) == (4, 0)
    assert {(line.configuration, line.catalogue) for line in sale.lines} == {(3, 5)}


def test_a_sale_that_fits_no_entry_is_refused() -> None:
    line = replace(LINES[0], description="x" * 250)
    with pytest.raises(BadInput, match="bytes"):
        with_sale(lines=(line,) * 5_000)
    assert len(msgspec.json.encode(line)) * 5_000 > TICKET_LIMIT_BYTES
