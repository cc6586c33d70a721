"""`posterm bench`: durable entries and sales a second on this disk, against two yardsticks."""

from __future__ import annotations

import sys

import click

from posterm.commands.common import next_command, print_json, shared_options
from posterm.words import gettext as _
from posterm.words import marked as N_

__all__ = ["command"]

_THREADS_LIMIT = 256


def _counts(ctx: click.Context, parameter: click.Parameter, value: str) -> tuple[int, ...]:
    """`1,4,16`: how many threads sell at once, one measurement each."""
    texts = value.split(",")
    counts = tuple(int(text) for text in texts if text.isascii() and text.isdigit())
    if len(counts) != len(texts) or not all(1 <= count <= _THREADS_LIMIT for count in counts):
        raise click.BadParameter(
            _("{!r} is no list such as 1,4,16, each of them 1 to {}").format(value, _THREADS_LIMIT)
        )
    return tuple(dict.fromkeys(counts))


@click.command("bench", short_help=N_("Measure durable sales a second on this disk."))
@click.option("--rounds", type=click.IntRange(1, 1000), default=15, show_default=True)
@click.option(
    "--seconds-per-round",
    "seconds",
    type=click.FloatRange(0.01, 60),
    default=0.4,
    show_default=True,
    help=N_("What each contestant gets in each round."),
)
@click.option(
    "--threads",
    default="1,4,16",
    show_default=True,
    callback=_counts,
    help=N_("Threads on one till."),
)
@click.option(
    "--terminals",
    type=click.IntRange(0, 64),
    default=2,
    show_default=True,
    help=N_("Terminals that sell at once, each a process; 0 for none."),
)
@click.option("--quick", is_flag=True, help=N_("Three short rounds: a look, not a measurement."))
@click.option("--curves", is_flag=True, help=N_("Also the n-th line and the n-th sale of a day."))
@shared_options
def command(
    *,
    rounds: int,
    seconds: float,
    threads: tuple[int, ...],
    terminals: int,
    quick: bool,
    curves: bool,
    data_dir: str,
    as_json: bool,
) -> None:
    """Measure durable entries and sales a second on the file system of the data directory.

    Against a bare write+fdatasync loop with the same bytes, and the better of two SQLite
    set-ups, in alternating rounds. The shop's own files are not touched.
    """
    from posterm.benchmark import report
    from posterm.benchmark.curves import SALE_MARKS
    from posterm.benchmark.run import Plan, contestants_of, measure_curves, run

    plan = Plan(3, 0.1, threads, terminals) if quick else Plan(rounds, seconds, threads, terminals)
    steps = plan.rounds * contestants_of(plan)
    with click.progressbar(length=steps, label=_("measuring"), file=sys.stderr) as bar:
        result = run(data_dir, plan, lambda: bar.update(1))
    measured = None
    if curves:
        with click.progressbar(
            length=SALE_MARKS[-1], label=_("a long day"), file=sys.stderr
        ) as bar:
            measured = measure_curves(data_dir, lambda: bar.update(1))
    if as_json:
        print_json(report.as_json(result, measured))
        return
    for row in report.rows(result):
        click.echo(row)
    for row in report.curve_rows(measured) if measured is not None else ():
        click.echo(row)
    click.echo(next_command("doctor", data_dir))
