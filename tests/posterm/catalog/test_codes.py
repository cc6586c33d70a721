"""Codes: every check digit, the key that wrappings and lengths of one code share, GS1 strings."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean

from kernel import BadInput
from posterm.catalog.codes import Scan, check_digit, fold_words, is_gtin, key_of, read_scan

GS = "\x1d"


@pytest.mark.parametrize(
    "code", ["4006381333931", "73513537", "036000291452", "10614141000415", "2831010000005"]
)
def test_gtins_of_every_length_have_their_check_digit(code: str) -> None:
    assert is_gtin(code)
    assert not any(is_gtin(code[:-1] + str(wrong)) for wrong in range(10) if str(wrong) != code[-1])


@given(st.sampled_from((7, 11, 12, 13)).flatmap(lambda n: st.text("0123456789", min_size=n)))
def test_check_digits_are_those_of_a_library_made_for_them(payload: str) -> None:
    assert check_digit(payload) == ean.calc_check_digit(payload)


@pytest.mark.parametrize("code", ["", "4011", "400638133393", "٤٠٠٦٣٨١٣٣٣٩٣١", "4006381333932"])
def test_what_is_no_gtin_is_none(code: str) -> None:
    assert not is_gtin(code)


def test_a_gtin_is_the_same_item_with_and_without_leading_zeros() -> None:
    assert key_of("036000291452") == key_of("0036000291452") == key_of("00036000291452")
    assert key_of("4006381333931") != key_of("4006381333932")


def test_letters_differ_in_the_code_and_not_in_the_key() -> None:
    assert key_of("85123A") == key_of("85123a")


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("4006381333931", "4006381333931"),
        ("]E04006381333931", "4006381333931"),
        ("]E473513537", "73513537"),
        ("]E3400638133393112", "4006381333931"),
        ("]A085123A", "85123A"),
        ("]C00104006381333931", "0104006381333931"),
        ("]", "]"),
        ("]E", "]E"),
    ],
)
def test_an_aim_identifier_is_taken_off(sent: str, code: str) -> None:
    assert read_scan(sent) == Scan(code)


@pytest.mark.parametrize("aim", ["]C1", "]e0", "]d2", "]Q3"])
def test_a_gs1_string_gives_its_item_wherever_that_stands(aim: str) -> None:
    scan = read_scan(f"{aim}10LOT-7{GS}0104006381333931310300125017261231")
    assert scan.code == "04006381333931"
    assert scan.elements == ("10LOT-7", "0104006381333931", "3103001250", "17261231")


@pytest.mark.parametrize("data", ["", GS, "10LOT", "0104006381333932", "01040063813339", "01"])
def test_a_gs1_string_without_an_item_is_refused(data: str) -> None:
    with pytest.raises(BadInput, match="names no trade item"):
        read_scan(f"]C1{data}")


@given(st.text())
def test_any_bytes_behind_a_prefix_end_in_a_code_or_a_refusal(data: str) -> None:
    with suppress(BadInput):
        assert read_scan("]C1" + data).code in data


@pytest.mark.parametrize(
    ("text", "words"),
    [("T-Shirt  ROT", "t shirt rot"), ("CAFÉ au lait", "cafe au lait"), ("Maß", "mass"), ("-", "")],
)
def test_words_are_searched_without_case_accents_and_signs(text: str, words: str) -> None:
    assert fold_words(text) == words
