"""`local_config.json`: strict, so that a slip of the pen is not a setting that nobody set."""

from __future__ import annotations

import pytest

from kernel.codec.configuration import LocalConfiguration, decode_local_configuration
from kernel.errors import BadConfiguration


def test_what_is_left_out_is_the_default() -> None:
    assert decode_local_configuration(b"{}", "x") == LocalConfiguration()
    assert LocalConfiguration().durability == "entry"


def test_every_setting_is_read() -> None:
    text = b'{"durability":"commit","drawer":"D7","store":"S1"}'
    assert decode_local_configuration(text, "x") == LocalConfiguration("commit", "D7", "S1")


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"null", b"[]", b"{", b'{"durability":"none"}', b'{"durability":null}'),
        *(
            b'{"Durability":"entry"}',
            b'{"drawer":""}',
            b'{"drawer":1}',
            b'{"store":"%b"}' % (b"x" * 33),
        ),
        *(b'{"drawer":"%b"}' % (b"x" * 33), b'{"drawer":"\xff"}', b"[" * 99_999),
    ],
)
def test_what_is_wrong_is_refused_with_path_and_next_step(text: bytes) -> None:
    with pytest.raises(BadConfiguration, match=r"^/a/b can't be used: .*correct it or remove it"):
        decode_local_configuration(text, "/a/b")
