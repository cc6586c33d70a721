"""Orders and answers are read strictly: a console lends its name to what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from kernel.codec.acts import (
    ActAnswer,
    CancelShutdown,
    ChangeOperator,
    CleanUp,
    CloseDay,
    Publish,
    Release,
    SendNotice,
    Settle,
    ShutDown,
    decode_act_answer,
    decode_order,
    decode_result,
    encode_act_answer,
    encode_result,
)
from kernel.codec.messages import encode_body
from kernel.errors import BadInput
from kernel.model.mail import message_id
from kernel.model.operators import Operator, Role

ID = message_id(1_700_000_000_000, bytes(10))
ORDERS = [
    SendNotice(to="*", text="hello", wait_s=3.5),
    Publish(document='{"currency":"GBP"}', effective_ms=7),
    ShutDown(grace_s=30, reason="fire", wait=True),
    CancelShutdown(),
    ChangeOperator(what="role", number="1", role=Role.MANAGER),
    Release(transaction="T1-1"),
    Settle(terminal="T1"),
    CleanUp(),
    CloseDay(wait_s=5),
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.name)
def test_an_order_arrives_as_it_was_given(order: SendNotice) -> None:
    assert decode_order(encode_body(order)) == order


def test_every_order_has_a_name_of_its_own() -> None:
    assert len({order.name for order in ORDERS}) == len(ORDERS)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"act":"rob"}',
        b'{"act":"message","to":"T1"}',
        b'{"act":"message","to":"T1","text":"x","wait_s":-1}',
        b'{"act":"message","to":"T1","text":"x","wait_s":1e9}',
        b'{"act":"message","to":"T1","text":"x","more":1}',
        b'{"act":"shutdown","grace_s":90000,"reason":"x"}',
        b'{"act":"operator","what":"kill","number":"1"}',
        b'{"act":"operator","what":"role","number":"1","role":"owner"}',
        b'{"act":"publish","effective_ms":-1}',
        b'{"act":"clean_up","path":"/"}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_what_is_no_order_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput, match="the order can't be read"):
        decode_order(Raw(body))


@given(st.binary(max_size=200))
def test_rubbish_is_refused_and_nothing_worse(data: bytes) -> None:
    for decode in (decode_act_answer, lambda raw: decode_order(Raw(raw))):
        with pytest.raises(BadInput):
            decode(data)


def test_an_answer_and_its_result_arrive_as_they_were_given() -> None:
    operator = Operator("1", "Anna", Role.MANAGER, True)
    answer = ActAnswer(message=ID, state="done", result=encode_result(operator))
    found = decode_act_answer(encode_act_answer(answer))
    assert (found.message, found.state) == (ID, "done")
    assert decode_result(found.result, Operator) == operator
    assert decode_result(ActAnswer(message=ID, state="working").result, Operator) is None


@pytest.mark.parametrize(
    "data",
    [
        b'{"message":"../x","state":"done"}',
        b'{"message":"%b\\n","state":"done"}' % ID.encode(),
        b'{"message":"%b","state":"lost"}' % ID.encode(),
        b'{"message":"%b","state":"refused","exit_code":0}' % ID.encode(),
        b" " * (1 << 20) + b"{}",
    ],
)
def test_an_answer_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        decode_act_answer(data)


def test_a_result_of_another_version_is_refused() -> None:
    with pytest.raises(BadInput, match="the console's result"):
        decode_result(Raw(b'{"number":7}'), Operator)
