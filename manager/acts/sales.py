"""Sales that wait for a till that does not run: release a parked one, put back a stranded claim."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kernel import Release, Settle
from kernel import gettext as _
from manager.acts.named import among, parked, terminals
from manager.dialogs import Question

if TYPE_CHECKING:
    from manager.console import Console

__all__ = ["release", "settle"]


def release(console: Console, text: str) -> None:
    sale = text or among(console.face.page.subject(), parked(console))
    if not sale:
        console.refuse(_("mark a parked sale, or give its id: release REGISTER_01-17"))
        return
    order = Release(transaction=sale)
    begin = partial(
        console.begin, _("release {}").format(sale), lambda go_on: console.floor.act(order)
    )
    words = _("Release {}? Any till can take it up then.").format(sale)
    console.ask(Question(words, begin, key="r"))


def settle(console: Console, text: str) -> None:
    till = text.upper() or among(console.face.page.subject(), terminals(console))
    if not till:
        console.refuse(
            _("mark a sale in the hands of a till, or give the till: settle REGISTER_01")
        )
        return
    order = Settle(terminal=till)
    begin = partial(
        console.begin, _("settle {}").format(till), lambda go_on: console.floor.act(order)
    )
    words = _("Put back what {} was suspending or recalling?").format(till)
    console.ask(Question(words, begin, key="u"))
