"""The shop's configuration for the manager: look at it, draft a change, publish it, see it arrive.

For the command line and the console. Reading and drafting take no terminal; publishing needs a
started one, the manager's, because the message that tells the tills is logged before it is sent.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from kernel.codec.configuration import Configuration, Published, Values, decode_values
from kernel.coordination.registry import Registry, TerminalState
from kernel.coordination.till_configuration import TillConfiguration
from kernel.disk.layout import Layout
from kernel.errors import BadConfiguration
from kernel.model.identity import terminal_id
from kernel.terminal.configuring import announce, configuration_files
from kernel.terminal.host import Host
from kernel.terminal.postman import Sent
from kernel.terminal.shop import Shop
from kernel.words import gettext as _

if TYPE_CHECKING:
    from kernel.terminal.terminal import Terminal

__all__ = ["Arrival", "Publication", "ShopConfiguration"]

_LOOK_EVERY_S = 0.2


class Arrival(Struct, frozen=True):
    """What a till answered to a published version: `applied`, or `refused` with a reason."""

    terminal: str
    state: str
    reason: str | None


class Publication(Struct, frozen=True):
    """A version on its way to the tills that run. Who is off takes note when it starts."""

    published: Published
    sent: Sent
    running: tuple[str, ...]
    off: tuple[str, ...]


class ShopConfiguration:
    """The documents of the shop in `data_dir`, read anew by every call."""

    def __init__(self, data_dir: str | os.PathLike[str], host: Host | None = None) -> None:
        self._host = host or Host()
        self._layout = Layout.at(data_dir)
        self._shop = Shop(data_dir, self._host)
        self._files = configuration_files(self._host, self._layout)

    def in_force(self, terminal: str | None = None) -> Configuration:
        """What a till that starts now goes by; without `terminal`, one that sets nothing itself.

        Raises `BadInput` (the id), `BadConfiguration` (a document).
        """
        return self._loaded(terminal).now

    def waiting(self) -> tuple[Published, ...]:
        """Versions whose effective time has not come, newest first."""
        return self._loaded(None).waiting

    def draft(self) -> Values:
        """Changes that wait to be published; None sets a key back to its default."""
        return self._files.draft()

    def change_draft(self, key: str, text: str) -> Values:
        """Draft one change as a person types it; all that now wait. Raises `BadConfiguration`."""
        self._shop.make()
        return self._files.change_draft(key, text)

    def change_local(self, terminal: str, key: str, text: str) -> Values:
        """Set one key of one till, which goes by it from its next start on."""
        self._shop.make()
        self._layout.make_terminal(self._host.disk, terminal_id(terminal))
        return self._files.change_local(terminal, key, text)

    def discard_draft(self) -> None:
        """Drop all changes that wait."""
        self._shop.make()
        self._files.discard_draft()

    def publish(
        self, manager: Terminal, document: bytes | None = None, *, effective_ms: int | None = None
    ) -> Publication:
        """Publish the draft, or the values in `document` and no others, and tell every till.

        `manager` signs and sends. It comes into force at `effective_ms`, at once without one.
        Raises `BadInput` (nothing is drafted; the time), `BadConfiguration` (the values).
        """
        values = None if document is None else decode_values(document, _("the document"))
        published = self._files.publish(
            values, effective_ms=effective_ms, sign=manager.signatures.sign
        )
        sent = announce(manager.send, published)
        # Last: as long as the manager has taken no note of it, its next start tells all again.
        manager.refresh_configuration()
        running = self._running() - {manager.id}
        off = set(self._shop.terminals()) - running - {manager.id}
        return Publication(published, sent, tuple(sorted(running)), tuple(sorted(off)))

    def arrivals(
        self, manager: Terminal, publication: Publication, *, timeout_s: float
    ) -> Iterator[Arrival]:
        """Each answer as it comes, until all tills that still run have answered."""
        clock = self._host.clock
        deadline_s = clock.monotonic_s() + timeout_s
        missing = set(publication.running)
        while missing:
            left_s = deadline_s - clock.monotonic_s()
            acks = manager.wait_acks(
                publication.sent, max(0.0, min(_LOOK_EVERY_S, left_s)), missing
            )
            for ack in acks:
                if ack.final and ack.terminal in missing:
                    missing.discard(ack.terminal)
                    yield Arrival(ack.terminal, ack.result, ack.reason or None)
            if left_s <= 0 or not missing & self._running():
                return

    def _running(self) -> set[str]:
        registry = Registry(self._host.disk, self._layout, clock=self._host.clock)
        return {one.terminal for one in registry.status() if one.state is TerminalState.RUNNING}

    def _loaded(self, terminal: str | None) -> TillConfiguration:
        named = terminal_id(terminal) if terminal is not None else None
        loaded = TillConfiguration(self._files, named, self._host.clock)
        faults = loaded.load()
        if faults:
            raise BadConfiguration(faults[0])
        return loaded
