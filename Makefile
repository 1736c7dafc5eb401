# make demo    see it work: needs only Python 3.11 or later and make
# make test    linters and tests, in the project's own environment
# make help    the rest

PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
PY      = $(BIN)/python

# The folders of reference cases whose format and release are built so far, for `make conformance`.
BUILT = oso/2019.1 oso/2018.1 oso/2017.1 oso/2016.1 oso/1.2.2 oso/1.1.1 edexml uwlr

PYTEST_ARGS ?= -n auto
FILE        ?=
RUNS        ?= 500

.DEFAULT_GOAL := help
.PHONY: help demo demo-exchange test lint types imports unit test-faults conformance docs bench bench-batch bench-stream bench-uwlr bench-endpoint wheel clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

# --- environments: made once, and again when pyproject.toml changes -------------------------------------------------

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "oso_bridge needs Python 3.11 or later; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 | head -n 1)."; \
	    echo "Install one from https://www.python.org/downloads/ and name it: make $(or $(MAKECMDGOALS),demo) PYTHON=python3.12"; \
	    exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	    echo "Python could not make an environment; on Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }

$(VENV)/.ready: pyproject.toml | $(PY)
	@echo "Installing oso_bridge into $(VENV) (once; this takes a minute) ..."
	@$(PY) -m pip install -qq --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.ready-%: pyproject.toml | $(PY)
	@echo "Installing the tools for '$*' into $(VENV) (once) ..."
	@$(PY) -m pip install -qq --disable-pip-version-check --editable '.[$*]'
	@touch $@

# --- see it work ----------------------------------------------------------------------------------------------------

demo: $(VENV)/.ready ## check a good and a broken dossier of our own, and show one
	@BIN=$(BIN) sh tools/demo.sh

demo-exchange: $(VENV)/.ready-serve ## two schools and the simulator exchange all kinds of dossier over mutual TLS
	@$(PY) tools/demo_exchange.py

# --- quality --------------------------------------------------------------------------------------------------------

test: lint types imports unit ## everything that must be good before a commit

lint: $(VENV)/.ready-dev
	@echo "== ruff"
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types: $(VENV)/.ready-dev
	@echo "== mypy"
	@$(PY) -m mypy

imports: $(VENV)/.ready-dev
	@echo "== import-linter"
	@$(BIN)/lint-imports

unit: $(VENV)/.ready-dev
	@echo "== pytest"
	@$(PY) -m pytest $(PYTEST_ARGS)

test-faults: $(VENV)/.ready-dev ## 500 exchanges, of outbox and inbox and of OSO, with faults and kill -9: RUNS=5000 for more
	@OSO_FAULT_RUNS=$(RUNS) $(PY) -m pytest tests/transport/test_outbox_faults.py -q -s
	@OSO_FAULTS=$(RUNS) $(PY) -m pytest tests/exchange/test_faults.py -q -s

conformance: $(VENV)/.ready ## the reference cases of what is built: CASES=folder
	@test -n "$(CASES)" || { echo "Say where the reference cases are: make conformance CASES=folder"; exit 2; }
	@test -f "$(CASES)/run.py" || { echo "There is no run.py in '$(CASES)'."; exit 2; }
	$(PY) "$(CASES)/run.py" $(BUILT)

bench: $(VENV)/.ready-bench ## race against other libraries, ratios only: FILE=one.xml for one file
	@$(PY) benchmarks/race.py $(if $(FILE),"$(FILE)")

bench-batch: $(VENV)/.ready ## many documents: two processes beside one, memory of many beside few, ratios only
	@$(PY) benchmarks/batch.py

bench-stream: $(VENV)/.ready ## a file of 200,000 pupils read piece by piece: peak memory, and ratios only
	@$(PY) benchmarks/stream.py

bench-uwlr: $(VENV)/.ready ## the endpoint of UWLR with 2,000 pupils, beside lxml that writes the same: ratios only
	@$(PY) benchmarks/uwlr.py

bench-endpoint: $(VENV)/.ready-dev ## the exchange under load: fifty requests at a time, ratios only
	@$(PY) benchmarks/endpoint.py

# --- what leaves the house ------------------------------------------------------------------------------------------

docs: $(VENV)/.ready-docs ## the documentation, into site/
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict --quiet
	@echo "Open site/index.html"

wheel: $(VENV)/.ready-dev ## the wheel, into dist/, tried in an empty environment
	@rm -rf dist
	@$(PY) -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	@OSO_PACKAGING=1 $(PY) -m pytest tests/test_packaging.py -p no:cacheprovider
	@ls dist

clean: ## everything that was made, the environment too
	rm -rf $(VENV) .demo dist build site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
