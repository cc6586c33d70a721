"""`posterm catalog`: bring in the shop's items, look at them, and at the versions that are there.

An import is checked to its end before anything is written, and running tills take the new
version for their next sales; nobody has to close one.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from io import BufferedReader
from typing import TYPE_CHECKING

import click
from msgspec import structs

from posterm.commands.common import next_command, print_json, say_error, shared_options
from posterm.commands.sales import utc_text
from posterm.words import gettext as _
from posterm.words import marked as N_

if TYPE_CHECKING:
    from posterm.catalog import Found, Item
    from posterm.catalog.reading import Catalog, CatalogFacts
    from posterm.catalog.source import Fault, Reading

__all__ = ["command"]

_FAULTS_SHOWN = 20
_LIST_LIMIT = 50

version_option = click.option(
    "--version", type=click.IntRange(1), metavar="N", help=N_("Not the current one, but version N.")
)


@click.group()
def command() -> None:
    """Import and show what the shop sells."""


@command.command("import")
@click.argument("source", type=click.File("rb"), metavar="FILE.csv")
@click.option("--currency", metavar="CODE", help=N_("Of the prices; else that of the settings."))
@click.option(
    "--country", metavar="CC", help=N_("Whose rules read weights and prices in codes, such as SE.")
)
@click.option(
    "--invoices", is_flag=True, help=N_("FILE.csv holds invoices, as `posterm ring` takes.")
)
@click.option("--dry-run", is_flag=True, help=N_("Check the file and change nothing."))
@shared_options
def import_(
    *,
    source: BufferedReader,
    currency: str | None,
    country: str | None,
    invoices: bool,
    dry_run: bool,
    data_dir: str,
    as_json: bool,
) -> None:
    """Make a new version of the catalogue from FILE.csv, which may be gzipped, or - for stdin.

    Columns, in any order: code, description, department, price, tax_code, and if needed sell_by
    (each, weight, price), tare, min_age, linked_sku, max_quantity, discountable, returnable,
    active. An item's codes are separated by |. An empty price is an open one.
    """
    from kernel import Host, ShopConfiguration
    from posterm.catalog.versions import remove_old_versions
    from posterm.catalog.writing import write_catalog

    start_s = time.monotonic()
    country = _country(country)
    if currency is None:
        currency = ShopConfiguration(data_dir).in_force(None).settings.currency
    reading, rejected = _read(source, currency, invoices)
    if reading.faults and not invoices:
        _say_faults(reading.faults, source.name, as_json)
        raise SystemExit(1)
    version, removed = None, []
    if not dry_run:
        with _progress(len(reading.items), _("writing")) as advance:
            version = write_catalog(
                data_dir,
                reading.items,
                currency=currency,
                country=country,
                source=os.path.basename(source.name),
                host=Host(),
                advance=advance,
            )
        removed = remove_old_versions(data_dir)
    summary = {
        "version": version,
        "items": len(reading.items),
        "departments": len({item.department for item in reading.items}),
        "currency": currency,
        "country": country,
        "rejected": rejected + len(reading.faults),
        "removed": removed,
        "seconds": round(time.monotonic() - start_s, 3),
    }
    if as_json:
        print_json(summary)
        return
    made = (
        _("version {} of the catalogue has").format(version)
        if version
        else _("the file is good: it has")
    )
    click.echo(
        _("{} {} items in {} departments, prices in {}").format(
            made, summary["items"], summary["departments"], currency
        )
    )
    if summary["rejected"]:
        click.echo(_("{} rows or codes of the invoices can't be rung").format(summary["rejected"]))
    click.echo(
        next_command("catalog list" if version else f"catalog import {source.name}", data_dir)
    )


@command.command("list")
@click.option("--search", metavar="TEXT", help=N_("Items whose words or codes hold TEXT."))
@click.option("--department", metavar="NAME")
@click.option(
    "--limit", type=click.IntRange(1), default=_LIST_LIMIT, show_default=True, metavar="N"
)
@version_option
@shared_options
def list_(
    *,
    search: str | None,
    department: str | None,
    limit: int,
    version: int | None,
    data_dir: str,
    as_json: bool,
) -> None:
    """List items by name, or those that are searched for."""
    from posterm.catalog import open_catalog

    with open_catalog(data_dir, version) as catalog:
        if search is None:
            items: Sequence[Item] = list(catalog.items(department, limit))
        else:
            found = catalog.search(search, limit)
            items = [item for item in found if department in {None, item.department}]
        if as_json:
            said = [_item_json(item) for item in items]
            print_json({**_facts_json(catalog.facts), "shown": said})
            return
        for item in items:
            click.echo(_item_row(item, catalog.facts.currency))
        click.echo(
            _("{} of {} items, version {}").format(len(items), catalog.facts.items, catalog.version)
        )
    click.echo(next_command(f"catalog show {items[0].sku if items else 'CODE'}", data_dir))


@command.command("show")
@click.argument("code")
@version_option
@shared_options
def show(code: str, version: int | None, data_dir: str, as_json: bool) -> None:
    """Show the item that CODE names, and what a weight or price in it says."""
    from kernel import ShopConfiguration
    from posterm.catalog import Ambiguous, Found, open_catalog, rules_of

    settings = ShopConfiguration(data_dir).in_force(None).settings
    with open_catalog(data_dir, version) as catalog:
        rules = rules_of(
            catalog.facts.country,
            catalog.facts.currency,
            weight_prefixes=settings.weight_prefixes,
            price_prefixes=settings.price_prefixes,
        )
        found = catalog.find(code, rules)
        if isinstance(found, Found):
            _print_found(found, catalog, data_dir, as_json)
            return
    if isinstance(found, Ambiguous):
        skus = ", ".join(item.sku for item in found.items)
        fact = _("{} may be {}; give it as it is written there").format(found.code, skus)
    else:
        fact = _("{} names no item: {}; see `posterm catalog list`").format(
            found.code, found.reason.value
        )
    say_error(fact, 1, as_json=as_json)
    raise SystemExit(1)


@command.command("versions")
@shared_options
def versions(data_dir: str, as_json: bool) -> None:
    """List the versions that are there; sales go on with the one they began with."""
    from posterm.catalog import current_version, open_catalog
    from posterm.catalog.versions import versions as all_versions

    current = current_version(data_dir)
    facts: list[CatalogFacts] = []
    for number in all_versions(data_dir):
        with open_catalog(data_dir, number) as catalog:
            facts.append(catalog.facts)
    if as_json:
        print_json({"current": current or None, "versions": [_facts_json(one) for one in facts]})
        return
    for one in facts:
        mark = _("current") if one.version == current else ""
        items = _("{:>7} items").format(one.items)
        click.echo(
            f"{one.version:>6}  {utc_text(one.imported_ms)[:19]}Z  {items}  "
            f"{one.currency}  {one.country or '--'}  {mark:<7}  {one.source}".rstrip()
        )
    click.echo(next_command("catalog list" if facts else "catalog import FILE.csv", data_dir))


def _country(given: str | None) -> str | None:
    from posterm.catalog import COUNTRIES

    if given is None or given.upper() in COUNTRIES:
        return given and given.upper()
    raise click.BadParameter(
        _("no rules are known for {!r}; leave it out, or give one of {}").format(
            given, ", ".join(COUNTRIES)
        ),
        param_hint="--country",
    )


def _read(source: BufferedReader, currency: str, invoices: bool) -> tuple[Reading, int]:
    """The items of the file, and how many rows of invoices could not be rung."""
    from posterm.catalog.invoiced import read_invoiced
    from posterm.catalog.source import read_items

    if invoices:
        return read_invoiced(source, source.name, currency)
    size_bytes = 0
    with suppress(OSError):  # no file of the system's: its length is not known
        size_bytes = os.fstat(source.fileno()).st_size
    with _progress(size_bytes, _("reading")) as advance:
        return read_items(source, source.name, currency, advance), 0


@contextmanager
def _progress(length: int, label: str) -> Iterator[Callable[[int], None]]:
    """A bar on stderr where a person looks at it."""
    if not (length and sys.stderr.isatty()):
        yield lambda _: None
        return
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield bar.update


def _say_faults(faults: Sequence[Fault], name: str, as_json: bool) -> None:
    from posterm.catalog.source import FAULTS_LIMIT

    more = _(" or more") if len(faults) >= FAULTS_LIMIT else ""
    said = _("{}: {}{} faults; correct them, nothing was imported").format(name, len(faults), more)
    if as_json:
        told = [asdict(fault) for fault in faults]
        click.echo(json.dumps({"error": said, "exit_code": 1, "faults": told}), err=True)
        return
    for fault in faults[:_FAULTS_SHOWN]:
        where = _("column {}: ").format(fault.column) if fault.column else ""
        click.echo(f"{name}:{fault.line}: {where}{fault.reason}", err=True)
    say_error(said, 1, as_json=False)


def _print_found(found: Found, catalog: Catalog, data_dir: str, as_json: bool) -> None:
    from kernel import format_minor

    item, currency = found.item, catalog.facts.currency
    if as_json:
        label = {"quantity": found.quantity, "amount_minor": found.amount_minor}
        print_json(_item_json(item) | {"label": label, "version": catalog.version})
        return
    click.echo(_item_row(item, currency))
    for name, value in _item_json(item).items():
        if name not in {"sku", "description", "department", "price_minor"}:
            click.echo(f"  {name:<14}{_shown(value)}")
    if found.quantity is not None:
        click.echo(f"  {_('on the label'):<14}{_quantity_text(found.quantity)}")
    if found.amount_minor is not None:
        amount = format_minor(found.amount_minor, currency)
        click.echo(f"  {_('on the label'):<14}{amount} {currency}")
    click.echo(next_command("catalog versions", data_dir))


def _quantity_text(thousandths: int) -> str:
    whole, part = divmod(thousandths, 1000)
    return f"{whole}.{part:03}"


def _shown(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return _("yes") if value else _("no")
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def _item_row(item: Item, currency: str) -> str:
    from kernel import format_minor

    price = "open" if item.price_minor is None else format_minor(item.price_minor, currency)
    off = "" if item.active else _("  not for sale")
    return f"{item.sku:<16} {item.description:<36.36} {item.department:<16.16} {price:>10}{off}"


def _item_json(item: Item) -> dict[str, object]:
    """Every field; quantities are thousandths, amounts minor units."""
    return {**structs.asdict(item), "codes": list(item.codes), "sell_by": item.sell_by.value}


def _facts_json(facts: CatalogFacts) -> dict[str, object]:
    return {**structs.asdict(facts), "imported_at": utc_text(facts.imported_ms)}
