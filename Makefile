# `make help` lists what there is. Everything runs in .venv, which is made here and nowhere else.
PYTHON ?= python3
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help install demo test check bench docs format browser servers clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: .venv/installed ## make .venv with everything that the targets below need

.venv/installed: pyproject.toml constraints.txt
	@echo "making .venv"
ifneq ($(UV),)
	@$(UV) venv --quiet --clear --python '>=3.11' .venv
	@$(UV) pip install --quiet --python $(BIN)/python -c constraints.txt -e . --group dev
else
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; PYTHON=... names one" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv --clear .venv || { [ "$$(id -u)" = 0 ] && apt-get install -qqy python3-venv && $(PYTHON) -m venv --clear .venv; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e . --group dev
endif
	@touch $@

demo: .venv/installed ## import the sample and serve it on http://127.0.0.1:8001
	@$(BIN)/btl demo --db demo.db

test: .venv/installed browser servers ## run the tests
	@$(BIN)/python -m pytest

check: .venv/installed ## lint, format, types, arrows, generated docs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m docs.generate --check

bench: .venv/installed ## measure quality and speed: what the README claims
	@$(BIN)/python -m benchmarks

docs: .venv/installed ## write the generated parts of docs/ and datasette-metadata.json anew
	@$(BIN)/python -m docs.generate

format: .venv/installed ## format the code
	@$(BIN)/ruff check --quiet --fix-only . && $(BIN)/ruff format --quiet .

# The browser tests need Chromium: installed where that is possible, else the tests say what is missing.
browser:
	@command -v chromium chromium-browser google-chrome >/dev/null 2>&1 \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	       && { apt-get install -qqy --no-install-recommends chromium \
	            || { apt-get update -qq && apt-get install -qqy --no-install-recommends chromium; }; } >/dev/null 2>&1; } \
	  || echo "no Chromium: tests in a real browser are skipped"

servers: .venv/installed ## comment servers for the tests, in .servers/ and from Debian
	@tests/servers/install.sh $(CURDIR)/$(BIN)/python

clean: ## remove .venv, caches and the demo's archive
	@rm -rf .venv .servers .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist demo.db demo.db-wal demo.db-shm
