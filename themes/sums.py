"""The sums of a period in the trade's words: one list for X, Z and the store's Z.

All that makes up a total is in it, so that no report leaves out what another one shows. It must
never say how an amount is written: that is the reader's to choose.
"""

from __future__ import annotations

from kernel import marked as N_

__all__ = ["SUMS"]

SUMS = (
    (N_("Sold"), "items_minor"),
    (N_("Returned"), "returns_minor"),
    (N_("Discounts"), "discounts_minor"),
    (N_("Promotions"), "adjustments_minor"),
    (N_("Tips and gift cards"), "non_revenue_minor"),
    (N_("Tax on top"), "tax_lines_minor"),
    (N_("Rounding"), "rounding_minor"),
    (N_("Change"), "change_minor"),
    (N_("Voided lines"), "voids_minor"),
    (N_("Aborted sales"), "aborted_minor"),
    (N_("Float"), "float_minor"),
    (N_("Paid in"), "pay_ins_minor"),
    (N_("Paid out"), "pay_outs_minor"),
    (N_("Picked up"), "pickups_minor"),
)
"""(label, the field of `Totals` in minor units), as they stand on paper."""
