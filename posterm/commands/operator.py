"""`posterm operator`: who may work in this shop. A change is MANAGER's, and stands in its log: a
console that runs makes it.

A PIN comes from a prompt or from standard input, never from an argument: those can be read by
everybody on the machine and stay in the shell's history. It goes no further than this process.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from posterm.commands.common import next_command, print_json, shared_options
from posterm.words import gettext as _
from posterm.words import marked as N_

if TYPE_CHECKING:
    from kernel import ChangeOperator, Operator

__all__ = ["command"]

_ROLES = click.Choice(["cashier", "supervisor", "manager"])
_PIN_LINE_LIMIT = 64
_number = click.argument("number")
_pin_stdin = click.option(
    "--pin-stdin", is_flag=True, help=N_("Read the PIN from standard input instead of a prompt.")
)


@click.group()
def command() -> None:
    """Add, list and change the operators of the shop."""


@command.command()
@_number
@click.option("--name", required=True, help=N_("As it stands on receipts and screens."))
@click.option("--role", type=_ROLES, default="cashier", show_default=True)
@_pin_stdin
@shared_options
def add(  # noqa: PLR0917  # click fills them by name
    number: str, name: str, role: str, pin_stdin: bool, data_dir: str, as_json: bool
) -> None:
    """Add an operator; NUMBER is 1 to 8 digits, the PIN 4 to 12."""
    from kernel import ChangeOperator, Role, hashed_pin

    kept = hashed_pin(data_dir, _pin(pin_stdin))
    order = ChangeOperator(what="add", number=number, name=name, role=Role(role), pin_hash=kept)
    _change(order, data_dir, as_json)


@command.command("list")
@shared_options
def list_operators(data_dir: str, as_json: bool) -> None:
    """List all operators, disabled ones too. PINs are not shown: nobody has them."""
    from kernel import Shop

    operators = Shop(data_dir).operators()
    if as_json:
        print_json({"operators": [_json(one) for one in operators]})
        return
    for one in operators:
        click.echo(f"{one.number:<8}  {one.role.value:<10}  {_state(one):<8}  {one.name}")
    if not operators:
        click.echo(_("this shop has no operators: its tills ask nobody for a PIN"))
        click.echo(next_command("operator add 0001 --name NAME --role manager", data_dir))


@command.command()
@_number
@shared_options
def disable(number: str, data_dir: str, as_json: bool) -> None:
    """Let an operator sign on no more; the number stays taken."""
    from kernel import ChangeOperator

    _change(ChangeOperator(what="activity", number=number, active=False), data_dir, as_json)


@command.command()
@_number
@shared_options
def enable(number: str, data_dir: str, as_json: bool) -> None:
    """Let a disabled operator sign on again, by the PIN he had."""
    from kernel import ChangeOperator

    _change(ChangeOperator(what="activity", number=number, active=True), data_dir, as_json)


@command.command("set-pin")
@_number
@_pin_stdin
@shared_options
def set_pin(number: str, pin_stdin: bool, data_dir: str, as_json: bool) -> None:
    """Give an operator another PIN."""
    from kernel import ChangeOperator, hashed_pin

    kept = hashed_pin(data_dir, _pin(pin_stdin))
    _change(ChangeOperator(what="pin", number=number, pin_hash=kept), data_dir, as_json)


@command.command()
@_number
@click.argument("role", type=_ROLES)
@shared_options
def role(number: str, role: str, data_dir: str, as_json: bool) -> None:
    """Make an operator cashier, supervisor or manager."""
    from kernel import ChangeOperator, Role

    _change(ChangeOperator(what="role", number=number, role=Role(role)), data_dir, as_json)


def _change(order: ChangeOperator, data_dir: str, as_json: bool) -> None:
    from kernel import Operator, as_manager

    changed = as_manager(data_dir, order, Operator)
    if as_json:
        print_json(_json(changed))
        return
    click.echo(
        _("operator {} {} is {}, {}").format(
            changed.number, changed.name, changed.role, _state(changed)
        )
    )
    click.echo(next_command("operator list", data_dir))


def _pin(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline(_PIN_LINE_LIMIT).rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError(_("there is no terminal to ask for the PIN on; give --pin-stdin"))
    pin: str = click.prompt("PIN", hide_input=True, confirmation_prompt=True)
    return pin


def _json(one: Operator) -> dict[str, object]:
    return {
        "number": one.number,
        "name": one.name,
        "role": one.role.value,
        "active": one.active,
    }


def _state(one: Operator) -> str:
    return _("active") if one.active else _("disabled")
