"""The names that the audit log has for what happens, by the kind of the entry that tells it.

Values only, apart from the shapes that are made from them: who only reads a line back needs the
names and none of the shapes. This module must never import one: it is loaded before a console's
first screen.
"""

from __future__ import annotations

__all__ = ["EVENTS"]

EVENTS: dict[str, tuple[str, int | None]] = {
    "segment": ("log_segment_opened", None),
    "seal": ("log_segment_sealed", None),
    "start": ("terminal_started", 13001),
    "recovery": ("terminal_recovered", None),
    "stop": ("terminal_stopped", 13002),
    "clock": ("clock_stepped", None),
    "period": ("period_opened", None),
    "period:training": ("training_begun", 13023),
    "training_end": ("training_ended", 13024),
    "z": ("z_report", 13009),
    "begin": ("sale_begun", None),
    "line": ("item_sold", None),
    "line:return": ("item_returned", None),
    "line:void": ("line_voided", None),
    "line:discount": ("discount_given", None),
    "line:tax": ("tax_added", None),
    "line:rounding": ("cash_rounded", None),
    "line:deposit": ("deposit_charged", None),
    "line:adjustment": ("promotion_applied", None),
    "line:non_revenue": ("non_revenue_posted", None),
    "tender": ("cash_taken", None),
    "tender:card": ("card_taken", None),
    "tender:voucher": ("voucher_taken", None),
    "tender_void": ("tender_voided", None),
    "card_request": ("card_requested", None),
    "card_outcome": ("card_answered", None),
    "card_outcome:settled": ("card_settled", None),
    "card_outcome:declined": ("card_declined", None),
    "card_outcome:unknown": ("card_unknown", None),
    "closed": ("sale_closed", 13012),
    "closed:return": ("sale_closed", 13013),
    "closed:training": ("sale_closed", 13017),
    "abort": ("sale_voided", 13028),
    "suspend": ("sale_suspended", 13010),
    "recall": ("sale_recalled", 13011),
    "cash:pay_in": ("cash_paid_in", None),
    "cash:pay_out": ("cash_paid_out", 13019),
    "cash:pickup": ("cash_picked_up", 13019),
    "cash:no_sale": ("drawer_opened", 13005),
    "count": ("drawer_counted", None),
    "operator:sign_on": ("operator_signed_on", 13003),
    "operator:sign_off": ("operator_signed_off", 13004),
    "operator:lock": ("terminal_locked", None),
    "operator:unlock": ("terminal_unlocked", None),
    "operator:hand_over": ("till_handed_over", None),
    "copy": ("receipt_copied", 13014),
    "intent": ("device_asked", None),
    "outcome": ("device_answered", None),
    "sent": ("message_sent", None),
    "applied": ("message_applied", None),
    "config": ("configuration_applied", None),
    "approval": ("approval_given", None),
    "event": ("noted", None),
}
"""Kind of entry, or `kind:variety`, to the event's name and its code where one fits. Codes are
those of the list PredefinedBasicID-13 of the Norwegian SAF-T Cash Register standard; docs/audit.md
names its source."""
