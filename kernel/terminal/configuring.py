"""How a till comes by its configuration, and says in its log that it did.

The message that tells of a version carries the whole document, so that a running till needs no
file; a starting one reads what was published meanwhile. A till takes note of a version once: the
entry with number and checksum is durable before the publisher hears of it. What can't be used is
said in the log and changes nothing. This module must never choose a version: the effective times
in the documents do.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from kernel.codec.configuration import Published, Verify, decode_published
from kernel.codec.messages import Message
from kernel.coordination.configuration import ConfigurationFiles
from kernel.coordination.signatures import Signatures
from kernel.coordination.till_configuration import TillConfiguration
from kernel.disk.layout import Layout
from kernel.errors import DiskFull
from kernel.model.entries import Act, SaleBegun
from kernel.model.ledger import Ledger
from kernel.model.mail import EVERYBODY
from kernel.model.till_entries import ConfigurationApplied, Event
from kernel.terminal.delivery import Decided, Handler
from kernel.terminal.host import Host
from kernel.terminal.journal import Journal
from kernel.terminal.postman import Sent
from kernel.words import gettext as _

__all__ = [
    "CONFIG",
    "announce",
    "bound",
    "configuration_files",
    "configuration_handler",
    "log_configuration",
    "till_configuration",
]

CONFIG = "config"
"""The type of the message that brings a published version; its body is the document."""
_LIFETIME_S = 3_600.0
"""Who is off for longer reads the file when it starts."""
_DETAIL_LIMIT = 400


class Send(Protocol):
    """`Terminal.send`."""

    def __call__(self, to: str, kind: str, body: Struct, lifetime_s: float) -> Sent: ...


def configuration_files(host: Host, layout: Layout) -> ConfigurationFiles:
    """The shop's documents, believed with the manager's signature where the manager has a key."""
    signatures = Signatures(host.disk, layout, clock=host.clock)
    return ConfigurationFiles(host.disk, layout, clock=host.clock, verify=_believed(signatures))


def till_configuration(host: Host, layout: Layout, terminal: str) -> TillConfiguration:
    """Raises `BadConfiguration` where the till's own document can't be used."""
    return TillConfiguration(configuration_files(host, layout), terminal, host.clock)


def announce(send: Send, published: Published) -> Sent:
    """Tell all other terminals of that version; what they answer comes as acknowledgements."""
    return send(EVERYBODY, CONFIG, published.file, _LIFETIME_S)


def bound(act: SaleBegun, configuration: TillConfiguration) -> SaleBegun:
    """`act` with the version in force now."""
    version = configuration.version_now
    return replace(act, configuration=version) if version else act


def configuration_handler(configuration: TillConfiguration) -> Handler:
    """Takes note of the version that a message brings, then goes by it.

    The message is believed because its own signature was checked before it came here.
    """

    def handle(message: Message, ledger: Ledger) -> Decided:
        published = decode_published(
            bytes(message.body), _("the document of {}").format(message.id)
        )
        acts = _news(ledger, published) if published.version >= ledger.configuration else ()
        return Decided(acts=acts, follow_up=lambda: configuration.adopt(published))

    return handle


def log_configuration(
    journal: Journal, configuration: TillConfiguration, faults: tuple[str, ...]
) -> Published | None:
    """Log what was wrong, and the newest version where the log does not name it yet: that one.

    On a full disk it is not logged, and goes into force all the same.
    """
    events = tuple(
        Event(what="configuration_refused", detail=fault[:_DETAIL_LIMIT]) for fault in faults
    )
    newest = configuration.newest
    news: tuple[Act, ...] = ()

    def decide(ledger: Ledger) -> tuple[Act, ...]:
        nonlocal news
        news = _news(ledger, newest) if newest is not None else ()
        return (*events, *news)

    if events or newest is not None:
        with suppress(DiskFull):
            journal.record(decide)
    return newest if news else None


def _news(ledger: Ledger, published: Published) -> tuple[Act, ...]:
    """The entry that takes note of a version, once."""
    if (ledger.configuration, ledger.configuration_sha256) == (published.version, published.sha256):
        return ()
    return (ConfigurationApplied(version=published.version, sha256=published.sha256),)


def _believed(signatures: Signatures) -> Verify:
    def verify(data: bytes, signature: str | None) -> bool:
        if signatures.public_key() is None:
            return True  # nothing of this shop is signed yet
        return signature is not None and signatures.verify(data, signature)

    return verify
