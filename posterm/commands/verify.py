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
from posterm.words import gettext as _
from posterm.words import marked as N_

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kernel import AuditVerdict, Finding, SharedVerdict, Verdict

__all__ = ["command"]

_DAMAGED = 74


@click.command()
@click.argument("terminal", metavar="[ID]", required=False)
@click.option(
    "--ledger",
    is_flag=True,
    help=N_("Replay every entry too: sums, receipt numbers, Z totals, checkpoint."),
)
@shared_options
def command(terminal: str | None, ledger: bool, data_dir: str, as_json: bool) -> None:
    """Check every checksum, number and chain of one terminal's log, or of all."""
    from kernel import SharedVerdict, verify_audit, verify_shared, verify_shop

    verdicts = verify_shop(data_dir, terminal, ledger=ledger, progress=_show_progress)
    audit = verify_audit(data_dir) if terminal is None else None
    shared = verify_shared(data_dir, verdicts) if terminal is None else None
    beside = [one for one in (audit, shared) if one is not None]
    sound = all(one.sound for one in (*verdicts, *beside))
    if as_json:
        terminals = [asdict(verdict) | {"sound": verdict.sound} for verdict in verdicts]
        told = None if audit is None else asdict(audit) | {"sound": audit.sound}
        between = None if shared is None else asdict(shared) | {"sound": shared.sound}
        print_json(
            {"sound": sound, "ledger": ledger, "terminals": terminals}
            | {"audit": told, "shared": between}
        )
    else:
        for verdict in verdicts:
            _say(verdict)
        if audit is not None and (audit.files or audit.damages):
            _say_audit(audit)
        if shared is not None and shared != SharedVerdict():
            _say_shared(shared)
        damaged_logs = not all(verdict.sound for verdict in verdicts)
        if shared is not None and not shared.sound and not damaged_logs:
            click.echo(
                _(
                    "next: copy {}/shared; the logs are sound and have every sale: take "
                    "away the files named here, and ring a sale that is in no place anew"
                ).format(data_dir)
            )
        elif audit is not None and not audit.sound and not damaged_logs:
            click.echo(next_command("audit --rebuild", data_dir) + _("   (the logs are sound)"))
        else:
            click.echo(_next_step(verdicts, sound, ledger, data_dir))
    if not sound:
        raise SystemExit(_DAMAGED)


def _say(verdict: Verdict) -> None:
    state = _("sound") if verdict.sound else _("DAMAGED")
    click.echo(
        _("{}: {}, {} in {}, {} bytes, up to LSN {}, chain {}").format(
            verdict.terminal,
            state,
            counted(verdict.entries, "{} entry", "{} entries"),
            counted(verdict.segments, "{} segment", "{} segments"),
            verdict.size_bytes,
            verdict.last_lsn,
            verdict.last_chain or _("none"),
        )
    )
    _say_findings(verdict.damages, verdict.notes)


def _say_audit(audit: AuditVerdict) -> None:
    state = _("sound") if audit.sound else _("DAMAGED")
    lines = counted(audit.lines, "{} line", "{} lines")
    files = counted(audit.files, "{} file", "{} files")
    click.echo(_("audit log: {}, {} in {}").format(state, lines, files))
    _say_findings(audit.damages, audit.notes)


def _say_shared(shared: SharedVerdict) -> None:
    state = _("sound") if shared.sound else _("DAMAGED")
    sales = counted(shared.suspended, "{} suspended sale", "{} suspended sales")
    returns = counted(shared.booked, "{} booked return", "{} booked returns")
    click.echo(_("between tills: {}, {}, {}").format(state, sales, returns))
    _say_findings(shared.damages, shared.notes)


def _say_findings(damages: Iterable[Finding], notes: Iterable[str]) -> None:
    """A damaged file that holds no entries has no LSN."""
    for damage in damages:
        entry = _(": offset {}, LSN {}").format(damage.offset, damage.lsn) if damage.lsn else ""
        click.echo(_("  damage: {}{}: {}").format(damage.path, entry, damage.meaning))
    for note in notes:
        click.echo(_("  note: {}").format(note))


def _next_step(verdicts: tuple[Verdict, ...], sound: bool, ledger: bool, data_dir: str) -> str:
    if not sound:
        damaged = ", ".join(verdict.terminal for verdict in verdicts if not verdict.sound)
        return _(
            "next: keep the directory of {} as it is (nothing was changed), copy "
            "it, and restore from a copy that is sound up to the last LSN on paper "
            "or in the audit log"
        ).format(damaged)
    if not verdicts:
        return next_command("ring REGISTER_01 --input FILE.csv", data_dir)
    if not ledger:
        return next_command("verify --ledger", data_dir) + _("   (replays every sum too)")
    return _("all is sound: keep LSN and chain; a later log must still hold them")


def _show_progress(done: int, size: int) -> None:
    """A percentage where a person watches."""
    if sys.stderr.isatty() and size:
        end = "\r\x1b[K" if done >= size else ""
        percent = _("verified {} %").format(done * 100 // size)
        click.echo(f"\r{percent}{end}", nl=False, err=True)
