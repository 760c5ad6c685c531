# The commands of the house. Everything is installed into .venv and two folders node_modules, nothing elsewhere.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Every file that is installed is checked against its hash; what an editable install is built with, too.
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --build-constraint constraints.txt --override overrides.txt
RUNTIME := $(VENV)/.runtime-ready
DEV := $(VENV)/.dev-ready
NODE := tests/networks/node_modules/.ready
PEER := tests/bench/eleventy/node_modules/.ready
# Tests wait for networks as well as work: four keep two cores busy.
WORKERS ?= 4
# Of the state machine over outbox and collecting; before a change lands it takes 100,000.
STEPS ?= 5000
# Whatever this machine's habits: a hundred processes would each compile all modules anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test check format bench chaos sbom audit clean

help:
	@echo "make demo    rehearse a chat in demo/ and print where its pages are"
	@echo "make test    install what the tests need and run every one of them"
	@echo "make check   lint, format, types, imports"
	@echo "make bench   measure against limits and peers; writes build/bench.json"
	@echo "make chaos   kill the bot 2,000 times and count what is lost or doubled; writes build/chaos.json"
	@echo "make sbom    list what the bot is made of; writes build/sbom.json"
	@echo "make audit   ask PyPI for known weaknesses of what the bot is made of"
	@echo "make format  let ruff format the code"
	@echo "make clean   remove what the other commands made"

$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Staffroom needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing; on Debian: apt install python3-venv"; exit 2; }
	@sed -n '/^uv==/,/[^\\]$$/p' constraints.txt > $(VENV)/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(VENV)/uv.txt

$(RUNTIME): pyproject.toml constraints.txt overrides.txt | $(VENV)/bin/uv
	@$(INSTALL) --editable '.[postgres,encrypted,s3,search,badges]'
	@touch $@

$(DEV): $(RUNTIME)
	@$(INSTALL) --editable '.[postgres,encrypted,s3,search,pdf,badges]' --group dev
	@touch $@

$(NODE): tests/networks/package.json tests/networks/package-lock.json $(DEV)
	@cd tests/networks && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(PEER): tests/bench/eleventy/package.json tests/bench/eleventy/package-lock.json $(DEV)
	@cd tests/bench/eleventy && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

demo: $(RUNTIME)
	@test -e demo/staffroom.yaml || $(BIN)/staffroom init demo
	@$(BIN)/staffroom rehearse -C demo --here

check: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(DEV) $(NODE)
	STAFFROOM_STEPS=$(STEPS) $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

bench: $(DEV) $(NODE) $(PEER)
	$(BIN)/python -m tests.bench

chaos: $(DEV) $(NODE)
	$(BIN)/python -m tests.chaos

# What the bot is made of, for whoever has to know: CycloneDX, with the hash of every file.
sbom: $(DEV)
	@mkdir -p build
	@$(BIN)/python deploy/sbom.py build/sbom.json
	@echo "build/sbom.json"

# Known weaknesses of what the bot is made of. Asks PyPI, so it is no part of `make test`.
audit: $(DEV)
	@mkdir -p build
	@$(BIN)/python deploy/sbom.py --requirements build/requirements.txt
	$(BIN)/uv tool run --quiet --constraint constraints.txt pip-audit --requirement build/requirements.txt --require-hashes --disable-pip

format: $(DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) tests/networks/node_modules tests/bench/eleventy/node_modules demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find bot tests -name __pycache__ -type d -prune -exec rm -rf {} +
