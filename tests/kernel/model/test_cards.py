"""What looks like a card number, and what only does at first sight."""

from __future__ import annotations

import pytest

from kernel.errors import SaleRefused
from kernel.model.cards import looks_like_card, masked, refuse_card_in, refuse_card_number


@pytest.mark.parametrize(
    "number",
    [
        *("4242424242424242", "5555555555554444", "378282246310005", "6011000990139424"),
        # 13 and 19 digits; a GTIN check exists for 13 and 14 digits only
        *("4222222222222", "6304000000000000000"),
    ],
)
def test_a_card_number_is_seen(number: str) -> None:
    assert looks_like_card(number)
    with pytest.raises(SaleRefused, match=rf"^item code \*+{number[-4:]} ") as refusal:
        refuse_card_number(number, "item code")
    assert number not in str(refusal.value)


@pytest.mark.parametrize(
    "code",
    [
        *("4242424242424241", "424242424242", "4006381333931", "42424242424242424242", "", "TEA"),
        *("٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢", "4242 4242 4242 4242", "0" * 13),
    ],
)
def test_a_code_is_no_card_number(code: str) -> None:
    assert not looks_like_card(code)
    refuse_card_number(code, "item code")


def test_a_mask_shows_four_digits() -> None:
    assert masked("4242424242424249") == "************4249"


@pytest.mark.parametrize(
    "text", ["4111111111111111", "card 4111 1111 1111 1111", "4111-1111-1111-1111 paid"]
)
def test_a_card_number_is_found_in_words_and_in_groups(text: str) -> None:
    with pytest.raises(SaleRefused, match="1111 looks like a card number") as refused:
        refuse_card_in(text, "reason")
    assert "41111" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["4006381333931 is a GTIN", "4111 1111 1111 111", "41111111111111111111", "2 x 500, 3 x 200"],
)
def test_other_figures_in_words_are_not(text: str) -> None:
    refuse_card_in(text, "reason")
