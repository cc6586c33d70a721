"""A whole benchmark, a tiny one: who takes part, what is written, what is left behind."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kernel import Terminal
from posterm.benchmark.curves import line_curve, sale_curve
from posterm.benchmark.kernel_sales import SALE_ENTRIES, KernelSales, recorded_frames
from posterm.benchmark.raw import RawLoop, sync_time_us
from posterm.benchmark.reference_sale import (
    LIMITS_BYTES,
    bytes_per_sale,
    ring_bare,
    ring_full,
)
from posterm.benchmark.report import as_json, rows
from posterm.benchmark.run import Plan, contestants_of, run
from posterm.benchmark.sqlite import SETUPS, SqliteLog
from posterm.benchmark.till import serve
from posterm.commands.group import posterm
from tests.support.late_log import resume_late
from tests.support.tills import TillMachine

TINY = ["--rounds", "1", "--seconds-per-round", "0.02", "--threads", "1", "--terminals", "0"]


def open_segment(data_dir: Path) -> Path:
    return data_dir / "terminals" / "BENCH" / "transaction.wal"


@pytest.fixture
def till(data_dir: Path):
    with Terminal.start("BENCH", data_dir) as till:
        yield till


def test_every_contestant_runs_every_round_and_nothing_stays_behind(tmp_path: Path) -> None:
    plan = Plan(rounds=2, seconds=0.02, threads=(1, 2), terminals=1)
    ticks: list[None] = []

    result = run(str(tmp_path / "not" / "there"), plan, lambda: ticks.append(None))

    assert [(standing.kind, standing.threads) for standing in result.standings] == [
        ("raw", 1),
        ("kernel", 1),
        ("sqlite", 1),
        ("sqlite", 1),
        ("kernel", 2),
        ("sqlite", 2),
        ("sqlite", 2),
        ("terminals", 1),
    ]
    assert all(len(standing.rounds) == 2 for standing in result.standings)
    assert all(m.latencies_s for standing in result.standings for m in standing.rounds)
    assert len(ticks) == 2 * contestants_of(plan) == 16
    assert list(tmp_path.iterdir()) == []
    assert all(len(row) <= 80 for row in rows(result))
    figures = as_json(result, None)
    assert json.loads(json.dumps(figures)) == figures
    ratios = figures["ratios"]
    assert isinstance(ratios, dict)
    assert ratios.keys() == {
        "threads_1_to_raw",
        "threads_1_to_sqlite",
        "threads_2_to_raw",
        "threads_2_to_sqlite",
    }


def test_the_yardstick_writes_the_frames_that_the_kernel_wrote(
    till: Terminal, data_dir: Path, tmp_path: Path
) -> None:
    frames = recorded_frames(till, open_segment(data_dir), sales=2)
    kinds = [json.loads(frame[32:])["k"] for frame in frames]
    assert kinds == ["begin", *["line"] * 5, "tender"] * 2
    assert len(frames) == 2 * SALE_ENTRIES

    loop = RawLoop(str(tmp_path), frames, SALE_ENTRIES)
    done = loop.run(0.02)
    loop.close()

    written = (tmp_path / "raw.log").read_bytes()
    assert written.splitlines(keepends=True) == [
        frames[place % len(frames)] for place in range(len(done.latencies_s))
    ]


@pytest.mark.parametrize("setup", SETUPS)
@pytest.mark.parametrize("queued", [True, False])
def test_sqlite_commits_every_entry_that_it_is_measured_by(
    tmp_path: Path, setup, queued: bool
) -> None:
    log = SqliteLog(str(tmp_path), setup, 2, [b"frame"], sale_entries=7, queued=queued)
    done = log.run(0.02)
    (count,) = log._connections[0].execute("SELECT count(*) FROM log").fetchone()
    (mode,) = log._connections[0].execute("PRAGMA journal_mode").fetchone()
    log.close()
    assert count == len(done.latencies_s) > 0
    assert mode == setup.journal.lower()


def test_published_sales_keep_within_their_bytes(till: Terminal, data_dir: Path) -> None:
    sizes = bytes_per_sale(till, str(open_segment(data_dir)))
    assert sizes.keys() == LIMITS_BYTES.keys()
    assert {name: size for name, size in sizes.items() if size > LIMITS_BYTES[name]} == {}


@pytest.mark.parametrize("lines", [1, 5])
def test_they_keep_within_their_bytes_late_in_a_log(lines: int) -> None:
    machine = TillMachine()
    resume_late(machine, lsn=100_000, sale=10_000)
    with machine.start() as till:
        ring_bare(till, 1)
        machine.clock.advance(12 * 3_600)
        for name, ring in (("bare", ring_bare), ("every field", ring_full)):
            before = machine.log()
            ring(till, lines)
            frames = machine.log()[len(before) :].splitlines(keepends=True)
            limit = LIMITS_BYTES[f"{name}, {lines} line" + "s" * (lines > 1)]
            assert sum(map(len, frames)) <= limit
            entries = [json.loads(frame[32:]) for frame in frames]
            assert len(entries) == lines + 2
            assert all(entry["n"] > 100_000 and entry["x"] > 10_000 for entry in entries)


def test_the_full_reference_line_says_all_that_a_receipt_needs(
    till: Terminal, data_dir: Path
) -> None:
    ring_full(till, 5)
    lines = [
        json.loads(frame[32:])
        for frame in open_segment(data_dir).read_bytes().splitlines()
        if b'"k":"line"' in frame
    ]
    assert len(lines) == 5
    for line in lines:
        assert line.keys() >= {"c", "name", "dp", "u", "lp", "tot", "tax", "by", "in"}


def test_curves_are_measured_at_their_marks(till: Terminal) -> None:
    ticks: list[None] = []
    assert list(line_curve(till, (2, 5))) == [2, 5]
    assert list(sale_curve(till, (1, 3), lambda: ticks.append(None))) == [1, 3]
    assert len(ticks) == 3
    assert till.x_report().totals["USD"].sales == 4


def test_a_terminal_of_its_own_process_answers_each_command_with_one_line(data_dir: Path) -> None:
    answers = io.StringIO()
    serve(str(data_dir), "BENCH_1", ["0.01\n", "0.01\n"], answers)
    answered = [json.loads(line) for line in answers.getvalue().splitlines()]
    assert len(answered) == 2
    for sales, _, _, latencies_us in answered:
        assert len(latencies_us) == sales * SALE_ENTRIES


def test_a_sync_is_timed_and_its_file_removed(tmp_path: Path) -> None:
    assert sync_time_us(str(tmp_path)) > 0
    assert list(tmp_path.iterdir()) == []


def test_the_command_prints_one_object_and_leaves_the_shop_alone(data_dir: Path) -> None:
    done = CliRunner().invoke(posterm, ["bench", *TINY, "--json", "--data-dir", str(data_dir)])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    assert figures["rounds"] == 1
    assert figures["file_system"]
    assert figures["raw_p50_us"] > 0
    assert not data_dir.exists()


def test_the_command_names_the_next_one(data_dir: Path) -> None:
    done = CliRunner().invoke(posterm, ["bench", *TINY, "--data-dir", str(data_dir)])
    assert done.exit_code == 0, done.output
    assert "write + fdatasync" in done.stdout
    assert done.stdout.splitlines()[-1] == f"next: posterm doctor --data-dir {data_dir}"


@pytest.mark.parametrize("threads", ["0", "1,,2", "x", "1,-4", "999"])
def test_a_list_of_threads_that_makes_no_sense_is_a_usage_error(threads: str) -> None:
    done = CliRunner().invoke(posterm, ["bench", "--threads", threads])
    assert done.exit_code == 2
    assert "1,4,16" in done.output


def test_who_begins_after_the_deadline_still_does_one_act(till: Terminal, tmp_path: Path) -> None:
    raw = RawLoop(str(tmp_path), [b"frame"], SALE_ENTRIES)
    sqlite = SqliteLog(str(tmp_path), SETUPS[0], 2, [b"frame"], sale_entries=7, queued=False)
    for contestant in (KernelSales(till, 2), raw, sqlite):
        assert contestant.run(-1.0).latencies_s
        contestant.close()
