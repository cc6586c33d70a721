"""Tills of their own Unix users: what each can read and write, with real processes and real ids.

Needs root, to become somebody else. The control is one shared user: then a till reads the
private key and forges the operators, and no check finds it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import CHECKOUT, python_child
from tests.support.staff import CLEO, PINS, operators_json

GROUP, MANAGER, TILL_A, TILL_B, STRANGER = 64_000, 64_001, 64_002, 64_003, 64_004

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

# A rehearsal as root loads everything first: Python's own files may lie where only root can read.
_HEAD = """
import os, sys, tempfile
from pathlib import Path
user, group, shop = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
sys.path.insert(0, sys.argv[4])
from kernel import BadConfiguration, Role, SaleRefused, Terminal
with tempfile.TemporaryDirectory() as rehearsal:
    with Terminal.start("MANAGER", rehearsal) as manager:
        manager.operators.add("1", name="R", role=Role.MANAGER, pin="1111")
        manager.sign_on("1", "1111")
        manager.signatures.verify(b"x", manager.signatures.sign(b"x"))
    with Terminal.start("TILL", rehearsal) as till:
        till.sign_on("1", "1111")
        till.begin("S", "EUR", "1").abort("rehearsed")
os.setgroups([]); os.setresgid(group, group, group); os.setresuid(user, user, user)
os.umask(0o077)
coordination = shop / "shared" / "coordination"
def refused(act, kind=PermissionError):
    try:
        act()
    except kind as fault:
        return str(fault)
    raise SystemExit("this was allowed")
"""


def run(shop: Path, user: int, program: str, *, group: int = GROUP) -> str:
    """Run it as that user; what it printed last."""
    ids = (str(user), str(group))
    with python_child("-c", _HEAD + program, *ids, shop, CHECKOUT, cwd=Path("/")) as child:
        line = child.wait_for_line("done")
        assert child.wait() == 0, child.story()
    return line


@pytest.fixture
def shop() -> Iterator[Path]:
    """A shop that the manager's user has made; pytest's own directories are root's alone."""
    place = Path(tempfile.mkdtemp())
    os.chown(place, MANAGER, GROUP)
    os.chmod(place, 0o2755)
    try:
        run(
            place / "shop",
            MANAGER,
            """
with Terminal.start("MANAGER", shop) as manager:
    manager.operators.add("0003", name="Cleo", role=Role.MANAGER, pin="3333")
    print("done", manager.signatures.sign(b"approved"))
""",
        )
        yield place / "shop"
    finally:
        shutil.rmtree(place)


def test_a_till_of_its_own_user_signs_on_and_checks_signatures(shop: Path) -> None:
    signature = run(
        shop,
        MANAGER,
        """
with Terminal.start("MANAGER", shop) as manager:
    print("done", manager.signatures.sign(b"approved"))
""",
    ).split()[-1]
    program = f"""
with Terminal.start(f"TILL_{{user}}", shop) as till:
    assert till.sign_on("0003", "3333").name == "Cleo"
    assert till.signatures.verify(b"approved", {signature!r})
    assert not till.signatures.verify(b"declined", {signature!r})
    sale = till.begin("S", "EUR", "0003")
    sale.add_line("X", 1, 100)
    sale.tender_cash(100)
print("done")
"""
    run(shop, TILL_A, program)
    run(shop, TILL_B, program)


def test_a_till_can_neither_read_the_private_key_nor_write_what_is_the_managers(
    shop: Path,
) -> None:
    run(
        shop,
        TILL_A,
        """
manager = shop / "terminals" / "MANAGER"
refused(lambda: (manager / "signing_key").read_bytes())
refused(lambda: (coordination / "operators.json").write_bytes(b"{}"))
refused(lambda: (coordination / "manager_key.json").write_bytes(b"{}"))
refused(lambda: manager.rename(shop / "terminals" / "OTHER"))
refused(lambda: (shop / "terminals").rename(shop / "other"))
with Terminal.start("TILL_A", shop) as till:
    said = refused(
        lambda: till.operators.add("1", name="Me", role=Role.MANAGER, pin="1111"),
        BadConfiguration,
    )
    refused(lambda: till.signatures.sign(b"x"), SaleRefused)
assert (coordination / "operators.json").stat().st_mode & 0o777 == 0o640
assert (shop / "terminals" / "TILL_A").stat().st_mode & 0o7777 == 0o2750
print("done")
""",
    )


