"""Every setting of a shop and of a till: its key, type, bounds, default and what it decides.

`LocalSettings` may differ from till to till, `Settings` adds what is one for the whole shop. A
document sets some of them and leaves the others to whoever comes before it, so each has a
default. Amounts are minor units of the shop's currency, texts are the shop's own words. This
module must never read a document or know where one is: `configuration` does.
"""

# Annotations stand here as values, not as words (no `annotations` from `__future__`): msgspec
# would compile each of those again, and a till waits for that at its start.

from typing import Annotated, Literal

from msgspec import Meta, Struct

from kernel.codec.tax_codes import TAX_CODES_LIMIT, TaxCode, check_tax_codes
from kernel.errors import SaleRefused
from kernel.model.identity import STORE_LIMIT, short_text
from kernel.model.money import LIMIT, ROUNDING_STEP_LIMIT_MINOR, exponent
from kernel.model.operators import Role
from kernel.words import gettext as _
from kernel.words import marked as N_

__all__ = ["LocalSettings", "Settings"]

_RECEIPT_COLUMNS = 48
_RECEIPT_LINES = 8
_PREFIXES = 20
_REASONS = 12
_END = r"$(?!\n)"
"""Python lets `$` stand before a last newline; this is the end for it and for a JSON schema."""

Name = Annotated[str, Meta(min_length=1, max_length=STORE_LIMIT)]
Word = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}" + _END)]
Language = Annotated[str, Meta(pattern="^([a-z]{2,3}(_[A-Z]{2})?|pseudo)" + _END)]
Amount = Annotated[int, Meta(ge=1, le=LIMIT)]
ReceiptLine = Annotated[str, Meta(max_length=_RECEIPT_COLUMNS)]
ScalePrefix = Annotated[str, Meta(pattern="^(02|04|2[0-9])" + _END)]
VoucherPrefix = Annotated[str, Meta(pattern="^[0-9]{1,12}" + _END)]


class LocalSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `local_config.json` may set for one till, and `system_config.json` for all."""

    store: Annotated[Name | None, Meta(description=N_("store that new sales belong to"))] = None
    drawer: Annotated[
        Name | None, Meta(description=N_("cash drawer of the till; else the terminal's own id"))
    ] = None
    durability: Annotated[
        Literal["entry", "commit"],
        Meta(
            description=N_(
                "`entry` syncs every line; `commit` only writes lines of an open sale, "
                "which a power cut may then take; read when the till starts"
            )
        ),
    ] = "entry"
    keymap: Annotated[Word, Meta(description=N_("keymap of the register"))] = "pc"
    theme: Annotated[Word, Meta(description=N_("theme of the screens"))] = "default"
    language: Annotated[
        Language | None,
        Meta(description=N_("language and figures of the screens, such as de_DE; else the user's")),
    ] = None
    lock_after_s: Annotated[
        int, Meta(ge=0, le=86_400, description=N_("idle seconds until the till locks; 0 is never"))
    ] = 300
    training_allowed: Annotated[
        bool, Meta(description=N_("a training period may be opened on the till"))
    ] = True
    cash_ceiling_minor: Annotated[
        Amount | None, Meta(description=N_("a cash tender above it asks first; null never asks"))
    ] = None
    drawer_limit_minor: Annotated[
        Amount | None,
        Meta(description=N_("cash in the drawer that asks for a pickup; null never asks")),
    ] = None
    receipt_header: Annotated[
        tuple[ReceiptLine, ...],
        Meta(max_length=_RECEIPT_LINES, description=N_("lines above each receipt")),
    ] = ()
    receipt_footer: Annotated[
        tuple[ReceiptLine, ...],
        Meta(max_length=_RECEIPT_LINES, description=N_("lines below each receipt")),
    ] = ()

    receipt_columns: Annotated[
        int,
        Meta(ge=32, le=48, description=N_("columns of the receipt printer; 42 or 32 are usual")),
    ] = 42
    receipt_spool_limit: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000,
            description=N_("receipts that may wait for the printer; 0 for a till without one"),
        ),
    ] = 200
    drawer_kick: Annotated[
        bool, Meta(description=N_("the till opens its cash drawer by itself where cash moves"))
    ] = False

    def __post_init__(self) -> None:
        """Raises `ValueError`, which becomes the decoder's own error."""
        for key in ("store", "drawer"):
            name = getattr(self, key)
            if name is not None:
                _printable(name, key, STORE_LIMIT)
        for line in filter(None, (*self.receipt_header, *self.receipt_footer)):
            _printable(line, "receipt line", _RECEIPT_COLUMNS)


