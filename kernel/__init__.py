"""posterm's kernel: a terminal that cannot lose a sale. This is its front door.

Every name that an app may import is here; what lies behind is the kernel's own.
"""

from __future__ import annotations

from kernel.clock import Clock, SystemClock
from kernel.errors import (
    BadConfiguration,
    BadInput,
    Contention,
    Damage,
    DiskFull,
    KernelError,
    LogDamaged,
    Poisoned,
    SaleRefused,
    Stopped,
    TerminalInUse,
)
from kernel.model.cards import refuse_card_number
from kernel.model.entries import (
    CardResult,
    Line,
    LineKind,
    TaxAmount,
    TenderKind,
)
from kernel.model.identity import item_code, short_text
from kernel.model.money import extend, format_minor, parse_major, parse_quantity
from kernel.model.receipt import receipt_rows
from kernel.model.reports import Report
from kernel.model.totals import Totals
from kernel.model.transaction import State, TenderTaken, Transaction
from kernel.terminal.floor import (
    ShopStatus,
    TerminalFacts,
    file_system,
    shop_status,
    trial_lock,
)
from kernel.terminal.host import Host
from kernel.terminal.sale import Sale
from kernel.terminal.shop import CommittedSale, LoggedEntry, LoggedSale, Shop
from kernel.terminal.startup import RecoveryReport
from kernel.terminal.terminal import Terminal
from kernel.terminal.verification import Finding, Verdict, verify_shop

__all__ = [
    "BadConfiguration",
    "BadInput",
    "CardResult",
    "Clock",
    "CommittedSale",
    "Contention",
    "Damage",
    "DiskFull",
    "Finding",
    "Host",
    "KernelError",
    "Line",
    "LineKind",
    "LogDamaged",
    "LoggedEntry",
    "LoggedSale",
    "Poisoned",
    "RecoveryReport",
    "Report",
    "Sale",
    "SaleRefused",
    "Shop",
    "ShopStatus",
    "State",
    "Stopped",
    "SystemClock",
    "TaxAmount",
    "TenderKind",
    "TenderTaken",
    "Terminal",
    "TerminalFacts",
    "TerminalInUse",
    "Totals",
    "Transaction",
    "Verdict",
    "extend",
    "file_system",
    "format_minor",
    "item_code",
    "parse_major",
    "parse_quantity",
    "receipt_rows",
    "refuse_card_number",
    "shop_status",
    "short_text",
    "trial_lock",
    "verify_shop",
]
