"""The manager's signature: ed25519 on approvals, configuration and shutdown.

MANAGER's terminal makes the key at its first use. The private half lies in that terminal's
directory with mode 0600, the public half in `manager_key.json`, which everybody reads and, like
`operators.json`, trusts by its owner: who can write as the manager's user is the manager.

Tills do not pin the key at first sight. A pin would protect against one thing more, a public half
exchanged by the manager's own user, who also writes what is signed; and after a manager's machine
was replaced it would refuse every document until somebody had been at each till. Instead a till
reads the key at each check and logs whose signature an approval carried (`Approval.key`), so that
a new key shows in the audit. Where all tills share one user nothing here is authenticated: any of
them can read the private half. `posterm doctor` says so.

The bytes that are signed are whatever the document's codec says; this module must never decide
that, and never show any byte of the private half.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING

from kernel.clock import Clock
from kernel.codec.operators import KEY_LIMIT_BYTES, decode_key, encode_key
from kernel.coordination.unwritable import AS_MANAGER, unwritable
from kernel.disk.files import FILE_MODE, Disk
from kernel.disk.layout import Layout
from kernel.disk.lock import OperationLock
from kernel.disk.owned import PRIVATE_MODE, read_owned, replace_owned
from kernel.errors import BadConfiguration, SaleRefused
from kernel.model.operators import MANAGER_TERMINAL
from kernel.words import gettext as _

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["SIGNED", "Signatures", "fingerprint"]

SIGNED = frozenset(
    {"approval_answer", "close_day", "config", "recall_release", "shutdown", "shutdown_cancel"}
)
"""The types of messages that only MANAGER sends, and always signed."""

_KEY_BYTES = 32
_SIGNATURE_LIMIT = 128
_FINGERPRINT_DIGITS = 16
_OPERATION = "manager_key"


class Signatures:
    """Signing, on MANAGER's terminal, and checking, on all. Files are read when they are needed.

    On another `terminal` than MANAGER's it only checks.
    """

    def __init__(
        self,
        disk: Disk,
        layout: Layout,
        terminal: str = MANAGER_TERMINAL,
        *,
        clock: Clock,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._disk = disk
        self._layout = layout
        self._terminal = terminal
        self._clock = clock
        self._random_bytes = random_bytes
        self.verified_by: str | None = None
        """The fingerprint of the key that made the signature which was found right last."""

    def sign(self, data: bytes) -> str:
        """MANAGER's signature in base64; the key is made if there is none yet.

        Raises `SaleRefused` on any other terminal, `BadConfiguration` for any user but the
        manager's, `DiskFull`.
        """
        from base64 import b64encode

        if self._terminal != MANAGER_TERMINAL:
            raise SaleRefused(
                _("only {} signs; do it at the manager's console").format(MANAGER_TERMINAL)
            )
        return b64encode(self._private().sign(data)).decode()

    def verify(self, data: bytes, signature: str) -> bool:
        """Whether MANAGER signed these bytes. False too where the shop has no key, or one that
        can't be trusted: `public_key` says which."""
        try:
            key = self.public_key()
        except BadConfiguration:
            return False
        if key is None or not _signed_by(key, data, signature):
            return False
        self.verified_by = fingerprint(key)
        return True

    def public_key(self) -> bytes | None:
        """The 32 bytes of the public half, as it is now; None where there is none.

        Raises `BadConfiguration` where it can't be read or is not the manager's.
        """
        path = self._layout.manager_key
        data = read_owned(self._disk, self._layout, path, KEY_LIMIT_BYTES)
        return None if data is None else decode_key(data, "public", path)

    def _private(self) -> Ed25519PrivateKey:
        """The private half, with its public half in place beside it."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        path = self._layout.terminal(MANAGER_TERMINAL).signing_key
        with OperationLock(self._disk, self._layout.operation_lock(_OPERATION), clock=self._clock):
            data = read_owned(self._disk, self._layout, path, KEY_LIMIT_BYTES)
            if data is None:
                self._make_terminal()
                data = encode_key("private", self._random_bytes(_KEY_BYTES))
                self._write(path, data, PRIVATE_MODE)
            key = Ed25519PrivateKey.from_private_bytes(decode_key(data, "private", path))
            public = key.public_key().public_bytes_raw()
            # Also after a crash between the two, and where the private half was restored.
            if self.public_key() != public:
                self._write(self._layout.manager_key, encode_key("public", public), FILE_MODE)
        return key

    def _make_terminal(self) -> None:
        try:
            self._layout.make_terminal(self._disk, MANAGER_TERMINAL)
        except OSError as fault:
            directory = self._layout.terminal(MANAGER_TERMINAL).directory
            raise unwritable(directory, fault, AS_MANAGER) from fault

    def _write(self, path: str, data: bytes, mode: int) -> None:
        own = self._layout.terminal(MANAGER_TERMINAL).directory
        scratch = os.path.join(own, f".{os.path.basename(path)}.next")
        try:
            replace_owned(self._disk, self._layout, path, data, scratch=scratch, mode=mode)
        except OSError as fault:
            raise unwritable(path, fault, AS_MANAGER) from fault


def fingerprint(public_key: bytes) -> str:
    """What an entry calls a key."""
    return sha256(public_key).hexdigest()[:_FINGERPRINT_DIGITS]


def _signed_by(key: bytes, data: bytes, signature: str) -> bool:
    from base64 import b64decode

    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if len(signature) > _SIGNATURE_LIMIT:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(b64decode(signature, validate=True), data)
    except (InvalidSignature, ValueError):
        # ValueError: no base64, or 32 bytes that are no point of the curve.
        return False
    return True
