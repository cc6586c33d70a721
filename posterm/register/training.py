"""Training at the register: begun here, ended by signing off. Nothing that is sold in it is real.

This module must never decide what training may not do: the kernel does, so that no key forgets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel import SaleRefused
from kernel import gettext as _
from posterm.register.dialogs import Question

if TYPE_CHECKING:
    from posterm.keypad import Command
    from posterm.register.session import Session

__all__ = ["train"]


def train(session: Session, command: Command) -> None:
    session.counter.drop_empty()
    if session.counter.sale is not None:
        raise SaleRefused(_("a sale is open; finish, suspend or void it first"))

    def begin() -> None:
        session.till.begin_training(session.counter.operator or "")
        session.counter.last, session.page = None, None
        session.message = _("training: nothing is sold; sign off (/24) to end it")

    if session.till.training:
        raise SaleRefused(_("this is training already; sign off (/24) to end it"))
    session.ask(Question(_("Begin TRAINING?  Y yes   Clear no"), {"y": begin}))
