"""`posterm simulate`: a shop at work, many tills that sell at once, checked by their own logs."""

from __future__ import annotations

import sys
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING

import click

import posterm
from posterm.commands.common import next_command, print_json, shared_options, signals_held
from posterm.words import gettext as _
from posterm.words import marked as N_

if TYPE_CHECKING:
    from posterm.simulation.run import Outcome, Plan

__all__ = ["command"]

_STEPS_OF_A_SECOND = 10
_DAMAGED = 74


@click.command("simulate", short_help=N_("Let many tills sell at once."))
@click.option("--tills", type=click.IntRange(1, 500), default=4, show_default=True)
@click.option(
    "--rate",
    type=click.FloatRange(0.01, 1000),
    default=1.0,
    show_default=True,
    help=N_("Sales a second of each till."),
)
@click.option("--minutes", type=click.FloatRange(0.001, 24 * 60), default=1.0, show_default=True)
@click.option(
    "--seed", type=int, default=1, show_default=True, help=N_("Another one, another day.")
)
@click.option(
    "--lines",
    type=click.IntRange(1, 100),
    default=10,
    show_default=True,
    help=N_("The most lines that a basket has."),
)
@click.option(
    "--input",
    "source",
    type=click.File("rb"),
    default=str(Path(posterm.__file__).with_name("demo") / "invoices.csv"),
    metavar="FILE.csv",
    help=N_("Invoices to take the baskets from; by default those that are shipped with posterm."),
)
@click.option(
    "--sign-on", is_flag=True, help=N_("Cashiers sign on with a PIN, and lock their tills.")
)
@click.option(
    "--currency", default="GBP", show_default=True, help=N_("That of the shipped sample.")
)
@shared_options
def command(
    *,
    tills: int,
    rate: float,
    minutes: float,
    seed: int,
    lines: int,
    source: BufferedReader,
    sign_on: bool,
    currency: str,
    data_dir: str,
    as_json: bool,
) -> None:
    """Let N terminals SIM_001, SIM_002, ... sell at once, each a process of its own.

    Customers come by chance, as often as --rate says on the average; they return, void, split
    and change their minds. In the end the logs are summed up and compared with what the
    cashiers say that they sold.
    """
    from posterm.simulation.baskets import read_baskets
    from posterm.simulation.run import Plan, Watch, run

    baskets = read_baskets(source, source.name, currency, lines)
    plan = Plan(tills, rate, minutes * 60, seed, baskets, currency=currency, sign_on=sign_on)
    with signals_held() as held:
        steps = round(plan.seconds * _STEPS_OF_A_SECOND)
        with click.progressbar(length=steps, label=_("selling"), file=sys.stderr) as bar:

            def ready(count: int) -> None:
                if not as_json:
                    click.echo(_("{} tills are open; Ctrl+C closes them").format(count))

            def passed(seconds: float) -> None:
                bar.update(round(seconds * _STEPS_OF_A_SECOND) - bar.pos)

            outcome = run(data_dir, plan, Watch(ready, passed, lambda: held.number is not None))
        if as_json:
            print_json(_as_json(plan, outcome))
        else:
            _print(plan, outcome, data_dir)
    if outcome.wrong:
        raise SystemExit(_DAMAGED)
    if outcome.lost or outcome.faults:
        raise SystemExit(1)


def _as_json(plan: Plan, outcome: Outcome) -> dict[str, object]:
    from msgspec.structs import asdict

    from posterm.simulation.tally import percentile_ms

    tally = outcome.tally
    counts = {
        name: value for name, value in asdict(tally).items() if name not in ("commits", "entries")
    }
    return {
        "tills": plan.tills,
        "seed": plan.seed,
        "seconds": outcome.seconds,
        "currency": plan.currency,
        **counts,
        "sales_per_s": round(tally.sales / outcome.seconds, 1) if outcome.seconds else 0.0,
        "commit_p50_ms": percentile_ms(tally.commits, 50),
        "commit_p99_ms": percentile_ms(tally.commits, 99),
        "entry_p50_ms": percentile_ms(tally.entries, 50),
        "entry_p99_ms": percentile_ms(tally.entries, 99),
        "logs_agree": not outcome.wrong,
        "wrong": list(outcome.wrong),
        "lost": list(outcome.lost),
        "faults": list(outcome.faults),
    }


def _print(plan: Plan, outcome: Outcome, data_dir: str) -> None:
    from kernel import format_minor
    from posterm.simulation.tally import percentile_ms

    tally = outcome.tally
    amount = f"{format_minor(tally.total_minor, plan.currency)} {plan.currency}"
    click.echo(
        _("{} tills sold {} times, {} lines, {} in {:.1f} s").format(
            plan.tills, tally.sales, tally.lines, amount, outcome.seconds
        )
    )
    click.echo(
        _(
            "voids {}, discounts {}, returns {}, aborts {}, cards {} ({} "
            "declined), splits {}, suspended {}, recalled {}, signed on {}, locked "
            "{}"
        ).format(
            tally.voids,
            tally.discounts,
            tally.returns,
            tally.aborts,
            tally.cards,
            tally.declined,
            tally.splits,
            tally.suspends,
            tally.recalls,
            tally.sign_ons,
            tally.rests,
        )
    )
    click.echo(
        _(
            "closing a sale took {:.2f} ms (p50), {:.2f} ms (p99); the latest "
            "customer waited {:.2f} s"
        ).format(percentile_ms(tally.commits, 50), percentile_ms(tally.commits, 99), tally.behind_s)
    )
    for fault in outcome.faults:
        click.echo(_("ended early: {}").format(fault), err=True)
    for name in outcome.lost:
        click.echo(_("lost: {} said nothing before it ended").format(name), err=True)
    for name in outcome.wrong:
        click.echo(_("wrong: the log of {} holds other sales than it says").format(name), err=True)
    if not outcome.wrong:
        click.echo(_("the logs hold the same sales"))
    click.echo(next_command("verify" if outcome.wrong else "status", data_dir))
