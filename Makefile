# Everything here works from a fresh clone: what a command needs it sets up first, once.
# Afterwards nothing is contacted until a lock file changes.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.SUFFIXES:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
# Without compiled files each of the processes that tests start would compile the product again.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
# Locks name nothing younger than a week: what was broken or taken over is known by then.
COOL_DOWN_DAYS ?= 7

.PHONY: help setup run demo-reset test test-long bench fuzz check format lock migration openapi trace validate rehearse clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: .venv/tools.txt  ## make the environment in .venv: product, test tools, checks
	@echo "The environment in .venv is ready."

run: .venv/product.txt  ## start the system with demonstration data, on this machine
	@echo "[3/3] Starting. Ctrl-C ends it."
	@exec $(BIN)/epro run --demo

demo-reset: .venv/product.txt  ## throw the demonstration data away and seed it anew
	@$(BIN)/epro demo seed --reset

test: .venv/tools.txt postgresql browser node  ## run all tests on SQLite and PostgreSQL; ARGS="-k word" narrows
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

test-long: .venv/tools.txt postgresql browser node  ## all tests in an order of its own, and those that take their time: more seeds, more load
	@$(BIN)/python -m pytest -n 2 --dist loadgroup --long --database both --randomly-seed=default $(ARGS)

bench: .venv/tools.txt postgresql browser node  ## measure, and write docs/benchmarks.md; NAMES="planning feed", AGAIN=1
	@$(BIN)/python -m tests.bench $(if $(AGAIN),--again) $(NAMES)

fuzz: .venv/tools.txt postgresql  ## send the API more odd requests, others each time; EXAMPLES=500 SEED=1 say how
	@export EPRO_FUZZ_EXAMPLES=$(or $(EXAMPLES),200) EPRO_FUZZ_SEED=$(or $(SEED),$$RANDOM); \
	echo "SEED=$$EPRO_FUZZ_SEED"; \
	$(BIN)/python -m pytest -n 2 --dist loadgroup tests/api/test_contract_fuzz.py $(ARGS)

check: .venv/tools.txt postgresql  ## format, lint, types, rings, migrations, API description; no tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tests.postgres run -- $(BIN)/epro db check
	$(BIN)/epro openapi --check
	$(BIN)/epro routes --check

format: .venv/tools.txt  ## format the code and mend what ruff can mend safely
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .

lock: .venv/tools.txt  ## choose versions anew, from requirements*.in into requirements*.txt with hashes
	$(BIN)/uv pip compile $(LOCK_OPTIONS) requirements.in --output-file requirements.txt
	$(BIN)/uv pip compile $(LOCK_OPTIONS) requirements-dev.in --constraints requirements.txt \
		--output-file requirements-dev.txt

migration: .venv/tools.txt  ## write the next migration from the tables, as in m="add pauses"
	@test -n "$(m)" || { echo 'Say what it does: make migration m="add pauses"' >&2; exit 1; }
	$(BIN)/epro db new "$(m)"
	$(BIN)/ruff format --quiet migrations

openapi: .venv/product.txt  ## write docs/openapi.json and docs/access.md from the code
	$(BIN)/epro openapi
	$(BIN)/epro routes --write

trace: .venv/tools.txt postgresql browser node  ## run all tests and write docs/trace.md: requirement, test, result
	@$(BIN)/python -m pytest -n 2 --dist loadgroup --database both --trace-to=docs/trace.md $(ARGS)

validate: .venv/tools.txt postgresql browser node  ## run all tests and write var/validation/: requirement, risk, test, result
	@$(BIN)/python -m pytest -n 2 --dist loadgroup --database both --validate-to=var/validation $(ARGS)

rehearse: .venv/product.txt  ## live through the whole trial on a fast clock; ARGS="--seed 7 --out report"
	@$(BIN)/epro rehearse $(or $(ARGS),--out var/rehearsal)

clean:  ## remove the environment and the caches; data under var/ stay
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- what the commands above need -----------------------------------------------------------------

LOCK_OPTIONS = --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--upgrade --quiet --exclude-newer "$$(date -u -d '$(COOL_DOWN_DAYS) days ago' +%Y-%m-%dT00:00:00Z)"
PIP_INSTALL = $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input --require-hashes

# The copies of the locks in .venv say what is installed, and keep make from asking again.
.venv/tools.txt: requirements-dev.txt .venv/product.txt
	@echo "[3/3] Installing the test tools, once ..."
	@$(PIP_INSTALL) -r requirements-dev.txt
	@cp requirements-dev.txt $@

.venv/product.txt: requirements.txt | $(BIN)/epro
	@echo "[2/3] Installing the locked packages, once; about a minute ..."
	@$(PIP_INSTALL) -r requirements.txt
	@cp requirements.txt $@

# `epro` works from any folder: the environment knows where the checkout is.
$(BIN)/epro: | $(BIN)/pip
	@echo "$(CURDIR)" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/epro.pth"
	@printf '#!/bin/sh\nexec "%s" -P -m epro "$$@"\n' "$(CURDIR)/$(BIN)/python" > $@
	@chmod +x $@

$(BIN)/pip:
	@echo "[1/3] Making the environment in .venv ..."
	@python=; for name in python3.11 python3.12 python3.13 python3; do \
		if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "Python 3.11 or newer is needed. On Debian 12: apt-get install python3 python3-venv" >&2; exit 1; \
	fi; \
	if ! $$python -c 'import ensurepip, venv; ensurepip.version()' 2>/dev/null; then \
		$(call debian_packages,python3-venv,Python cannot make environments here.); \
	fi; \
	$$python -m venv .venv

# Tests and migration checks start a PostgreSQL of their own from these binaries; no service is needed.
.PHONY: postgresql
postgresql: .venv/product.txt
	@if ! $(BIN)/python -m tests.postgres check 2>/dev/null; then \
		own=/etc/postgresql-common/createcluster.d/epro-tests.conf; \
		if [ "$$(id -u)" = 0 ] && mkdir -p "$${own%/*}"; then echo 'create_main_cluster = false' > "$$own"; fi; \
		$(call debian_packages,postgresql,PostgreSQL 15 or newer is missing.); \
		rm -f "$$own"; \
		$(BIN)/python -m tests.postgres check; \
	fi

# Tests in a real browser use Debian's; its own fonts draw no Chinese.
.PHONY: browser
browser:
	@if ! command -v chromium >/dev/null || ! fc-list :lang=zh 2>/dev/null | grep -q .; then \
		$(call debian_packages,chromium fonts-noto-cjk fontconfig,The browser for the tests is missing.); \
	fi

# The phone's own reading of branching is compared with the server's through Node; the product needs none.
.PHONY: node
node:
	@if ! command -v node >/dev/null; then \
		$(call debian_packages,nodejs,Node is missing; tests compare two interpreters through it.); \
	fi

# $(call debian_packages,NAMES,REASON): as root on Debian install them, else say what to do and fail.
define debian_packages
if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	echo "      $(2) Installing Debian's $(1) ..."; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(1) >/dev/null; \
else \
	echo "$(2) Install it (on Debian: sudo apt-get install $(1)), then try again." >&2; exit 1; \
fi
endef