def test_operators_and_key_that_a_till_has_put_there_are_believed_by_nobody(shop: Path) -> None:
    forged = operators_json().decode()
    run(
        shop,
        TILL_A,
        f"""
for name, text in (("operators.json", {forged!r}), ("manager_key.json", "{{}}")):
    mine = coordination / "mine"
    mine.write_text(text)
    mine.chmod(0o644)
    mine.rename(coordination / name)
print("done")
""",
    )
    for user in (TILL_A, TILL_B, MANAGER):
        run(
            shop,
            user,
            f"""
with Terminal.start(f"TILL_{{user}}", shop) as till:
    said = refused(lambda: till.sign_on({CLEO!r}, {PINS[CLEO]!r}), BadConfiguration)
    assert "user {TILL_A}" in said, said
    assert not till.signatures.verify(b"approved", "A" * 88)
    till.begin("S", "EUR", "0003")
print("done")
""",
        )


def test_a_stranger_sees_nothing_of_the_shop(shop: Path) -> None:
    run(shop, STRANGER, "refused(lambda: os.listdir(shop)); print('done')", group=STRANGER)


def test_with_one_shared_user_a_till_reads_the_key_and_forges_the_operators(shop: Path) -> None:
    """The control: nothing is authenticated between tills of one user."""
    forged = operators_json().decode()
    run(
        shop,
        MANAGER,
        f"""
assert (shop / "terminals" / "MANAGER" / "signing_key").read_bytes()
(coordination / "operators.json").write_text({forged!r})
with Terminal.start("TILL_A", shop) as till:
    till.sign_on({CLEO!r}, {PINS[CLEO]!r})
print("done")
""",
    )


def sell(user: int) -> str:
    return """
with Terminal.start(f"TILL_{user}", shop) as till:
    sale = till.begin("S", "EUR", "0003")
    sale.add_line("X", 1, 100)
    sale.tender_cash(100)
"""


def collect(shop: Path, user: int, terminal: str = "f'TILL_{user}'") -> list[str]:
    """What a collector of that terminal, in a process of that user, has at the end: how many
    lines it wrote, and then the owner, the mode and the number of lines of each file."""
    return run(
        shop,
        user,
        sell(user)
        + f"""
from kernel import SystemClock
from kernel.coordination.audit import Collector
from kernel.disk.files import RealDisk
from kernel.disk.layout import Layout
from kernel.disk.process import this_process
identity = this_process({terminal}, version="t", boot="b", incarnation="0" * 32, started_ms=0)
collector = Collector(RealDisk(), Layout(str(shop)), identity, clock=SystemClock())
written = 0
while more := collector.collect():
    written += more
collector.release()
files = sorted((shop / "shared").glob("aggregated_audit.log*"))
told = [f"{{one.stat().st_uid}} {{one.stat().st_mode & 0o7777:o}}" for one in files]
print("done", written > 0, *told)
""",
    ).split()[1:]


def audited(shop: Path) -> str:
    return (shop / "shared/aggregated_audit.log").read_text()


def test_a_till_of_its_own_user_leaves_the_audit_log_to_the_manager(shop: Path) -> None:
    assert collect(shop, TILL_A) == ["False"]
    assert collect(shop, MANAGER, "'MANAGER'") == ["True", str(MANAGER), "640"]
    assert f'"terminal":"TILL_{TILL_A}"' in audited(shop)
    # The manager is gone again: the next till leaves it, the next manager goes on with it.
    assert collect(shop, TILL_B) == ["False", str(MANAGER), "640"]
    begun = audited(shop)
    assert collect(shop, MANAGER, "'MANAGER'") == ["True", str(MANAGER), "640"]
    assert audited(shop).startswith(begun) and f'"terminal":"TILL_{TILL_B}"' in audited(shop)


def test_a_till_can_neither_write_nor_take_away_the_audit_log(shop: Path) -> None:
    collect(shop, MANAGER, "'MANAGER'")
    begun = audited(shop)
    run(
        shop,
        TILL_A,
        """
audit = shop / "shared" / "aggregated_audit.log"
refused(lambda: audit.open("ab"))
refused(lambda: audit.unlink())
refused(lambda: audit.rename(shop / "shared" / "mine"))
from kernel import AuditTrail
refused(lambda: AuditTrail(shop).rebuild(), BadConfiguration)
print("done")
""",
    )
    assert audited(shop) == begun


def test_an_audit_log_that_the_manager_can_t_write_is_made_anew_as_his(shop: Path) -> None:
    """A till's user made it, with an older posterm."""
    collect(shop, MANAGER, "'MANAGER'")
    run(shop, TILL_A, sell(TILL_A) + "print('done')")
    for path in (shop / "shared").glob("aggregated_audit.log*"):
        os.chown(path, TILL_A, GROUP)
    assert collect(shop, MANAGER, "'MANAGER'") == ["True", str(MANAGER), "640"]
    assert f'"terminal":"TILL_{TILL_A}"' in audited(shop)
