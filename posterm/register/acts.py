"""What each verb does: the one table from a verb to an act, and the pages that acts show.

Each act either does the whole of its work, asks a question, or raises `SaleRefused`. It must never
look at a key: by the time it runs, the keypad has said what was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from posterm.keymap import Verb, help_rows
from posterm.keypad import Command
from posterm.register import (
    approving,
    changing,
    counting,
    ending,
    items,
    notices,
    office,
    receipts,
    refunding,
    reports,
    signing,
    tendering,
    training,
    unlisted,
)

if TYPE_CHECKING:
    from posterm.register.session import Session

__all__ = ["ACTS"]


def _help(session: Session, command: Command) -> None:
    session.page = help_rows(session.keypad.keymap)


def _menu(session: Session, command: Command) -> None:
    session.page = help_rows(session.keypad.keymap, menu=True)


def _nothing(session: Session, command: Command) -> None:
    """The screen repaints itself."""


ACTS: Mapping[Verb, Callable[[Session, Command], None]] = {
    Verb.ITEM: items.item,
    Verb.TOTAL: ending.total,
    Verb.CASH: ending.cash,
    Verb.CARD: ending.card,
    Verb.VOID_LINE: items.void_line,
    Verb.REPEAT: items.repeat,
    Verb.DISCOUNT: ending.discount,
    Verb.SUSPEND: ending.suspend,
    Verb.RECALL: ending.recall,
    Verb.PRICE: items.price,
    Verb.SEARCH: items.search,
    Verb.ANSWER: items.answer,
    Verb.UP: partial(items.move, -1),
    Verb.DOWN: partial(items.move, 1),
    Verb.HELP: _help,
    Verb.MENU: _menu,
    Verb.LOCK: signing.lock,
    Verb.X_REPORT: reports.show_x,
    Verb.Z_REPORT: reports.show_z,
    Verb.VOUCHER: tendering.voucher,
    Verb.VOID_TENDER: tendering.void_tender,
    Verb.REFUND: refunding.refund,
    Verb.COUNT: counting.count,
    Verb.TRAIN: training.train,
    Verb.FLOAT: counting.open_with_float,
    Verb.VOID_SALE: ending.void_sale,
    Verb.SIGN_OFF: signing.sign_off,
    Verb.CLOSE: signing.close,
    Verb.OVERRIDE: office.override,
    Verb.TAKE_BACK: office.take_back,
    Verb.NO_SALE: office.no_sale,
    Verb.PAY_IN: partial(office.move_cash, "pay_in"),
    Verb.PAY_OUT: partial(office.move_cash, "pay_out"),
    Verb.PICKUP: partial(office.move_cash, "pickup"),
    Verb.WITHDRAW: approving.withdraw,
    Verb.MESSAGES: notices.messages,
    Verb.NOT_ON_FILE: unlisted.sell_unlisted,
    Verb.QUANTITY: changing.change_quantity,
    Verb.EMPTIES: changing.take_empties,
    Verb.RECEIPT: receipts.show,
    Verb.REPRINT: receipts.reprint,
    Verb.REPAINT: _nothing,
}