class Settings(LocalSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `system_config.json` may set: all of `LocalSettings`, and what is one for the shop."""

    currency: Annotated[
        str, Meta(pattern="^[A-Z]{3}" + _END, description=N_("ISO 4217 code of new sales"))
    ] = "EUR"
    cash_rounding_minor: Annotated[
        int,
        Meta(
            ge=1,
            le=ROUNDING_STEP_LIMIT_MINOR,
            description=N_("smallest cash amount; 5 rounds to 0.05"),
        ),
    ] = 1
    tax_mode: Annotated[
        Literal["inclusive", "exclusive"],
        Meta(description=N_("whether list prices hold their tax or it comes on top")),
    ] = "inclusive"
    tax_rounding: Annotated[
        Literal["receipt", "line"],
        Meta(description=N_("tax is rounded once a rate and receipt, or on every line")),
    ] = "receipt"
    tax_codes: Annotated[
        tuple[TaxCode, ...],
        Meta(
            min_length=1,
            max_length=TAX_CODES_LIMIT,
            description=N_(
                "what each tax code of the catalogue means: CODE=NAME PERCENT, and more "
                "after commas where several are due; a name that ends in + is due on those "
                "before it, as in Q=GST 5, QST+ 9.975"
            ),
        ),
    ] = ("S=VAT 19", "R=VAT 7", "Z=VAT 0")
    card_fields: Annotated[
        tuple[Literal["last_four", "authorisation", "token"], ...],
        Meta(max_length=3, description=N_("what the register asks for when a card has paid")),
    ] = ()
    weight_prefixes: Annotated[
        tuple[ScalePrefix, ...],
        Meta(max_length=_PREFIXES, description=N_("first digits of GTIN-13 that embed a weight")),
    ] = ()
    price_prefixes: Annotated[
        tuple[ScalePrefix, ...],
        Meta(max_length=_PREFIXES, description=N_("first digits of GTIN-13 that embed a price")),
    ] = ()
    voucher_prefixes: Annotated[
        tuple[VoucherPrefix, ...],
        Meta(max_length=_PREFIXES, description=N_("first digits of the numbers that are vouchers")),
    ] = ()
    suspend_expiry_h: Annotated[
        int, Meta(ge=1, le=168, description=N_("hours until a suspended sale expires"))
    ] = 24
    approval_timeout_s: Annotated[
        int, Meta(ge=5, le=600, description=N_("seconds that a till waits for a remote approval"))
    ] = 60
    discount_limit_milli_percent: Annotated[
        int,
        Meta(ge=0, le=100_000, description=N_("discount up to which no approval is asked")),
    ] = 0

    discount_reasons: Annotated[
        tuple[ReceiptLine, ...],
        Meta(max_length=_REASONS, description=N_("reasons of a discount, one of which is chosen")),
    ] = ()

    role_void_line: Annotated[Role, Meta(description=N_("who may void a line"))] = Role.CASHIER
    role_void_sale: Annotated[Role, Meta(description=N_("who may void a sale"))] = Role.SUPERVISOR
    role_discount: Annotated[Role, Meta(description=N_("who may give a discount"))] = (
        Role.SUPERVISOR
    )
    role_price_override: Annotated[Role, Meta(description=N_("who may change a price"))] = (
        Role.SUPERVISOR
    )
    role_item_not_on_file: Annotated[
        Role, Meta(description=N_("who may sell an item that is not on file"))
    ] = Role.CASHIER
    role_return: Annotated[Role, Meta(description=N_("who may return against a receipt"))] = (
        Role.CASHIER
    )
    role_return_without_receipt: Annotated[
        Role, Meta(description=N_("who may return without a receipt"))
    ] = Role.SUPERVISOR
    role_void_tender: Annotated[Role, Meta(description=N_("who may void a tender"))] = (
        Role.SUPERVISOR
    )
    role_no_sale: Annotated[Role, Meta(description=N_("who may open the drawer"))] = Role.SUPERVISOR
    role_pay_in: Annotated[Role, Meta(description=N_("who may pay cash in"))] = Role.CASHIER
    role_pay_out: Annotated[Role, Meta(description=N_("who may pay cash out"))] = Role.SUPERVISOR
    role_pickup: Annotated[Role, Meta(description=N_("who may pick cash up"))] = Role.SUPERVISOR
    role_reprint: Annotated[Role, Meta(description=N_("who may print a copy"))] = Role.CASHIER
    role_x_report: Annotated[Role, Meta(description=N_("who may see an X report"))] = (
        Role.SUPERVISOR
    )
    role_z_report: Annotated[Role, Meta(description=N_("who may close a period"))] = Role.SUPERVISOR
    role_take_over: Annotated[
        Role, Meta(description=N_("who may unlock another operator's till"))
    ] = Role.SUPERVISOR

    alert_voids_percent: Annotated[
        int, Meta(ge=0, le=100, description=N_("voided lines of a till's lines today; 0 is never"))
    ] = 10
    alert_overrides: Annotated[
        int, Meta(ge=0, le=10_000, description=N_("price overrides of a till a day; 0 is never"))
    ] = 10
    alert_no_sales: Annotated[
        int, Meta(ge=0, le=10_000, description=N_("openings of a drawer a day; 0 is never"))
    ] = 10
    alert_silent_s: Annotated[
        int, Meta(ge=0, le=86_400, description=N_("seconds without a sign of a till; 0 is never"))
    ] = 60

    def __post_init__(self) -> None:
        LocalSettings.__post_init__(self)
        try:
            exponent(self.currency)
        except SaleRefused as fault:
            raise ValueError(str(fault)) from fault
        check_tax_codes(self.tax_codes)
        for reason in self.discount_reasons:
            _printable(reason, "discount reason", _RECEIPT_COLUMNS)
        prefixes = (*self.weight_prefixes, *self.price_prefixes)
        twice = sorted({prefix for prefix in prefixes if prefixes.count(prefix) > 1})
        if twice:
            raise ValueError(_("prefix {} is given twice: a code has one meaning").format(twice[0]))


def _printable(text: str, name: str, limit: int) -> None:
    try:
        short_text(text, name, limit)
    except SaleRefused as fault:
        raise ValueError(str(fault)) from fault
