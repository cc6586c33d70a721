"""Who is at the console: signing on, locking, signing off, taking over, leaving.

A PIN goes from the prompt to the kernel and is kept nowhere. Nobody is let in before the kernel
has said who it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from kernel import Floor, KernelError, Operator
from kernel import gettext as _
from manager.dialogs import Prompt, Question

if TYPE_CHECKING:
    from manager.console import Console

__all__ = ["know", "leave", "lock", "sign_off", "sign_on", "take_over"]


def sign_on(console: Console, said: str = "") -> None:
    """Ask for number and PIN until they are right; the screens are shown then."""
    there = console.signing.who
    words = _("operator number (Q quits)")
    if there is not None:
        words = _("locked by {}: operator number").format(there.number)

    def number_given(number: str) -> None:
        if number.casefold() == "q" and there is None:
            console.face.leave()
        elif not number:
            sign_on(console)
        else:
            console.ask(
                Prompt(
                    _("PIN of {}").format(number),
                    partial(pin_given, number),
                    secret=True,
                    must=True,
                )
            )

    def pin_given(number: str, pin: str) -> None:
        if not pin:
            sign_on(console)  # a slip in the number is no wrong PIN
            return
        console.say(_("checking..."))
        console.signing.busy = True
        console.work.aside(console.signing.entering(number, pin), entered, refused)

    def refused(fault: KernelError) -> None:
        console.signing.busy = False
        sign_on(console, str(fault))
        console.face.beep()

    def entered(operator: Operator) -> None:
        console.signing.busy = False
        console.signing.entered(operator)
        console.close(_("{} is signed on").format(operator.name))
        console.face.unveil()

    console.ask(Prompt(words, number_given, must=True))
    if said:
        console.refuse(said)


def lock(console: Console) -> None:
    """Hide the screens until a PIN is given, also where a full disk takes no entry of it."""
    if console.watching or not console.signing.asks:
        console.refuse(_("nobody is signed on, so nothing can be locked"))
        return

    def shown(said: str = "") -> None:
        console.signing.busy = False
        sign_on(console, said)

    console.signing.locked = console.signing.busy = True
    console.close()
    console.face.veil()
    console.work.aside(
        console.signing.locking, lambda locked: shown(), lambda fault: shown(str(fault))
    )


def know(console: Console, operators: Iterable[Operator]) -> None:
    """The shop has these operators now: its first one ends what everybody may, and who is
    disabled is out at once."""
    signing = console.signing
    was_shut = signing.shut
    if not signing.know(operators):
        out = signing.who
        assert out is not None, "only who is signed on can be out"

        def logged(said: object) -> None:
            sign_on(console, _("operator {} may act here no more").format(out.number))

        signing.left(asks=True)
        console.close()
        console.face.veil()
        console.work.aside(signing.leaving, logged, logged)
    elif signing.shut and not was_shut:
        console.close()
        console.face.veil()
        sign_on(console)


def sign_off(console: Console, text: str) -> None:
    if console.watching:
        console.refuse(_("this console only watches; nobody is signed on"))
        return

    def left(asks: bool) -> None:
        console.signing.left(asks)
        if asks:
            console.face.veil()
            sign_on(console)
        else:
            console.say(_("nobody has to sign on: this shop has no operators"))

    console.aside(console.signing.leaving, left)


def leave(console: Console, text: str) -> None:
    busy = [one.title for one in console.work.under_way()]
    words = _("End this console? Tills go on.")
    if busy:
        words = _("End this console? {} goes on by itself.").format(", ".join(busy))
    console.ask(Question(words, console.face.leave, key="Q"))


def take_over(console: Console, text: str) -> None:
    if not console.watching:
        console.refuse(_("this console acts already"))
        return

    def take() -> None:
        console.say(_("taking over..."))
        console.aside(partial(Floor.start, console.data_dir), console.face.take_over)

    console.ask(Question(_("Take over as MANAGER and act?"), take, key="T"))
