"""The ticket of a suspended sale, as cashiers type it."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import Any

import pytest

from kernel import SaleRefused
from kernel.model.ticket import parse_ticket, shown_ticket, ticket_of


def test_every_ticket_is_nine_digits_that_check_and_never_begins_with_zero() -> None:
    for chance in (bytes(8), b"\xff" * 8, *(os.urandom(8) for _ in range(2_000))):
        ticket = ticket_of(chance)
        assert len(ticket) == 9 and ticket[0] != "0"
        assert parse_ticket(ticket) == ticket


def test_spaces_and_dashes_are_left_out() -> None:
    ticket = ticket_of(b"12345678")
    assert parse_ticket(f" {shown_ticket(ticket)} ") == ticket
    assert parse_ticket(f"{ticket[:3]}-{ticket[3:6]} - {ticket[6:]}") == ticket


def test_each_wrong_digit_and_each_swap_of_neighbours_is_found() -> None:
    for chance in range(50):
        ticket = ticket_of(chance.to_bytes(8, "little") * 2)
        for place, digit in enumerate(ticket):
            for other in set("0123456789") - {digit}:
                refused(ticket[:place] + other + ticket[place + 1 :])
        for place, (one, next_one) in enumerate(pairwise(ticket)):
            if one != next_one:
                refused(ticket[:place] + next_one + one + ticket[place + 2 :])


@pytest.mark.parametrize(
    "text", ["", "12345678", "1234567890", "12345678x", "١٢٣٤٥٦٧٨٩", "../x", 123, None, " " * 99]
)
def test_what_is_no_ticket_is_refused(text: Any) -> None:
    refused(text)


def refused(text: Any) -> None:
    with pytest.raises(SaleRefused, match="ticket"):
        parse_ticket(text)
