# Everything here works on a fresh Debian or Ubuntu machine with Python 3.11 or newer.
# The environment is made once in .venv and made again when a pinned version changes.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test torture approve pictures bench clean bytecode

BIN := .venv/bin
POSTERM = $(BIN)/python -m posterm
# A copied or moved checkout makes its own environment: console scripts hold absolute paths.
STAMP := .venv/installed-for-$(shell pwd | cksum | cut -d' ' -f1)
DEMO_DIR := demo_data
DEMO_TILL := REGISTER_01
# Many tests wait for a process or a screen: two more workers have the two cores meanwhile.
SPREAD := -n 4 --dist worksteal

help:
	@echo 'make demo      open the register on a demo shop; without a terminal, ring 149 real sales'
	@echo 'make test      style, types, import contracts and tests'
	@echo 'make torture   the long proofs: crashes, power cuts, damaged bytes'
	@echo 'make approve   write the golden screens of tests/golden anew; read what changed'
	@echo 'make pictures  the pictures of docs/pictures, made anew'
	@echo 'make bench     durable sales a second on this machine'
	@echo 'make clean     remove what these commands made, the environment too'

# A person gets the register on the demo shop. A script gets the same figures every time, from an
# empty store.
demo: $(STAMP) bytecode
	@mkdir -p $(DEMO_DIR)
	@if [ -t 0 ] && [ -t 1 ]; then \
	    exec $(POSTERM) demo --data-dir $(DEMO_DIR)/shop; \
	else \
	    set -e; rm -rf $(DEMO_DIR)/till; \
	    $(POSTERM) ring $(DEMO_TILL) --data-dir $(DEMO_DIR)/till --input posterm/demo/invoices.csv; \
	    $(POSTERM) report x $(DEMO_TILL) --data-dir $(DEMO_DIR)/till; \
	fi

test: $(STAMP) bytecode
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest $(SPREAD) -m 'not torture'

torture: $(STAMP)
	$(BIN)/python -m pytest -n 2 -m torture -o faulthandler_timeout=7200

approve: $(STAMP)
	POSTERM_APPROVE=1 $(BIN)/python -m pytest -q tests/system/test_register_screens.py tests/manager/test_golden.py
	@git status --short tests/golden

# Headless: it needs no terminal, and makes the same pictures as long as the screens are the same.
pictures: $(STAMP)
	$(BIN)/python -m tests.support.pictures docs/pictures

bench: $(STAMP)
	$(POSTERM) bench

# A register that has to compile its modules first takes twice as long to paint; where the
# environment forbids Python to keep what it compiled, this is the only time that it does.
bytecode: $(STAMP)
	@$(BIN)/python -m compileall -q kernel posterm manager themes

clean:
	rm -rf .venv $(DEMO_DIR) build dist .hypothesis .import_linter_cache \
	    .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# pip installs what the lock names and nothing else; the build backend is in the lock too.
$(STAMP): requirements.lock pyproject.toml
	@set -euo pipefail; \
	for candidate in python3 python3.13 python3.12 python3.11; do \
	    if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        python=$$candidate; break; \
	    fi; \
	done; \
	if [ -z "$${python:-}" ]; then \
	    echo 'posterm needs Python 3.11 or newer: apt-get install python3 python3-venv' >&2; exit 1; \
	fi; \
	if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
	    package=$$($$python -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
	    if [ "$$(id -u)" != 0 ]; then \
	        echo "$$python cannot make an environment yet: sudo apt-get install $$package" >&2; exit 1; \
	    fi; \
	    apt-get update && apt-get install -y --no-install-recommends $$package; \
	fi; \
	rm -rf .venv; \
	$$python -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@touch $@
