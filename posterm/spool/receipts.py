"""A sale's receipt as this shop prints it: its header and footer, its paper, its figures.

The rows themselves are the kernel's, the same wherever a receipt is shown. This module must never
compute a figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from kernel import Configuration, Marks, SaleRefused, State, Transaction, receipt_rows
from kernel import gettext as _
from themes.language import formats_of

__all__ = ["receipt", "receipt_text"]


def receipt(
    sale: Transaction,
    terminal: str,
    configuration: Configuration,
    *,
    copy: bool,
    resumed: bool,
    columns: int | None = None,
    plain: bool = False,
) -> list[str]:
    """Its rows at the width of the till's printer, else of `columns`, with the figures of the
    till's language, else `plain` ones.

    Raises `SaleRefused` for a sale that has no receipt, because it was never closed.
    """
    settings = configuration.settings
    if sale.state is not State.COMMITTED or sale.closed_ms is None:
        raise SaleRefused(_("that sale is {}, so it has no receipt").format(sale.state.value))
    return receipt_rows(
        sale,
        terminal=terminal,
        at=datetime.fromtimestamp(sale.closed_ms / 1000, UTC).astimezone(),
        columns=settings.receipt_columns if columns is None else columns,
        marks=Marks(
            copy=copy,
            resumed=resumed,
            header=settings.receipt_header,
            footer=settings.receipt_footer,
        ),
        figures=formats_of("" if plain else settings.language or ""),
    )


def receipt_text(rows: Sequence[str]) -> str:
    """As a printer takes it: rows that end with a line feed, none of them with blanks."""
    return "".join(f"{row.rstrip()}\n" for row in rows)
