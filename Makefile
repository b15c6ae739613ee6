# Two set-up commands: `make live` paints, `make test` checks. See README.md for Windows.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: live test check report

live: .venv/live
	$(BIN)/python -m realtime

test: .venv/full
	$(BIN)/python -m pytest -n 2 --dist worksteal

report: .venv/full
	$(BIN)/python -m gatys.report

check: .venv/full
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.venv/live: realtime/requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r realtime/requirements.txt
	touch $@

.venv/full: requirements.txt realtime/requirements.txt training/requirements.txt tests/requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@
