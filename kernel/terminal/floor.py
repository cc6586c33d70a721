"""The manager's side of a shop: one class for all that a console shows and does.

`Floor.watch` only reads, and any number may. `Floor.start` is MANAGER as well: it acts, answers
what tills ask, collects the audit log and does what commands hand in. Each act stands in
MANAGER's log. This module must never hold a rule of its own: it says who does what.
"""

from __future__ import annotations

import os
from types import TracebackType
from typing import TYPE_CHECKING

from kernel.disk.files import RealDisk
from kernel.disk.layout import Layout
from kernel.disk.watch import ring
from kernel.errors import SaleRefused
from kernel.model.operators import MANAGER_TERMINAL
from kernel.terminal.host import Host
from kernel.terminal.shop import Shop
from kernel.terminal.shop_configuration import ShopConfiguration
from kernel.terminal.shop_status import ShopStatus, shop_status
from kernel.terminal.trail import AuditTrail
from kernel.words import gettext as _

if TYPE_CHECKING:
    from msgspec import Struct

    from kernel.codec.acts import AnyOrder
    from kernel.disk.verify import Progress
    from kernel.terminal.act_desk import ActDesk
    from kernel.terminal.acting import Acting, GoOn
    from kernel.terminal.export import Exported
    from kernel.terminal.terminal import Terminal
    from kernel.terminal.verification import Integrity

__all__ = ["Floor"]

_SYSTEM = "system"
_DETAIL_LIMIT = 400


class Floor:
    """A shop as its manager has it. Safe from many threads. Made by `start` or `watch`."""

    def __init__(
        self,
        layout: Layout,
        host: Host,
        manager: Terminal | None = None,
        desk: ActDesk | None = None,
        acting: Acting | None = None,
    ) -> None:
        self._layout = layout
        self._host = host
        self._manager = manager
        self._desk = desk
        self._shop = Shop(layout.root, host)
        self._acting = acting
        self.audit = AuditTrail(layout.root, host)
        """What all terminals did: `newest`, `poll`."""
        self.configuration = ShopConfiguration(layout.root, host)
        """The settings of the shop: look at them, draft a change."""

    @classmethod
    def start(
        cls,
        data_dir: str | os.PathLike[str],
        *,
        operator: str = _SYSTEM,
        host: Host | None = None,
    ) -> Floor:
        """Be MANAGER; `operator` acts while nobody is signed on there.

        Raises what `Terminal.start` raises: `TerminalInUse` while another process is MANAGER.
        """
        # Who only looks on paints without a terminal and without its acts.
        from kernel.coordination.acts import ActFiles
        from kernel.terminal.act_desk import ActDesk
        from kernel.terminal.acting import Acting
        from kernel.terminal.terminal import Terminal

        host = host or Host()
        layout = Layout.at(data_dir)
        bell = ring if isinstance(host.disk, RealDisk) else lambda path: None
        desk = ActDesk(ActFiles(host.disk, layout, clock=host.clock, ring=bell))
        manager = Terminal.start(MANAGER_TERMINAL, data_dir, host=host, handlers=desk.handlers)
        acting = Acting(manager, layout, host, operator)
        floor = cls(layout, host, manager, desk, acting)
        desk.serve(acting.do)
        return floor

    @classmethod
    def watch(cls, data_dir: str | os.PathLike[str], *, host: Host | None = None) -> Floor:
        """Look on; every act is refused."""
        return cls(Layout.at(data_dir), host or Host())

    def stop(self, *, linger: bool = False) -> None:
        """Let another be MANAGER. `linger`: when what commands handed in is done."""
        if self._desk is not None:
            self._desk.close(linger=linger)
        if self._manager is not None:
            self._manager.stop()

    def __enter__(self) -> Floor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def manager(self) -> Terminal:
        """MANAGER's terminal: sign on there, answer what `manager.approvals.requests` holds.

        Raises `SaleRefused` for who only watches.
        """
        if self._manager is None:
            raise _only_watches()
        return self._manager

    def status(self) -> ShopStatus:
        """Every terminal as it stands, and what waits between them."""
        return shop_status(self._layout.root, host=self._host)

    def act(self, order: AnyOrder, go_on: GoOn = lambda so_far: True) -> Struct:
        """Do what a command could hand in; what came of it, see `kernel.terminal.acting`."""
        return self._acts().do(order, go_on)

    def day_due(self) -> int:
        """The business date that is to be closed next, YYYYMMDD: the oldest that is not, or
        today. Raises `BadConfiguration`."""
        return self._acts().day_due()

    def verify(self, progress: Progress = lambda done, size: None) -> Integrity:
        """Check every log with all its sums, and the audit log against them; MANAGER notes it."""
        # Nobody waits for a check with the first screen.
        from kernel.terminal.verification import Integrity, verify_audit, verify_shared, verify_shop

        root, host = self._layout.root, self._host
        logs = verify_shop(root, host=host, ledger=True, progress=progress)
        audit = verify_audit(root, host=host)
        found = Integrity(logs, audit, verify_shared(root, logs, host=host))
        if self._acting is not None:
            damaged = [one.terminal for one in logs if not one.sound]
            damaged += [] if found.audit.sound else ["audit log"]
            damaged += [] if found.shared.sound else ["shared"]
            said = f"damaged: {', '.join(damaged)}"[:_DETAIL_LIMIT] if damaged else "sound"
            self._acting.note("store_verified", said)
        return found

    def export(self, directory: str | os.PathLike[str], business_date: int) -> Exported:
        """That date's sales as CSV files in a directory of your own; MANAGER notes it."""
        from kernel.terminal.export import export_sales  # nor for an export

        acts = self._acts()
        exported = export_sales(self._shop, self._host, os.fspath(directory), business_date)
        acts.note("exported", f"{business_date}: {exported.sales} sales")
        return exported

    def _acts(self) -> Acting:
        if self._acting is None:
            raise _only_watches()
        return self._acting

    def has_taken(self, message: str) -> bool:
        """Whether an act that was handed in under that id was begun."""
        return self.manager.journal.read(lambda ledger: message in ledger.mail.applied)


def _only_watches() -> SaleRefused:
    return SaleRefused(_("this console only watches; start one that is MANAGER to act"))
