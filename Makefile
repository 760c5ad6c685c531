# The commands of the house. Everything is installed into .venv and tests/networks/node_modules, nothing elsewhere.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-ready
DEV := $(VENV)/.dev-ready
NODE := tests/networks/node_modules/.ready
WORKERS ?= 2

.PHONY: help demo test check format bench chaos clean

help:
	@echo "make demo    rehearse a chat in demo/ and print where its pages are"
	@echo "make test    install what the tests need and run every one of them"
	@echo "make check   lint, format, types, imports"
	@echo "make bench   measure against limits and peers; writes build/bench.json"
	@echo "make format  let ruff format the code"
	@echo "make clean   remove what the other commands made"

$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Staffroom needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing; on Debian: apt install python3-venv"; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' constraints.txt)"

$(RUNTIME): pyproject.toml constraints.txt | $(VENV)/bin/uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[postgres]'
	@touch $@

$(DEV): $(RUNTIME)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[postgres]' --group dev
	@touch $@

$(NODE): tests/networks/package.json tests/networks/package-lock.json $(DEV)
	@cd tests/networks && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
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
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

bench: $(DEV) $(NODE)
	$(BIN)/python -m tests.bench

format: $(DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) tests/networks/node_modules demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find bot tests -name __pycache__ -type d -prune -exec rm -rf {} +
