"""Where everything is: every path of a data directory, named once.

The tree is the design card's `pos_kernel_data/`. This module must never touch the disk except
to make the directories; it only says names and modes.
"""

from __future__ import annotations

import os

from msgspec import Struct

from kernel.disk.files import Disk
from kernel.errors import BadInput
from kernel.words import gettext as _

__all__ = [
    "DEFAULT_DATA_DIRECTORY",
    "Layout",
    "TerminalPaths",
    "segment_first_lsn",
    "segment_name",
    "system_config_number",
]

DEFAULT_DATA_DIRECTORY = "pos_kernel_data"
_TERMINAL_MODE = 0o2750
_SHARED_MODE = 0o2770
_PARENT_MODE = 0o3770
"""Sticky: a till renames its own directory or file there and nobody else's, so not the manager's
audit log."""
_OPEN_SEGMENT = "transaction.wal"
_LSN_DIGITS = 12


def segment_name(first_lsn: int) -> str:
    """The name of a sealed segment; zero-padded, so that names sort as their LSNs do."""
    return f"{_OPEN_SEGMENT}.{first_lsn:0{_LSN_DIGITS}d}"


def segment_first_lsn(name: str) -> int | None:
    """The first LSN that a sealed segment's name states; None for any other file."""
    prefix, dot, digits = name.rpartition(".")
    if prefix != _OPEN_SEGMENT or len(digits) < _LSN_DIGITS or not digits.isascii():
        return None
    return int(digits) if dot and digits.isdigit() else None


def system_config_number(name: str) -> int | None:
    """The version that a history file's name states; None for any other file."""
    parts = name.split(".")
    if len(parts) != 3 or (parts[0], parts[2]) != ("system_config", "json"):
        return None
    digits = parts[1]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None


class TerminalPaths(Struct, frozen=True):
    """The files of one terminal, all in `directory`."""

    directory: str

    def _at(self, name: str) -> str:
        return f"{self.directory}/{name}"

    @property
    def wal(self) -> str:
        """The open segment."""
        return self._at(_OPEN_SEGMENT)

    @property
    def next_wal(self) -> str:
        """The next segment while it is being made: never a log until it is renamed."""
        return self._at(".transaction.wal.next")

    def segment(self, first_lsn: int) -> str:
        return self._at(segment_name(first_lsn))

    @property
    def durable(self) -> str:
        return self._at("durable")

    @property
    def checkpoint(self) -> str:
        return self._at("checkpoint")

    @property
    def next_checkpoint(self) -> str:
        return self._at(".checkpoint.next")

    @property
    def lock(self) -> str:
        return self._at("terminal.lock")

    @property
    def local_config(self) -> str:
        return self._at("local_config.json")

    @property
    def session_data(self) -> str:
        return self._at("session_data.json")

    @property
    def signing_key(self) -> str:
        """The private half of the key with which MANAGER signs; only its terminal has one."""
        return self._at("signing_key")

    @property
    def doorbell(self) -> str:
        """A FIFO: a byte in it wakes the terminal, and means nothing else."""
        return self._at("doorbell")

    @property
    def spool(self) -> str:
        """Receipts that wait for the terminal's printer."""
        return self._at("spool")

    @property
    def drawer_spool(self) -> str:
        """Openings that wait for the terminal's cash drawer."""
        return self._at("drawer")

    def answer(self, message: str) -> str:
        """What MANAGER's console says of an act that a command handed in."""
        return self._at(f"act_{message}.json")

    def next_answer(self, message: str) -> str:
        return self._at(f".act_{message}.next")

    def next_order(self, message: str) -> str:
        """Such an act while it is written: where only the manager's user can make a file."""
        return self._at(f".order_{message}.next")


