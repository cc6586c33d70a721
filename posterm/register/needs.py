"""What an act needs that whoever is signed on may not do alone, and the word for it once given.

A need says all that an approval is bound to: the act, the sale, the line and what that will be
worth. So what is done in the end is what was allowed, or it is refused. This module must never
decide who may do what: the shop's roles do.
"""

from __future__ import annotations

from msgspec import Struct

from kernel import Role, Sale, SaleRefused
from kernel import gettext as _

__all__ = ["Grant", "Need", "NeedsApproval"]


class Need(Struct, frozen=True):
    """`what` is one of `kernel.Approvable`, `named` the words for it, `role` who may allow it.

    `line` and `new` are what the kernel binds an approval to; see `kernel.Terminal.approvals`.
    """

    what: str
    named: str
    role: Role
    sale: Sale | None = None
    line: int | None = None
    new: str | None = None


class Grant(Struct, frozen=True):
    """The word that was given for `need`, good once."""

    need: Need
    token: str


class NeedsApproval(SaleRefused):
    """Nothing is done yet. It is offered to ask a supervisor; then the act is done again."""

    def __init__(self, need: Need) -> None:
        super().__init__(_("{} needs a {}").format(need.named, need.role))
        self.need = need
