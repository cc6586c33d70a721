"""The rules of a sale as pure code: tax, discounts, returns, tenders, typed amounts, questions.

Pricing computes what is to be posted; the kernel stores it and never computes it anew. All of it
works on a sale's posted lines alone, so that a sale that comes back after a power cut, or is
recalled on another till, is priced as if nothing had happened. Amounts are minor units, quantities
thousandths, rates thousandths of a percent: ints, never floats.
"""

from __future__ import annotations

from posterm.pricing.amounts import parse_amount, parse_off
from posterm.pricing.discounts import Discount, discounts_again, line_discount, sale_discount
from posterm.pricing.limits import Ask, Question, ask_amount, ask_cash, ask_discount, ask_quantity
from posterm.pricing.off import Amount, Off, Percent
from posterm.pricing.returns import Refund, refunds
from posterm.pricing.sale_taxes import TAX_ROUNDING, SaleTaxes, TaxRounding, taxes_due
from posterm.pricing.standing import StandingLine, standing, voids_with
from posterm.pricing.taxes import TaxGroup, TaxLayer, TaxMode, TaxTable
from posterm.pricing.tenders import CashTender, cash_tender, other_tender

__all__ = [
    "TAX_ROUNDING",
    "Amount",
    "Ask",
    "CashTender",
    "Discount",
    "Off",
    "Percent",
    "Question",
    "Refund",
    "SaleTaxes",
    "StandingLine",
    "TaxGroup",
    "TaxLayer",
    "TaxMode",
    "TaxRounding",
    "TaxTable",
    "ask_amount",
    "ask_cash",
    "ask_discount",
    "ask_quantity",
    "cash_tender",
    "discounts_again",
    "line_discount",
    "other_tender",
    "parse_amount",
    "parse_off",
    "refunds",
    "sale_discount",
    "standing",
    "taxes_due",
    "voids_with",
]
