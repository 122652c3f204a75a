# Everything a person or CI does here, from Python 3.11 and make alone.
# Two environments: .venv-run has what the service needs, so `make run` waits for nothing else and shows that this
# is enough; .venv adds the tools and a PostgreSQL to test on. Neither disturbs the other.

PYTHON ?= python3
PORT ?= 8000
# Passed on to pytest or the bench, as in: make test ARGS="-k deadlines".
ARGS ?=

DATABASE_URL ?= sqlite:///data/timeline.db
export DATABASE_URL PORT

# --no-deps: the locks are complete, so pip has nothing to work out. Wheels only: no compiler is needed.
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check --no-input --no-deps
FROM_LOCK = --require-hashes --only-binary :all:
LOCK = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-build --custom-compile-command "make lock" $(ARGS)

.DEFAULT_GOAL := help
.PHONY: help run test test-fast check format examples fuzz bench soak soak-reminders soak-faults screenshots notebook lock clean

# Lists these targets.
help:
	@awk '/^# /{ said = substr($$0, 3) } /^[a-z-]+:/{ sub(/:.*/, "", $$1); printf "make %-14s %s\n", $$1, said } !/^# /{ said = "" }' Makefile

# Sets up, loads the seeds into an embedded SQLite file and serves them on PORT (8000).
run: .venv-run/ready
	@mkdir -p data
	.venv-run/bin/dispute-timeline load seeds
	.venv-run/bin/dispute-timeline serve --port $(PORT)

# Sets up and passes everything: the checks, then the tests on SQLite and on a real PostgreSQL.
test: check
	.venv/bin/pytest --numprocesses logical --maxprocesses 8 --dist worksteal $(ARGS)

# Runs the tests that need neither PostgreSQL nor patience, without the checks.
test-fast: .venv/ready
	.venv/bin/pytest --numprocesses logical --maxprocesses 8 -m "not postgres and not slow" $(ARGS)

# Checks lint, format, types and import contracts, and that every kind of entry is known everywhere.
check: .venv/ready
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	PYTHONPATH=src:tests .venv/bin/python tests/check_kinds.py
	.venv/bin/mypy src tests $(wildcard bench)
	.venv/bin/lint-imports

# Formats the code and mends what lint can mend.
format: .venv/ready
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

# Measures speed as ratios to a floor taken in the same run, on SQLite and PostgreSQL.
bench: .venv/ready
	.venv/bin/python -m bench $(ARGS)

# Asks the service, for FUZZ_S seconds a test (300), what its document allows and what not, otherwise each time.
fuzz: .venv/ready
	FUZZ_S=$(or $(FUZZ_S),300) .venv/bin/pytest tests/test_contract_fuzz.py $(ARGS)

# Keeps the answers that the documentation shows: what the service says to its own examples.
examples: .venv/ready
	.venv/bin/python tests/example_answers.py

# Tries more histories, rebuilds a million entries under readers and a kill half-way, and counts failed and mixed reads.
soak: .venv/ready
	SOAK=1 .venv/bin/pytest $(shell grep -l 'import.* WHOLE' tests/test_*.py)
	.venv/bin/python -m bench.soak $(ARGS)

# Kills processes that tick and send reminders at random, on both databases, and counts what was lost or doubled.
soak-reminders: .venv/ready
	.venv/bin/python -m bench.soak_reminders $(ARGS)

# Kills a server under load, sends it what nobody means, breaks its machine, and counts 500s, late answers and losses.
soak-faults: .venv/ready
	.venv/bin/python -m bench.soak_faults $(ARGS)

# Takes the screenshots in docs/screenshots anew, in the system's Chromium.
screenshots: .venv/ready
	PYTHONPATH=src:tests .venv/bin/python tests/take_screenshots.py $(ARGS)

# Runs docs/notebook.md against what `make run` serves on PORT, and writes its outputs and plots anew.
notebook: .venv/ready
	.venv/bin/python docs/notebook.py http://127.0.0.1:$(PORT)

# Writes the locks anew from pyproject.toml, keeping pins that still fit (ARGS=--upgrade takes the newest).
lock: .venv/ready
	$(LOCK) --group build --output-file requirements/run.lock pyproject.toml
	$(LOCK) --group build --group dev --constraints requirements/run.lock --output-file requirements/dev.lock pyproject.toml

# Removes what was set up and cached, but not the data.
clean:
	rm -rf .venv .venv-run .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment is ready when its stamp, written last, is newer than what it was made from; a broken set-up starts over.
.venv-run/ready: requirements/run.lock pyproject.toml
.venv/ready: requirements/dev.lock pyproject.toml
.venv-run/ready .venv/ready:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed; say which: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python $(PIP_INSTALL) $(FROM_LOCK) --requirement $<
	$(@D)/bin/python $(PIP_INSTALL) --no-build-isolation --editable .
	@touch $@
