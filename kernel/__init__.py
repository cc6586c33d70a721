"""posterm's kernel: a terminal that cannot lose a sale. This is its front door.

Every name that an app may import is here; what lies behind is the kernel's own. A name is loaded
when it is first asked for: a register has to paint in less than half a second, and starts without
most of them. A new name stands in three places: the imports, `__all__` and `_WHERE`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    from kernel.codec.audit import AuditLine, decode_line
    from kernel.codec.audit_acts import ToldAct, told_act
    from kernel.codec.configuration import Configuration
    from kernel.codec.configuration import Value as SettingValue
    from kernel.codec.messages import Message
    from kernel.codec.setting_facts import SettingFacts, setting_facts, settings_schema
    from kernel.codec.shutdown import ShutdownOrder
    from kernel.coordination.approvals import ApprovalOutcome, Awaited, OpenRequest
    from kernel.coordination.operators import Operators
    from kernel.disk.spool import Spool, Spooled
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
    from kernel.model.approvals import Approvable, standing_minor
    from kernel.model.cards import refuse_card_in, refuse_card_number
    from kernel.model.entries import CardResult, Line, LineKind, TaxAmount, TenderKind
    from kernel.model.identity import item_code, short_text
    from kernel.model.mail import Ack
    from kernel.model.money import extend, format_minor, parse_major, parse_quantity
    from kernel.model.operators import MANAGER_TERMINAL, Operator, Role
    from kernel.model.receipt import Marks, receipt_rows, text_columns
    from kernel.model.reports import Report
    from kernel.model.staff import SignedOn
    from kernel.model.store_report import StoreReport, TillZ, Unclosed, sum_of_totals
    from kernel.model.ticket import shown_ticket
    from kernel.model.totals import Totals
    from kernel.model.transaction import State, TenderTaken, Transaction
    from kernel.terminal.act_results import Delivered, PublishedTo, Released, Settled, ShutdownState
    from kernel.terminal.audit_view import AuditView, PlacedLine
    from kernel.terminal.export import Exported, write_report
    from kernel.terminal.floor import Floor
    from kernel.terminal.following import AuditTail
    from kernel.terminal.host import Host
    from kernel.terminal.kicking import KICK_LIFE_S, Kick, kick_is_late
    from kernel.terminal.manager import as_manager, hashed_pin
    from kernel.terminal.notices import Notice
    from kernel.terminal.noting import note
    from kernel.terminal.parking import SuspendedSale
    from kernel.terminal.postman import Decided, Handler, Sent
    from kernel.terminal.printing import PrintJob
    from kernel.terminal.retold import Retelling, RetoldTerminal, SaleStep, sale_steps
    from kernel.terminal.returned_parts import ReturnedPart
    from kernel.terminal.sale import DiscountPart, Sale
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
    from kernel.terminal.status_memory import StatusMemory
    from kernel.terminal.terminal import Terminal
    from kernel.terminal.tidying import Cleaned
    from kernel.terminal.trail import AuditFilter, AuditState, AuditTrail
    from kernel.terminal.verification import (
        AuditVerdict,
        Finding,
        Integrity,
        SharedVerdict,
        Verdict,
        verify_audit,
        verify_shared,
        verify_shop,
    )
    from kernel.words import gettext, marked, ngettext, speak

__all__ = [
    "KICK_LIFE_S",
    "MANAGER_TERMINAL",
    "Marks",
    "PrintJob",
    "Spool",
    "Spooled",
    "text_columns",
    "Ack",
    "AnyOrder",
    "Approvable",
    "ApprovalOutcome",
    "Arrival",
    "AuditFilter",
    "AuditLine",
    "AuditState",
    "AuditTail",
    "AuditTrail",
    "AuditVerdict",
    "AuditView",
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
    "DiscountPart",
    "DiskFull",
    "Exported",
    "Finding",
    "Floor",
    "Handler",
    "Host",
    "Integrity",
    "KernelError",
    "Kick",
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
    "PlacedLine",
    "Poisoned",
    "Publication",
    "Publish",
    "PublishedTo",
    "RecoveryReport",
    "Release",
    "Released",
    "Report",
    "Retelling",
    "ReturnedPart",
    "RetoldTerminal",
    "Role",
    "Sale",
    "SaleRefused",
    "SaleStep",
    "SendNotice",
    "Sent",
    "SettingFacts",
    "SettingValue",
    "Settle",
    "Settled",
    "Shop",
    "SharedVerdict",
    "ShopConfiguration",
    "ShopStatus",
    "ShutDown",
    "Shutdown",
    "ShutdownOrder",
    "ShutdownState",
    "SignedOn",
    "State",
    "StatusMemory",
    "Stopped",
    "StoreReport",
    "SuspendedSale",
    "SystemClock",
    "TaxAmount",
    "TenderKind",
    "TenderTaken",
    "Terminal",
    "TerminalFacts",
    "TerminalInUse",
    "TillZ",
    "ToldAct",
    "Totals",
    "Transaction",
    "Unclosed",
    "Verdict",
    "as_manager",
    "decode_line",
    "extend",
    "file_system",
    "format_minor",
    "gettext",
    "hashed_pin",
    "item_code",
    "kick_is_late",
    "marked",
    "ngettext",
    "note",
    "parse_major",
    "parse_quantity",
    "receipt_rows",
    "refuse_card_in",
    "refuse_card_number",
    "sale_steps",
    "setting_facts",
    "settings_schema",
    "shop_status",
    "short_text",
    "shown_ticket",
    "sum_of_totals",
    "speak",
    "standing_minor",
    "told_act",
    "trial_lock",
    "verify_audit",
    "verify_shared",
    "verify_shop",
    "write_report",
]

_WHERE = {
    name: module
    for module, names in {
        "kernel.clock": "Clock SystemClock",
        "kernel.codec.acts": (
            "AnyOrder CancelShutdown ChangeOperator CleanUp CloseDay Publish Release "
            "SendNotice Settle ShutDown"
        ),
        "kernel.codec.audit": "AuditLine decode_line",
        "kernel.codec.audit_acts": "ToldAct told_act",
        "kernel.codec.configuration": "Configuration",
        "kernel.codec.messages": "Message",
        "kernel.codec.setting_facts": "SettingFacts setting_facts settings_schema",
        "kernel.codec.shutdown": "ShutdownOrder",
        "kernel.coordination.approvals": "ApprovalOutcome Awaited OpenRequest",
        "kernel.coordination.operators": "Operators",
        "kernel.errors": (
            "BadConfiguration BadInput Contention Damage DiskFull KernelError LogDamaged "
            "Poisoned SaleRefused Stopped TerminalInUse"
        ),
        "kernel.model.approvals": "Approvable standing_minor",
        "kernel.model.cards": "refuse_card_in refuse_card_number",
        "kernel.model.entries": "CardResult Line LineKind TaxAmount TenderKind",
        "kernel.model.identity": "item_code short_text",
        "kernel.model.mail": "Ack",
        "kernel.model.money": "extend format_minor parse_major parse_quantity",
        "kernel.model.operators": "MANAGER_TERMINAL Operator Role",
        "kernel.disk.spool": "Spool Spooled",
        "kernel.model.receipt": "Marks receipt_rows text_columns",
        "kernel.terminal.printing": "PrintJob",
        "kernel.model.reports": "Report",
        "kernel.model.staff": "SignedOn",
        "kernel.model.store_report": "StoreReport TillZ Unclosed sum_of_totals",
        "kernel.model.ticket": "shown_ticket",
        "kernel.model.totals": "Totals",
        "kernel.model.transaction": "State TenderTaken Transaction",
        "kernel.terminal.act_results": "Delivered PublishedTo Released Settled ShutdownState",
        "kernel.terminal.audit_view": "AuditView PlacedLine",
        "kernel.terminal.export": "Exported write_report",
        "kernel.terminal.floor": "Floor",
        "kernel.terminal.following": "AuditTail",
        "kernel.terminal.host": "Host",
        "kernel.terminal.kicking": "KICK_LIFE_S Kick kick_is_late",
        "kernel.terminal.manager": "as_manager hashed_pin",
        "kernel.terminal.notices": "Notice",
        "kernel.terminal.noting": "note",
        "kernel.terminal.parking": "SuspendedSale",
        "kernel.terminal.postman": "Decided Handler Sent",
        "kernel.terminal.returned_parts": "ReturnedPart",
        "kernel.terminal.sale": "DiscountPart Sale",
        "kernel.terminal.retold": "Retelling RetoldTerminal SaleStep sale_steps",
        "kernel.terminal.shop": "CommittedSale LoggedEntry LoggedSale Shop",
        "kernel.terminal.shop_configuration": "Arrival Publication ShopConfiguration",
        "kernel.terminal.shop_status": (
            "ShopStatus TerminalFacts file_system shop_status trial_lock"
        ),
        "kernel.terminal.shutdown": "Leaving Shutdown",
        "kernel.terminal.startup": "RecoveryReport",
        "kernel.terminal.terminal": "Terminal",
        "kernel.terminal.status_memory": "StatusMemory",
        "kernel.terminal.tidying": "Cleaned",
        "kernel.terminal.trail": "AuditFilter AuditState AuditTrail",
        "kernel.terminal.verification": (
            "AuditVerdict Finding Integrity SharedVerdict Verdict "
            "verify_audit verify_shared verify_shop"
        ),
        "kernel.words": "gettext marked ngettext speak",
    }.items()
    for name in names.split()
}
"""Name -> the module that has it."""

if not TYPE_CHECKING:  # a type checker sees the imports above and no name beside them

    def __getattr__(name: str) -> object:
        """Load that name; from then on it is an ordinary one of this module."""
        if name == "SettingValue":
            value = import_module("kernel.codec.configuration").Value
        elif name in _WHERE:
            value = getattr(import_module(_WHERE[name]), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value
