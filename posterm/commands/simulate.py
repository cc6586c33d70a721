"""`posterm simulate`: a shop at work, many tills that sell at once, checked by their own logs."""

from __future__ import annotations

import sys
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING

import click

import posterm
from posterm.commands.common import next_command, print_json, shared_options, signals_held

if TYPE_CHECKING:
    from posterm.simulation.run import Outcome, Plan

__all__ = ["command"]

_STEPS_OF_A_SECOND = 10
_DAMAGED = 74


@click.command("simulate", short_help="Let many tills sell at once.")
@click.option("--tills", type=click.IntRange(1, 500), default=4, show_default=True)
@click.option(
    "--rate",
    type=click.FloatRange(0.01, 1000),
    default=1.0,
    show_default=True,
    help="Sales a second of each till.",
)
@click.option("--minutes", type=click.FloatRange(0.001, 24 * 60), default=1.0, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Another one, another day.")
@click.option(
    "--lines",
    type=click.IntRange(1, 100),
    default=10,
    show_default=True,
    help="The most lines that a basket has.",
)
@click.option(
    "--input",
    "source",
    type=click.File("rb"),
    default=str(Path(posterm.__file__).with_name("demo") / "invoices.csv"),
    metavar="FILE.csv",
    help="Invoices to take the baskets from; by default those that are shipped with posterm.",
)
@click.option("--sign-on", is_flag=True, help="Cashiers sign on with a PIN, and lock their tills.")
@click.option("--currency", default="GBP", show_default=True, help="That of the shipped sample.")
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
        with click.progressbar(length=steps, label="selling", file=sys.stderr) as bar:

            def ready(count: int) -> None:
                if not as_json:
                    click.echo(f"{count} tills are open; Ctrl+C closes them")

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
        f"{plan.tills} tills sold {tally.sales} times, {tally.lines} lines, {amount} "
        f"in {outcome.seconds:.1f} s"
    )
    click.echo(
        f"voids {tally.voids}, discounts {tally.discounts}, returns {tally.returns}, "
        f"aborts {tally.aborts}, cards {tally.cards} ({tally.declined} declined), "
        f"splits {tally.splits}, suspended {tally.suspends}, recalled {tally.recalls}, "
        f"signed on {tally.sign_ons}, locked {tally.rests}"
    )
    click.echo(
        f"closing a sale took {percentile_ms(tally.commits, 50):.2f} ms (p50), "
        f"{percentile_ms(tally.commits, 99):.2f} ms (p99); the latest customer waited "
        f"{tally.behind_s:.2f} s"
    )
    for fault in outcome.faults:
        click.echo(f"ended early: {fault}", err=True)
    for name in outcome.lost:
        click.echo(f"lost: {name} said nothing before it ended", err=True)
    for name in outcome.wrong:
        click.echo(f"wrong: the log of {name} holds other sales than it says", err=True)
    if not outcome.wrong:
        click.echo("the logs hold the same sales")
    click.echo(next_command("verify" if outcome.wrong else "status", data_dir))
