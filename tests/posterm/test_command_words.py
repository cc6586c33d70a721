"""The command line speaks the language of whoever types, and to scripts always the same."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kernel import Terminal
from posterm.overview import COMMANDS
from tests.support.processes import CHECKOUT

PSEUDO = {"POSTERM_LOCALE": "pseudo"}
PROSE = re.compile(r"[A-Za-z]{3,}[,;:]? +[A-Za-z]{3,}")


def posterm(*arguments: str | Path, language: dict[str, str]) -> subprocess.CompletedProcess[str]:
    unset = ("POSTERM_LOCALE", "LC_ALL", "LC_MESSAGES", "LANG", "POSTERM_DATA")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    return subprocess.run(
        [sys.executable, "-m", "posterm", *map(str, arguments)],
        cwd=CHECKOUT,
        env=environment | {"PYTHONIOENCODING": "utf-8"} | language,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_help_is_translated_with_every_option_and_every_command() -> None:
    shown = posterm("--help", language=PSEUDO).stdout
    listed = [line for line in shown.splitlines() if line.split()[:1] and line[2:3] != " "]
    rows = [line for line in listed if line.split()[0] in COMMANDS and line.startswith("  ")]
    assert len(rows) == len(COMMANDS) and all("[" in row for row in rows), shown
    assert "[Exit~~ codes~~" in shown
    options = posterm("audit", "--help", language=PSEUDO).stdout
    assert "[Only~~ this~~ terminal~~" in options.replace("\n", " ")


def test_what_a_command_says_is_translated_but_no_figure_and_no_script_sees_it(
    data_dir: Path,
) -> None:
    report = ("report", "x", "REGISTER_01", "--data-dir", data_dir)
    Terminal.start("REGISTER_01", data_dir).stop()
    assert (
        "[no~ sale~~ is~ committed~~~~"
        in posterm("sales", "--data-dir", data_dir, language=PSEUDO).stdout
    )
    plain, pseudo = (posterm(*report, language=one).stdout for one in ({}, PSEUDO))
    assert "no till period is open" in plain and "[no~ till~~ period~~~" in pseudo
    scripts = [posterm(*report, "--json", language=one).stdout for one in ({}, PSEUDO)]
    assert scripts[0] == scripts[1] and json.loads(scripts[0])["terminal"] == "REGISTER_01"
    mixed = ("spool", "REGISTER_01", "--take", "--json", "--data-dir", data_dir)
    refused = [posterm(*mixed, language=one).stderr for one in ({}, PSEUDO)]
    assert refused[0] == refused[1] and "--take prints receipts" in refused[0]


# Each says something of its own, of the kernel or of the file that it reads.
CASES = (
    ("doctor",),
    ("verify",),
    ("catalog", "import", "bad.csv"),
    ("ring", "REGISTER_01", "--input", "no.csv"),
    ("show", "REGISTER_01-9"),
    ("status",),
)


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_what_the_kernel_and_the_files_say_is_translated_but_not_for_scripts(
    tmp_path: Path, data_dir: Path, case: tuple[str, ...]
) -> None:
    Terminal.start("REGISTER_01", data_dir).stop()
    (tmp_path / "no.csv").write_text("a,b\n1,2\n")
    columns = "code,description,department,price,tax_code,sell_by\n"
    (tmp_path / "bad.csv").write_text(f"{columns}4006381333930,,FOOD,-1,S,dozen\n")
    words = [str(tmp_path / one) if one.endswith(".csv") else one for one in case]
    told = [posterm(*words, "--data-dir", data_dir, language=one) for one in ({}, PSEUDO)]
    assert told[0].returncode == told[1].returncode
    plain, pseudo = (one.stdout + one.stderr for one in told)
    assert "~" not in plain.replace(str(data_dir), "")
    # A line is a sentence in brackets, or facts alone: names, figures, a row of them.
    bare = [row for row in pseudo.splitlines() if PROSE.search(re.sub(r"\[.*\]", "", row))]
    assert "~" in pseudo and not bare, pseudo
    scripts = [posterm(*words, "--json", "--data-dir", data_dir, language=PSEUDO)]
    assert "~" not in (scripts[0].stdout + scripts[0].stderr).replace(str(data_dir), "")


@pytest.mark.parametrize("language", [{}, {"LANG": "C.UTF-8"}, {"LANG": "xx_YY.UTF-8"}])
def test_a_language_that_nobody_has_is_english_and_costs_no_kernel(
    language: dict[str, str],
) -> None:
    result = posterm("bench", "--threads", "0", language=language)
    assert result.returncode == 2 and "is no list such as 1,4,16" in result.stderr
    program = "import sys; from posterm.commands.group import run; run(['--help'])"
    helped = subprocess.run(
        [sys.executable, "-c", f"{program}; print('kernel' in sys.modules)"],
        cwd=CHECKOUT,
        env=os.environ | {"LC_ALL": "C", "POSTERM_LOCALE": language.get("LANG", "")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert helped.stdout.splitlines()[-1] == "False", helped.stderr
