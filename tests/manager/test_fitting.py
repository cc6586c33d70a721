"""Text that is too long for its place says so, and keeps what matters most."""

from __future__ import annotations

import pytest

from manager.fitting import fitted, fitted_before_amount


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("LANTERN", 7, "LANTERN"),
        ("LANTERN", 6, "LANTE~"),
        ("\u5317\u4eac\u8336", 5, "\u5317\u4eac~"),
        ("LANTERN", 0, "LANTERN"),
    ],
)
def test_what_is_too_long_ends_in_a_mark(text: str, columns: int, shown: str) -> None:
    assert fitted(text, columns) == shown


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("LANTERN GAZEBO 14.85", 20, "LANTERN GAZEBO 14.85"),
        ("LANTERN GAZEBO 14.85", 19, "LANTERN GAZE~ 14.85"),
        ("void of line 2: LANTERN -4", 20, "void of line 2: ~ -4"),
        ("card settled; card 15.00; receipt 76", 20, "card settled; card ~"),
        ("suspended, ticket ABC", 12, "suspended, ~"),
        ("12345", 3, "12~"),
    ],
)
def test_of_a_name_with_its_amount_the_amount_stays(text: str, columns: int, shown: str) -> None:
    assert fitted_before_amount(text, columns) == shown
