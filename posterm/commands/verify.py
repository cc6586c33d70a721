"""`posterm verify`: are all acknowledged entries there, and as they were written?

It changes nothing and may run beside the tills. Exit 0 if all is sound, 74 on damage.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from posterm.commands.common import next_command, print_json, shared_options
from posterm.commands.counted import counted

if TYPE_CHECKING:
    from kernel import AuditVerdict, Verdict

__all__ = ["command"]

_DAMAGED = 74


@click.command()
@click.argument("terminal", metavar="[ID]", required=False)
@click.option(
    "--ledger",
    is_flag=True,
    help="Replay every entry too: sums, receipt numbers, Z totals, checkpoint.",
)
@shared_options
def command(terminal: str | None, ledger: bool, data_dir: str, as_json: bool) -> None:
    """Check every checksum, number and chain of one terminal's log, or of all."""
    from kernel import verify_audit, verify_shop

    verdicts = verify_shop(data_dir, terminal, ledger=ledger, progress=_show_progress)
    audit = verify_audit(data_dir) if terminal is None else None
    sound = all(verdict.sound for verdict in verdicts) and (audit is None or audit.sound)
    if as_json:
        terminals = [asdict(verdict) | {"sound": verdict.sound} for verdict in verdicts]
        told = None if audit is None else asdict(audit) | {"sound": audit.sound}
        print_json({"sound": sound, "ledger": ledger, "terminals": terminals, "audit": told})
    else:
        for verdict in verdicts:
            _say(verdict)
        if audit is not None and (audit.files or audit.damages):
            _say_audit(audit)
        damaged_logs = not all(verdict.sound for verdict in verdicts)
        if audit is not None and not audit.sound and not damaged_logs:
            click.echo(next_command("audit --rebuild", data_dir) + "   (the logs are sound)")
        else:
            click.echo(_next_step(verdicts, sound, ledger, data_dir))
    if not sound:
        raise SystemExit(_DAMAGED)


def _say(verdict: Verdict) -> None:
    state = "sound" if verdict.sound else "DAMAGED"
    click.echo(
        f"{verdict.terminal}: {state}, {counted(verdict.entries, 'entry', 'entries')} "
        f"in {counted(verdict.segments, 'segment')}, "
        f"{verdict.size_bytes} bytes, up to LSN {verdict.last_lsn}, "
        f"chain {verdict.last_chain or 'none'}"
    )
    for damage in verdict.damages:
        click.echo(
            f"  damage: {damage.path}: offset {damage.offset}, LSN {damage.lsn}: {damage.meaning}"
        )
    for note in verdict.notes:
        click.echo(f"  note: {note}")


def _say_audit(audit: AuditVerdict) -> None:
    state = "sound" if audit.sound else "DAMAGED"
    lines, files = counted(audit.lines, "line"), counted(audit.files, "file")
    click.echo(f"audit log: {state}, {lines} in {files}")
    for damage in audit.damages:
        click.echo(
            f"  damage: {damage.path}: offset {damage.offset}, LSN {damage.lsn}: {damage.meaning}"
        )
    for note in audit.notes:
        click.echo(f"  note: {note}")


def _next_step(verdicts: tuple[Verdict, ...], sound: bool, ledger: bool, data_dir: str) -> str:
    if not sound:
        damaged = ", ".join(verdict.terminal for verdict in verdicts if not verdict.sound)
        return (
            f"next: keep the directory of {damaged} as it is (nothing was changed), copy it, and "
            "restore from a copy that is sound up to the last LSN on paper or in the audit log"
        )
    if not verdicts:
        return next_command("ring REGISTER_01 --input FILE.csv", data_dir)
    if not ledger:
        return next_command("verify --ledger", data_dir) + "   (replays every sum too)"
    return "all is sound: keep LSN and chain; a later log must still hold them"


def _show_progress(done: int, size: int) -> None:
    """A percentage where a person watches."""
    if sys.stderr.isatty() and size:
        end = "\r\x1b[K" if done >= size else ""
        click.echo(f"\rverified {done * 100 // size} %{end}", nl=False, err=True)
