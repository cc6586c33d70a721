"""Locks are trusted only on file systems that leave them to the Linux kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel.disk.mounts import SOUND, file_system_of, require_sound_locks
from kernel.errors import BadConfiguration
from tests.support.processes import CHECKOUT

MOUNTS = r"""
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
40 27 0:40 / /shop rw,relatime shared:7 master:2 - nfs4 server:/shop rw,vers=4.2
41 40 0:41 / /shop/local rw,relatime - xfs /dev/vdb rw
42 27 0:42 / /covered rw - ext4 /dev/vdc rw
43 42 0:43 / /covered rw - cifs //server/covered rw
44 27 0:44 / /with\040space\134and\011tab rw - fuse.sshfs server: rw
""".strip()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/home/shop/data", "ext4"),
        ("/shop", "nfs4"),
        ("/shop/data", "nfs4"),
        ("/shopping/data", "ext4"),
        ("/shop/local/data", "xfs"),
        ("/covered/data", "cifs"),
        ("/with space\\and\ttab/data", "fuse.sshfs"),
        ("/proc", "proc"),
    ],
)
def test_file_system_is_that_of_the_longest_and_latest_mount(path: str, kind: str) -> None:
    assert file_system_of(path, MOUNTS) == kind


def test_path_is_followed_through_symbolic_links(tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to("/shop/data")
    assert file_system_of(str(tmp_path / "data" / "terminals"), MOUNTS) == "nfs4"


def test_nothing_is_known_without_a_list_of_mounts() -> None:
    assert file_system_of("/", "") not in SOUND


def test_local_file_system_is_allowed_even_before_the_directory_exists(tmp_path: Path) -> None:
    if file_system_of(str(tmp_path)) not in SOUND:
        pytest.skip("temporary files lie on a file system of unknown locks")
    require_sound_locks(str(tmp_path / "none" / "yet"))


def test_others_are_refused_by_name_unless_somebody_takes_the_risk() -> None:
    with pytest.raises(BadConfiguration, match=r"/proc/x lies on proc, .* POSTERM_UNSOUND_LOCKS=1"):
        require_sound_locks("/proc/x")
    require_sound_locks("/proc/x", allow_unsound=True)


def test_this_machine_names_the_file_system_of_the_checkout() -> None:
    assert file_system_of(str(CHECKOUT)) in Path("/proc/filesystems").read_text().split()
