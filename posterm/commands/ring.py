"""`posterm ring`: invoices of a CSV file rung without a screen, through the kernel's front door.

One sale an invoice, whose number is the sale's reference: so a run that was cut off, however it
was, is continued with `--resume` at the very next line, and nothing is rung twice. The file is
read and judged to its end before the first sale begins.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from io import BufferedReader
from typing import IO, TYPE_CHECKING

import click

from posterm.commands.common import (
    SignalsHeld,
    next_command,
    print_json,
    shared_options,
    signals_held,
)
from posterm.commands.counted import counted
from posterm.commands.register import require_till
from posterm.words import gettext as _
from posterm.words import marked as N_

if TYPE_CHECKING:
    from kernel import Sale, Terminal
    from posterm.invoices import Invoice, Rejected

__all__ = ["command"]


@dataclass(frozen=True, slots=True)
class Terms:
    """Where this run rings, what it begins every sale with, and what the caller wants of it."""

    terminal: str
    data_dir: str
    store: str
    currency: str
    operator: str
    acks: bool
    resume: bool


@dataclass(slots=True)
class Summary:
    """What this run did; `skipped` invoices had been rung before."""

    sales: int = 0
    lines: int = 0
    total_minor: int = 0
    rejected: int = 0
    skipped: int = 0
    seconds: float = 0.0


@click.command()
@click.argument("terminal", metavar="ID")
@click.option("--input", "source", type=click.File("rb"), required=True, metavar="FILE.csv")
@click.option(
    "--rejects",
    type=click.File("w", encoding="utf-8", lazy=True),
    metavar="FILE",
    help=N_("Write the rows that can't be rung there, each with its line number and the reason."),
)
@click.option(
    "--currency", default="GBP", show_default=True, help=N_("That of the shipped sample.")
)
@click.option("--store", default="STORE_001", show_default=True)
@click.option("--operator", default="0001", show_default=True)
@click.option("--acks", is_flag=True, help=N_("Print a line the moment each sale is durable."))
@click.option("--resume", is_flag=True, help=N_("Go on where a run before this one was cut off."))
@shared_options
def command(
    *,
    terminal: str,
    source: BufferedReader,
    rejects: IO[str] | None,
    currency: str,
    store: str,
    operator: str,
    acks: bool,
    resume: bool,
    data_dir: str,
    as_json: bool,
) -> None:
    """Ring the invoices of a CSV file on terminal ID, one sale an invoice.

    FILE.csv may be gzipped, or - for the standard input. Columns, in any order: InvoiceNo,
    StockCode, Description, Quantity, InvoiceDate, UnitPrice. Quantities below zero are returns.
    """
    start_s = time.monotonic()
    require_till(terminal)
    if rejects is not None and rejects.name == source.name and source.name != "-":
        raise click.UsageError(_("--rejects would overwrite the input; name another file"))
    terms = Terms(terminal, data_dir, store, currency, operator, acks, resume)
    done = Summary()
    invoices = _read(source, rejects, currency, done)
    with signals_held() as held:
        parked = _ring_all(invoices, terms, done, held)
        done.seconds = round(time.monotonic() - start_s, 3)
        if held.number is None:
            _print_summary(done, terms, as_json)
        else:
            where = _(", {} is parked").format(parked) if parked else ""
            click.echo(
                _(
                    "posterm: stopped by signal {} after {}{}; give the same command with "
                    "--resume to go on"
                ).format(held.number, counted(done.sales, "{} sale", "{} sales"), where),
                err=True,
            )


def _read(
    source: BufferedReader, rejects: IO[str] | None, currency: str, done: Summary
) -> list[Invoice]:
    from posterm.invoices import InvoiceFile

    file = InvoiceFile(source, source.name)
    rejected: list[Rejected] = []
    invoices = file.gather(currency, rejected.append)
    done.rejected = len(rejected)
    if rejects is not None:
        _write_rejects(rejects, file.header, rejected)
    return invoices


def _write_rejects(rejects: IO[str], header: list[str], rejected: list[Rejected]) -> None:
    from kernel import BadInput

    width = len(header)
    try:
        writer = csv.writer(rejects, lineterminator="\n")
        writer.writerow([*header, "row", "reason"])
        for one in rejected:
            fields = (one.fields + [""] * width)[:width]
            writer.writerow([*fields, one.row, one.reason])
        rejects.flush()
    except OSError as fault:
        with suppress(OSError):
            rejects.close()
        raise BadInput(
            _(
                "{} can't be written: {}; name another file for the rejected rows, nothing was rung"
            ).format(rejects.name, fault.strerror)
        ) from fault


def _ring_all(
    invoices: Sequence[Invoice],
    terms: Terms,
    done: Summary,
    held: SignalsHeld,
) -> str | None:
    """Ring what is not rung yet; the id of the sale that a signal left open, if it did."""
    from kernel import Terminal

    with Terminal.start(terms.terminal, terms.data_dir) as till:
        if till.recovery.crashed:
            click.echo(f"posterm: {till.id}: {till.recovery}", err=True)
        rung = _rung_before(till, terms.data_dir)
        if not terms.resume:
            _refuse_if_begun(till, invoices, rung)
        with _progress(len(invoices)) as advance:
            for invoice in invoices:
                advance()
                if held.number is not None:
                    return None
                if invoice.number in rung:
                    done.skipped += 1
                    continue
                sale = _ring(till, invoice, terms, held)
                if sale is None:
                    return till.open_sales[-1].id
                _count(done, sale, invoice, terms)
    return None


def _rung_before(till: Terminal, data_dir: str) -> dict[str, str]:
    """Reference -> id of every committed sale in the whole log, however long ago it was."""
    from kernel import Shop

    sales = Shop(data_dir).sales(till.id)
    return {logged.sale.reference: logged.id for logged in sales if logged.sale.reference}


def _refuse_if_begun(till: Terminal, invoices: Sequence[Invoice], rung: dict[str, str]) -> None:
    """Without --resume the file must be new to this terminal: nothing is charged twice."""
    from kernel import SaleRefused

    begun = rung | {sale.reference: sale.id for sale in till.open_sales if sale.reference}
    for invoice in invoices:
        if invoice.number in begun:
            raise SaleRefused(
                _(
                    "invoice {} is sale {} already; add --resume to ring only what is missing"
                ).format(invoice.number, begun[invoice.number])
            )


def _ring(till: Terminal, invoice: Invoice, terms: Terms, held: SignalsHeld) -> Sale | None:
    """The sale, committed; None where a signal came and left it open at some line."""
    sale = till.begin(terms.store, terms.currency, terms.operator, reference=invoice.number)
    for item in invoice.items[_lines_in(sale, invoice) :]:
        if held.number is not None:
            return None
        sale.add_line(item.code, item.pieces, item.unit_minor, description=item.description)
    assert sale.total_minor == invoice.total_minor, f"{sale} is not {invoice.total_minor}"
    # The balance: cash to the penny, 0 that closes a sale worth nothing, or a pay-out.
    sale.tender_cash(sale.total_minor)
    return sale


def _lines_in(sale: Sale, invoice: Invoice) -> int:
    """How many lines of the invoice a restored sale holds: they must be the first of them."""
    from kernel import SaleRefused

    posted = sale.lines
    held = [(line.code, line.quantity, line.unit_minor) for line in posted]
    first = [(item.code, item.quantity, item.unit_minor) for item in invoice.items[: len(held)]]
    if held != first:
        raise SaleRefused(
            _(
                "sale {} is open for invoice {} with other lines than the file has; "
                "give the file that it was begun with"
            ).format(sale.id, invoice.number)
        )
    return len(posted)


def _count(done: Summary, sale: Sale, invoice: Invoice, terms: Terms) -> None:
    done.sales += 1
    done.lines += len(invoice.items)
    done.total_minor += invoice.total_minor
    if terms.acks:
        click.echo(f"ACK {invoice.number} {sale.id} {invoice.total_minor}")


@contextmanager
def _progress(length: int) -> Iterator[Callable[[], None]]:
    """Called before each invoice: moves a bar on stderr where a person looks at it."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    with click.progressbar(length=length, label=_("ringing"), file=sys.stderr) as bar:
        yield lambda: bar.update(1)


def _print_summary(done: Summary, terms: Terms, as_json: bool) -> None:
    from kernel import format_minor

    if as_json:
        print_json(asdict(done))
        return
    amount = f"{format_minor(done.total_minor, terms.currency)} {terms.currency}"
    sales = counted(done.sales, "{} sale", "{} sales")
    lines = counted(done.lines, "{} line", "{} lines")
    said = _("rang {}, {}, {} in {:.1f} s").format(sales, lines, amount, done.seconds)
    skipped = _("; {} had been rung before").format(done.skipped) if done.skipped else ""
    rejected = _("; {} can't be rung (--rejects FILE says why)").format(
        counted(done.rejected, "{} row", "{} rows")
    )
    click.echo(said + skipped + (rejected if done.rejected else ""))
    click.echo(next_command(f"report x {terms.terminal}", terms.data_dir))