class Layout(Struct, frozen=True):
    """The files of one shop under `root`, an absolute path. Raises `BadInput` for what is none."""

    root: str

    def __post_init__(self) -> None:
        if "\0" in self.root:
            raise BadInput(_("the data directory's name has a NUL in it; name another one"))

    @classmethod
    def at(cls, data_dir: str | os.PathLike[str]) -> Layout:
        """Of that directory, which need not be there yet. An empty name is refused: it would be
        whichever directory the process happens to stand in."""
        name = os.fspath(data_dir)
        if not name:
            raise BadInput(
                _("the data directory's name is empty; name one such as pos_kernel_data")
            )
        return cls(os.path.abspath(name))

    def _at(self, *names: str) -> str:
        return "/".join((self.root, *names))

    @property
    def terminals(self) -> str:
        return self._at("terminals")

    def terminal(self, terminal_id: str) -> TerminalPaths:
        """`terminal_id` must have passed `kernel.model.identity.terminal_id`."""
        return TerminalPaths(self._at("terminals", terminal_id))

    @property
    def coordination(self) -> str:
        return self._at("shared", "coordination")

    @property
    def active_terminals(self) -> str:
        return self._at("shared", "coordination", "active_terminals.json")

    @property
    def system_config(self) -> str:
        return self._at("shared", "coordination", "system_config.json")

    def system_config_version(self, version: int) -> str:
        """That version of `system_config`, kept for ever: sales name the one they began with."""
        return self._at("shared", "coordination", f"system_config.{version}.json")

    @property
    def system_config_draft(self) -> str:
        """Changes that wait to be published."""
        return self._at("shared", "coordination", "system_config.draft.json")

    @property
    def shutdown_flag(self) -> str:
        return self._at("shared", "coordination", "shutdown_signal.flag")

    @property
    def operators(self) -> str:
        return self._at("shared", "coordination", "operators.json")

    @property
    def manager_key(self) -> str:
        """The public half of the key with which MANAGER signs."""
        return self._at("shared", "coordination", "manager_key.json")

    @property
    def shared(self) -> str:
        return self._at("shared")

    @property
    def audit(self) -> str:
        """The audit log of the newest business date; older ones carry their date."""
        return self._at("shared", "aggregated_audit.log")

    def audit_of(self, business_date: int) -> str:
        return self._at("shared", f"aggregated_audit.log.{business_date:08d}")

    @property
    def suspended(self) -> str:
        return self._at("shared", "suspended")

    @property
    def returns(self) -> str:
        """What was given back on receipts of other days and tills."""
        return self._at("shared", "returns")

    @property
    def broadcast(self) -> str:
        """Messages for everybody."""
        return self._at("shared", "cross_terminal_messages", "broadcast")

    @property
    def terminal_inbox(self) -> str:
        """Messages for one terminal each; the file name says which."""
        return self._at("shared", "cross_terminal_messages", "terminal_inbox")

    @property
    def temp(self) -> str:
        return self._at("temp")

    def next_message(self, terminal_id: str) -> str:
        """A terminal's message while it is written; on the file system of the messages."""
        return self._at("temp", f"{terminal_id}.message.next")

    @property
    def cleanup(self) -> str:
        """Bytes set aside: torn tails, garbage that was not ours to delete."""
        return self._at("temp", "cleanup")

    @property
    def operation_locks(self) -> str:
        return self._at("temp", "coordination_locks")

    def operation_lock(self, name: str) -> str:
        return self._at("temp", "coordination_locks", f"{name}.lock")

    def make(self, disk: Disk) -> None:
        """Make the directories that are missing. Raises `OSError`."""
        disk.make_directory(self.root, _PARENT_MODE)
        for path, mode in (
            (self.terminals, _PARENT_MODE),
            (self.shared, _PARENT_MODE),
            (self.coordination, _SHARED_MODE),
            (self._at("shared", "cross_terminal_messages"), _SHARED_MODE),
            (self.broadcast, _SHARED_MODE),
            (self.terminal_inbox, _SHARED_MODE),
            (self.suspended, _SHARED_MODE),
            (self.returns, _SHARED_MODE),
            (self.temp, _SHARED_MODE),
            (self.operation_locks, _SHARED_MODE),
            (self.cleanup, _SHARED_MODE),
        ):
            disk.make_directory(path, mode)
        # Always, not only when one was made: whoever made it may have died before its sync.
        # `temp` too: a torn tail that is set aside must not vanish with its directory.
        disk.sync_directory(self.temp)
        disk.sync_directory(self.shared)
        disk.sync_directory(self.root)
        disk.sync_directory(os.path.dirname(self.root))

    def make_terminal(self, disk: Disk, terminal_id: str) -> TerminalPaths:
        """Make one terminal's directory, its name durable, so that no log can vanish with it."""
        paths = self.terminal(terminal_id)
        disk.make_directory(paths.directory, _TERMINAL_MODE)
        disk.sync_directory(self.terminals)
        return paths
