"""`posterm config`: look at the settings, draft a change, publish it to every till.

`get`, `schema`, `set` and `discard` take no terminal. `publish` is an act of MANAGER, because what
it tells the tills is logged before it is sent: a console that runs does it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import IO, TYPE_CHECKING

import click

from posterm.commands.common import (
    next_command,
    print_json,
    shared_options,
    signals_held,
    terminals_json,
    wait_options,
)
from posterm.commands.sales import utc_text
from posterm.words import gettext as _
from posterm.words import marked as N_

if TYPE_CHECKING:
    from kernel import Ack, Configuration, PublishedTo, SettingValue, ShopConfiguration

__all__ = ["command"]

_KEY_WIDTH = 30
_ORIGIN_WIDTH = 12
_AHEAD = re.compile(r"\+(\d{1,7})([smhd])")
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}

terminal_option = click.option(
    "--terminal", metavar="ID", help=N_("One till, with what it sets for itself.")
)


@click.group()
def command() -> None:
    """Show, draft and publish the settings of the shop."""


@command.command("get")
@click.argument("key", required=False)
@terminal_option
@click.option("--origin", is_flag=True, help=N_("Say where each value comes from."))
@shared_options
def get(key: str | None, terminal: str | None, origin: bool, data_dir: str, as_json: bool) -> None:
    """Show the settings in force, or the one named KEY."""
    from kernel import ShopConfiguration

    shop = ShopConfiguration(data_dir)
    configuration = shop.in_force(terminal)
    if key is not None:
        _print_one(configuration, key, with_origin=origin, as_json=as_json)
    elif as_json:
        print_json(_json_of(shop, configuration, with_origin=origin))
    else:
        for row in _rows(shop, configuration, with_origin=origin):
            click.echo(row)
        click.echo(next_command("config publish" if shop.draft() else "config schema", data_dir))


@command.command("schema")
@shared_options
def schema(data_dir: str, as_json: bool) -> None:
    """Show every key that can be set; with --json as a JSON schema."""
    from kernel import setting_facts, settings_schema

    if as_json:
        click.echo(settings_schema())
        return
    for fact in setting_facts():
        where = _("shop or till") if fact.local else _("shop")
        click.echo(fact.key)
        told = _("{}. {}; {}; default {}").format(
            fact.description, fact.kind, where, shown(fact.default)
        )
        click.echo(click.wrap_text(told, initial_indent="    ", subsequent_indent="    "))
    click.echo(next_command("config set KEY VALUE", data_dir))


@command.command("set")
@click.argument("key")
@click.argument("value")
@terminal_option
@shared_options
def set_(key: str, value: str, terminal: str | None, data_dir: str, as_json: bool) -> None:
    """Draft KEY = VALUE for the shop, or set it on one till.

    VALUE is the text itself or JSON; null sets the key back to its default.
    """
    from kernel import ShopConfiguration

    shop = ShopConfiguration(data_dir)
    if terminal is not None:
        local = shop.change_local(terminal, key, value)
        if as_json:
            print_json({"terminal": terminal, "local": dict(local)})
            return
        click.echo(
            _("{} goes by {} = {} from its next start on").format(
                terminal, key, shown(local.get(key))
            )
        )
        click.echo(next_command(f"config get --terminal {terminal} --origin", data_dir))
        return
    draft = shop.change_draft(key, value)
    if as_json:
        print_json({"terminal": None, "draft": dict(draft)})
        return
    click.echo(
        _("{} = {} is drafted, {} in all; no till goes by it").format(
            key, shown(draft[key]), len(draft)
        )
    )
    click.echo(next_command("config publish --wait", data_dir))


@command.command("discard")
@shared_options
def discard(data_dir: str, as_json: bool) -> None:
    """Drop what is drafted."""
    from kernel import ShopConfiguration

    shop = ShopConfiguration(data_dir)
    dropped = shop.draft()
    shop.discard_draft()
    if as_json:
        print_json({"discarded": dict(dropped)})
        return
    click.echo(_("{} drafted changes are dropped").format(len(dropped)))
    click.echo(next_command("config get --origin", data_dir))


@command.command("publish")
@click.option(
    "--input", "source", type=click.File("rb"), metavar="FILE", help=N_("Values as JSON.")
)
@click.option(
    "--effective", metavar="T", help=N_("When it comes into force: +30s, +2h, or 2026-01-31T06:00.")
)
@wait_options(N_("Wait until every running till has answered."), least_s=0)
@shared_options
def publish(
    *,
    source: IO[bytes] | None,
    effective: str | None,
    wait: bool,
    timeout_s: int,
    data_dir: str,
    as_json: bool,
) -> None:
    """Publish the draft, or all values of FILE, as the next version."""
    from kernel import Publish, PublishedTo, SystemClock, as_manager

    order = Publish(
        document=None if source is None else _text_of(source.read()),
        effective_ms=None if effective is None else _instant(effective, SystemClock().wall_ms()),
        wait_s=float(timeout_s) if wait else 0.0,
    )
    told: set[str] = set()
    with signals_held() as held:

        def go_on(so_far: PublishedTo) -> bool:
            if not as_json:
                _say_new(so_far, told, waited=wait)
            return held.number is None

        published = as_manager(data_dir, order, PublishedTo, go_on)
        if as_json:
            print_json(_publication_json(published, waited=wait))
        else:
            _say_new(published, told, waited=wait)
            for row in _ending_rows(published, waited=wait):
                click.echo(row)
            click.echo(next_command("config get --origin", data_dir))
    if wait and not _complete(published):
        raise SystemExit(1)


def shown(value: SettingValue) -> str:
    """A value as people and scripts read it: texts as they are, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _instant(text: str, now_ms: int) -> int:
    """A time in milliseconds of UTC; without a zone it is this machine's."""
    ahead = _AHEAD.fullmatch(text)
    if ahead is not None:
        return now_ms + int(ahead[1]) * _UNIT_MS[ahead[2]]
    try:
        return int(datetime.fromisoformat(text).astimezone().timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise click.BadParameter(
            _("{!r} is no time; give one such as +30s, +2h or 2026-01-31T06:00").format(text),
            param_hint="--effective",
        ) from None


def _print_one(configuration: Configuration, key: str, *, with_origin: bool, as_json: bool) -> None:
    value, origin = configuration.value(key), configuration.origins[key]
    if as_json:
        print_json({"key": key, "value": value} | ({"origin": origin} if with_origin else {}))
    else:
        click.echo(f"{shown(value)}  ({origin})" if with_origin else shown(value))


def _json_of(
    shop: ShopConfiguration, configuration: Configuration, *, with_origin: bool
) -> dict[str, object]:
    said: dict[str, object] = {
        "version": configuration.version,
        "sha256": configuration.sha256 or None,
        "effective_at": _time_or_none(configuration),
        "values": {key: value for key, value, _ in configuration.items()},
    }
    if with_origin:
        said["origins"] = dict(configuration.origins)
    said["waiting"] = [
        {"version": one.version, "effective_at": utc_text(one.effective_ms)}
        for one in shop.waiting()
    ]
    return said | {"draft": dict(shop.draft())}


def _time_or_none(configuration: Configuration) -> str | None:
    return utc_text(configuration.effective_ms) if configuration.version else None


def _rows(
    shop: ShopConfiguration, configuration: Configuration, *, with_origin: bool
) -> Iterator[str]:
    if configuration.version:
        since = utc_text(configuration.effective_ms)
        yield _("version {}, in force since {}").format(configuration.version, since)
    else:
        yield _("nothing has been published; these are the defaults")
    for key, value, origin in configuration.items():
        said = f"{origin:<{_ORIGIN_WIDTH}}" if with_origin else ""
        yield f"{key:<{_KEY_WIDTH}}{said}{shown(value)}"
    for one in shop.waiting():
        yield _("version {} comes into force at {}").format(one.version, utc_text(one.effective_ms))
    for key, value in shop.draft().items():
        yield _("drafted: {} = {}").format(key, shown(value))


def _text_of(document: bytes) -> str:
    from kernel import BadConfiguration

    try:
        return document.decode()
    except UnicodeDecodeError as fault:
        raise BadConfiguration(
            _("the document can't be used: it is no UTF-8: {}").format(fault)
        ) from fault


def _say_new(published: PublishedTo, told: set[str], *, waited: bool) -> None:
    """That it is published, once, and each answer that was not told of before."""
    if "" not in told:
        told.add("")
        when = utc_text(published.effective_ms)
        click.echo(_("version {} is published, in force from {}").format(published.version, when))
    for ack in published.answers if waited else ():
        if ack.terminal not in told:
            told.add(ack.terminal)
            click.echo(f"{len(told) - 1}/{len(published.running)}  {_answer_text(ack)}")


def _answer_text(ack: Ack) -> str:
    return f"{ack.terminal} {ack.result}" + (f": {ack.reason}" if ack.reason else "")


def _complete(published: PublishedTo) -> bool:
    applied = {one.terminal for one in published.answers if one.result == "applied"}
    return applied.issuperset(published.running)


def _ending_rows(published: PublishedTo, *, waited: bool) -> Iterator[str]:
    if waited and published.missing:
        yield _("no answer from {}; see `posterm status`").format(", ".join(published.missing))
    if published.off:
        yield _("off, and taking note at the next start: {}").format(", ".join(published.off))


def _publication_json(published: PublishedTo, *, waited: bool) -> dict[str, object]:
    answers = published.answers if waited else ()
    states = {one.terminal: (one.result, one.reason or None) for one in answers}
    silent = dict.fromkeys(published.running, ("waiting", None))
    off = dict.fromkeys(published.off, ("off", None))
    return {
        "version": published.version,
        "sha256": published.sha256,
        "effective_at": utc_text(published.effective_ms),
        "terminals": terminals_json(silent | off | states),
    }
