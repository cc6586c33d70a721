"""posterm's kernel: a terminal that cannot lose a sale. This is its front door.

Every name that an app may import is here; what lies behind is the kernel's own.
"""

from __future__ import annotations

from kernel.clock import Clock, SystemClock
from kernel.codec.acts import (
    AnyOrder,
    CancelShutdown,
    ChangeOperator,
    CleanUp,
    CloseDay,
    Publish,
    Release,
    SendNotice,
    Settle,
    ShutDown,
)
from kernel.codec.audit import AuditLine
from kernel.codec.configuration import Configuration
from kernel.codec.configuration import Value as SettingValue
from kernel.codec.messages import Message
from kernel.codec.setting_facts import SettingFacts, setting_facts, settings_schema
from kernel.codec.shutdown import ShutdownOrder
from kernel.coordination.approvals import ApprovalOutcome, Awaited, OpenRequest
from kernel.coordination.operators import Operators
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
from kernel.model.approvals import Approvable
from kernel.model.cards import refuse_card_number
from kernel.model.entries import (
    CardResult,
    Line,
    LineKind,
    TaxAmount,
    TenderKind,
)
from kernel.model.identity import item_code, short_text
from kernel.model.mail import Ack
from kernel.model.money import extend, format_minor, parse_major, parse_quantity
from kernel.model.operators import MANAGER_TERMINAL, Operator, Role
from kernel.model.receipt import receipt_rows
from kernel.model.reports import Report
from kernel.model.staff import SignedOn
from kernel.model.store_report import StoreReport, TillZ, Unclosed
from kernel.model.totals import Totals
from kernel.model.transaction import State, TenderTaken, Transaction
from kernel.terminal.act_results import (
    Delivered,
    PublishedTo,
    Released,
    Settled,
    ShutdownState,
)
from kernel.terminal.export import Exported
from kernel.terminal.floor import Floor, Integrity
from kernel.terminal.host import Host
from kernel.terminal.manager import as_manager, hashed_pin
from kernel.terminal.notices import Notice
from kernel.terminal.noting import note
from kernel.terminal.parking import SuspendedSale
from kernel.terminal.postman import Decided, Handler, Sent
from kernel.terminal.sale import Sale
from kernel.terminal.shop import CommittedSale, LoggedEntry, LoggedSale, Shop
from kernel.terminal.shop_configuration import Arrival, Publication, ShopConfiguration
from kernel.terminal.shop_status import (
    ShopStatus,
    TerminalFacts,
    file_system,
    shop_status,
    trial_lock,
)
from kernel.terminal.shutdown import Leaving, Shutdown
from kernel.terminal.startup import RecoveryReport
from kernel.terminal.terminal import Terminal
from kernel.terminal.tidying import Cleaned
from kernel.terminal.trail import AuditFilter, AuditState, AuditTrail
from kernel.terminal.verification import AuditVerdict, Finding, Verdict, verify_audit, verify_shop

__all__ = [
    "MANAGER_TERMINAL",
    "Ack",
    "AnyOrder",
    "Approvable",
    "ApprovalOutcome",
    "Arrival",
    "AuditFilter",
    "AuditLine",
    "AuditState",
    "AuditTrail",
    "AuditVerdict",
    "Awaited",
    "BadConfiguration",
    "BadInput",
    "CancelShutdown",
    "CardResult",
    "ChangeOperator",
    "CleanUp",
    "Cleaned",
    "Clock",
    "CloseDay",
    "CommittedSale",
    "Configuration",
    "Contention",
    "Damage",
    "Decided",
    "Delivered",
    "DiskFull",
    "Exported",
    "Finding",
    "Floor",
    "Handler",
    "Host",
    "Integrity",
    "KernelError",
    "Leaving",
    "Line",
    "LineKind",
    "LogDamaged",
    "LoggedEntry",
    "LoggedSale",
    "Message",
    "Notice",
    "OpenRequest",
    "Operator",
    "Operators",
    "Poisoned",
    "Publication",
    "Publish",
    "PublishedTo",
    "RecoveryReport",
    "Release",
    "Released",
    "Report",
    "Role",
    "Sale",
    "SaleRefused",
    "SendNotice",
    "Sent",
    "SettingFacts",
    "SettingValue",
    "Settle",
    "Settled",
    "Shop",
    "ShopConfiguration",
    "ShopStatus",
    "ShutDown",
    "Shutdown",
    "ShutdownOrder",
    "ShutdownState",
    "SignedOn",
    "State",
    "StoreReport",
    "Stopped",
    "SuspendedSale",
    "SystemClock",
    "TaxAmount",
    "TenderKind",
    "TenderTaken",
    "Terminal",
    "TerminalFacts",
    "TerminalInUse",
    "TillZ",
    "Totals",
    "Transaction",
    "Unclosed",
    "Verdict",
    "as_manager",
    "extend",
    "file_system",
    "format_minor",
    "hashed_pin",
    "item_code",
    "note",
    "parse_major",
    "parse_quantity",
    "receipt_rows",
    "refuse_card_number",
    "setting_facts",
    "settings_schema",
    "shop_status",
    "short_text",
    "trial_lock",
    "verify_audit",
    "verify_shop",
]
