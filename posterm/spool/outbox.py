"""What this till owes its printer and its drawer, handed over: after each sale, and after a crash
the receipts as copies.

Selling never waits for a printer: what can't be handed over is said in words, stands in the log,
and can be asked for again as a copy. A till whose printer may hold 0 receipts has none.
"""

from __future__ import annotations

from kernel import KICK_LIFE_S, LogDamaged, PrintJob, SaleRefused, State, Terminal
from kernel import gettext as _

__all__ = ["open_due", "print_due", "start_drawer", "start_printing"]


def start_printing(till: Terminal) -> str:
    """Begin to owe receipts, where the till has a printer; words where that is not possible."""
    if till.configuration.settings.receipt_spool_limit == 0:
        return ""
    try:
        till.printer.start()
    except OSError as fault:
        return _("receipts can't be printed: {}").format(fault.strerror)
    return ""


def print_due(till: Terminal) -> str:
    """Hand over all that is owed; words for the cashier, empty where nothing went wrong."""
    words = ""
    for job in till.printer.due():
        try:
            _hand_over(till, job)
        except SaleRefused as refused:
            words = _("RECEIPT NOT PRINTED: {}").format(refused)
        except LogDamaged as fault:
            till.printer.drop(job)  # else it would be tried for ever, and no register would start
            words = _("RECEIPT NOT PRINTED: {}").format(fault)
        except OSError as fault:
            words = _("RECEIPT NOT PRINTED: {}").format(fault.strerror)
    return words


def start_drawer(till: Terminal) -> str:
    """Begin to owe openings, where the till opens its drawer; words for what a crash left open."""
    if not till.configuration.settings.drawer_kick:
        return ""
    try:
        unknown = till.kicks.start()
    except (SaleRefused, OSError) as fault:
        return _("the drawer can't be opened: {}").format(_said(fault))
    if not unknown:
        return ""
    sale = unknown[-1].sale
    words = _("the till ended before it knew that its drawer opened; /28 opens it")
    if sale is not None:
        words = _("the till ended before it knew that its drawer opened for {}; /28 opens it")
    return words.format(sale)


def open_due(till: Terminal) -> str:
    """Open the drawer where that is owed; words for the cashier, empty where nothing went wrong."""
    words = ""
    try:
        if till.kicks.overdue and till.kicks.expire():
            words = _("THE DRAWER DID NOT OPEN: nobody served it for {} s; /28 opens it").format(
                KICK_LIFE_S
            )
    except (SaleRefused, OSError) as fault:
        words = _("the drawer can't be opened: {}").format(_said(fault))
    for kick in till.kicks.due():
        try:
            till.kicks.put(kick)
        except (SaleRefused, OSError) as fault:
            words = _("THE DRAWER DID NOT OPEN: {}").format(_said(fault))
    return words


def _hand_over(till: Terminal, job: PrintJob) -> None:
    from posterm.spool.receipts import receipt, receipt_text  # not needed before the first sale

    sale = till.transaction(job.sale)
    if sale.state is not State.COMMITTED or sale.receipt_number is None:
        till.printer.drop(job)
    elif job.copy and till.printer.in_spool(job):
        till.printer.settle(job)
    else:
        resumed = till.printer.resumed(job.sale) if job.copy else _resumed(till, job)
        rows = receipt(sale, till.id, till.configuration, copy=job.copy, resumed=resumed)
        limit = till.configuration.settings.receipt_spool_limit
        till.printer.put(job, receipt_text(rows), limit=limit, receipt=sale.receipt_number)


def _resumed(till: Terminal, job: PrintJob) -> bool:
    """Of a sale that this process closed: whether an earlier one had begun it."""
    return job.transaction in till.recovery.open_sales


def _said(fault: SaleRefused | OSError) -> str:
    strerror = fault.strerror if isinstance(fault, OSError) else None
    return strerror or str(fault)
