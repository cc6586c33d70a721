"""What a manager wants to be told without looking: thresholds, and who passed them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from kernel import gettext as _

if TYPE_CHECKING:
    from kernel import Configuration, Integrity, ShopStatus

__all__ = ["Alert", "Thresholds", "found_alerts", "passed", "status_alerts"]

_FEWEST_ITEMS = 20
"""One void among three items is no rate."""


class Alert(Struct, frozen=True):
    """`what` is `voids`, `overrides`, `no_sales`, `silent`, `crashed` or `damaged`; `words` say
    how much."""

    terminal: str
    what: str
    at_ms: int
    words: str


class Thresholds(Struct, frozen=True):
    """As the shop's configuration has them; 0 is never."""

    voids_percent: int = 0
    overrides: int = 0
    no_sales: int = 0

    @classmethod
    def of(cls, configuration: Configuration) -> Thresholds:
        settings = configuration.settings
        return cls(settings.alert_voids_percent, settings.alert_overrides, settings.alert_no_sales)


def passed(
    thresholds: Thresholds, terminal: str, at_ms: int, counted: tuple[int, int, int, int]
) -> Iterator[Alert]:
    """What has more than it may; `counted` are voids, items, overrides, openings of a drawer."""
    voids, items, overrides, no_sales = counted
    percent = thresholds.voids_percent
    if percent and items >= _FEWEST_ITEMS and voids * 100 > items * percent:
        words = _("{} of {} lines voided").format(voids, items)
        yield Alert(terminal, "voids", at_ms, words)
    if 0 < thresholds.overrides < overrides:
        yield Alert(terminal, "overrides", at_ms, _("{} price overrides").format(overrides))
    if 0 < thresholds.no_sales < no_sales:
        yield Alert(terminal, "no_sales", at_ms, _("drawer opened {} times").format(no_sales))


def status_alerts(status: ShopStatus, at_ms: int) -> Iterator[Alert]:
    """Terminals that ought to run and give no sign."""
    for facts in status.terminals:
        if facts.activity == "silent":
            words = _("silent for {} s").format(round(facts.silent_s or 0))
            yield Alert(facts.terminal, "silent", at_ms, words)
        elif facts.state == "crashed":
            yield Alert(facts.terminal, "crashed", at_ms, _("crashed"))
        if facts.state != "running" and facts.parked is None:
            words = _("its log can't be read; check it: 6, v")
            yield Alert(facts.terminal, "damaged", at_ms, words)


def found_alerts(found: Integrity, at_ms: int) -> Iterator[Alert]:
    """Logs whose chain a check found broken."""
    for one in found.logs:
        if not one.sound:
            words = _("log DAMAGED, chain broken at LSN {}").format(one.damages[0].lsn)
            yield Alert(one.terminal, "damaged", at_ms, words)
    if not found.audit.sound:
        yield Alert(_("audit log"), "damaged", at_ms, _("DAMAGED; posterm audit --rebuild"))
    if not found.shared.sound:
        yield Alert(_("between tills"), "damaged", at_ms, _("DAMAGED; posterm verify"))
