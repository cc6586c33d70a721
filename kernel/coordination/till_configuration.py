"""What one till goes by: the shop's version in force, those that wait, and its own settings.

The version in force is a question of time, asked anew whenever it matters; a sale binds the
answer when it begins. A document that can't be used changes nothing here. This module must never
write: a till reads what was published, and its log says that it did.
"""

from __future__ import annotations

from kernel.clock import Clock
from kernel.codec.configuration import Configuration, Published, Values, resolve
from kernel.coordination.configuration import WAITING_LIMIT, ConfigurationFiles
from kernel.errors import BadConfiguration
from kernel.words import gettext as _

__all__ = ["TillConfiguration"]

_RESOLVED_KEPT = 64


class TillConfiguration:
    """The settings of one till.

    Its own are read once, when it is made; the shop's whenever `load` is called. Safe from many
    threads: what has been loaded is replaced as one value.
    """

    def __init__(self, files: ConfigurationFiles, terminal: str | None, clock: Clock) -> None:
        """`terminal` None is a till that sets nothing itself. Raises `BadConfiguration` where its
        own document can't be used."""
        self._files = files
        self._clock = clock
        self._local: Values = files.local(terminal) if terminal is not None else {}
        self._versions: tuple[Published, ...] = ()
        self._resolved: dict[int, Configuration] = {}

    def load(self, applied: int = 0, sha256: str = "") -> tuple[str, ...]:
        """Read what is published; what was wrong with it. Never raises.

        `applied` is the version that the till's log names last, with its SHA-256: where the last
        version can't be used, a till that starts goes on with that one.
        """
        faults: list[str] = []
        known = self.newest
        applied = known.version if known is not None else applied
        newest = self._latest(sha256, faults)
        if newest is None and applied and not faults:
            faults.append(_("system_config.json is gone; publish the configuration again"))
        if newest is not None and newest.version < applied:
            # Put back by hand, or out of an old copy: a signature alone does not make it new.
            faults.append(
                _(
                    "system_config.json holds version {}, which is older than version {}; "
                    "publish the configuration again"
                ).format(newest.version, applied)
            )
        if newest is None or newest.version < applied:
            newest = known or self._version(applied, faults) or newest
        if newest is not None:
            self._versions = self._with_those_before(newest, faults)
        return tuple(faults)

    def adopt(self, published: Published) -> None:
        """Go by that version from its time on; one that is older than what is known is not."""
        newest = self.newest
        if newest is None or newest.version <= published.version:
            self._versions = self._with_those_before(published, [])

    @property
    def newest(self) -> Published | None:
        """The last version that was read, in force or not."""
        return self._versions[0] if self._versions else None

    @property
    def waiting(self) -> tuple[Published, ...]:
        """Versions whose effective time has not come, newest first."""
        now_ms = self._clock.wall_ms()
        return tuple(one for one in self._versions if one.effective_ms > now_ms)

    @property
    def version_now(self) -> int:
        """The version in force at this moment; 0 for none."""
        published = self._in_force()
        return published.version if published is not None else 0

    @property
    def now(self) -> Configuration:
        """The settings in force at this moment."""
        return self._resolve(self._in_force())

    def of(self, version: int) -> Configuration:
        """The settings by that version: what a sale that bound it goes by to its end.

        Raises `BadConfiguration` where its document is gone or can't be used.
        """
        known = self._resolved.get(version)
        if known is not None:
            return known
        published = self._files.version(version) if version else None
        if version and published is None:
            raise BadConfiguration(
                _(
                    "version {} of the configuration is not in the shop's history; restore "
                    "it from a copy"
                ).format(version)
            )
        return self._resolve(published)

    def _in_force(self) -> Published | None:
        if not self._versions:
            return None
        now_ms = self._clock.wall_ms()
        return next((one for one in self._versions if one.effective_ms <= now_ms), None)

    def _latest(self, sha256: str, faults: list[str]) -> Published | None:
        try:
            return self._files.latest(trusted=sha256)
        except BadConfiguration as fault:
            faults.append(str(fault))
            return None

    def _with_those_before(self, newest: Published, faults: list[str]) -> tuple[Published, ...]:
        """Newest first, down to the one that is in force by now."""
        known = {one.sha256: one for one in self._versions}
        found = [newest]
        now_ms = self._clock.wall_ms()
        while found[-1].effective_ms > now_ms and len(found) <= WAITING_LIMIT:
            last = found[-1]
            before = known.get(last.previous) or self._version(last.version - 1, faults)
            if before is None:
                break
            found.append(before)
        return tuple(found)

    def _version(self, number: int, faults: list[str]) -> Published | None:
        if number < 1:
            return None
        try:
            found = self._files.version(number)
        except BadConfiguration as fault:
            faults.append(str(fault))
            return None
        if found is None:
            faults.append(
                _("version {} of the configuration is missing from the history").format(number)
            )
        return found

    def _resolve(self, published: Published | None) -> Configuration:
        version = published.version if published is not None else 0
        known = self._resolved.get(version)
        if known is None or (published is not None and known.sha256 != published.sha256):
            known = resolve(published, self._local)
            if len(self._resolved) >= _RESOLVED_KEPT:
                self._resolved = {}
            self._resolved[version] = known
        return known
