# `make` lists what can be made. Everything runs in .venv, and the stamps in it make a second start quick.

PYTHON ?= python3
PORT ?= $(or $(shell sed -n 's/^PORT=//p' .env 2>/dev/null),8000)
PYTEST_ARGS ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# The extras stay in the lock files: without them pip 23 looks for the newest release of, say, coverage[toml]
# and then refuses it for want of a hash.
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header --no-strip-extras

.DEFAULT_GOAL := help
.PHONY: help run test soak bench benchjobs check fix lock screenshots
.DELETE_ON_ERROR:

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

# --- The virtual environment ------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing the locked dependencies into .venv (the first time takes a minute)."
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: requirements-dev.txt pyproject.toml | $(BIN)/python
	@echo "Installing the locked development dependencies into .venv (the first time takes a minute)."
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ .venv/run.stamp  # they hold those of `make run`

# --- Running ----------------------------------------------------------------------------------

define PROBE_PORT
import socket, sys
with socket.socket() as probe:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", int("$(PORT)")))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"PORT=$(PORT) can't be used ({error}). Choose another one: make run PORT=$(if $(filter 8010,$(PORT)),8020,8010)")
endef

run: export DEBUG := 1
run: export PORT := $(PORT)
run: export PROBE_PORT := $(PROBE_PORT)
run: .venv/run.stamp ## Start it with demo data on PORT (8000); Ctrl-C ends it
	@$(BIN)/python -c "$$PROBE_PORT"
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py seeddemo --if-empty
	@export BASE_URL="$$($(BIN)/python -c 'from tokenportal.settings import BASE_URL; print(BASE_URL)')"; \
	echo; printf '  %-14s %s\n' "Token Portal" "$$BASE_URL" \
		"Sign in as" "ada@example.com, or admin@example.com, who administers" \
		"Password" "demo-only-password"; \
	echo; \
	PATH="$(CURDIR)/$(BIN):$$PATH" exec $(BIN)/honcho --env /dev/null start

# --- Tests and checks -------------------------------------------------------------------------

test: .venv/dev.stamp ## Run every test that can run here (PYTEST_ARGS="-k name")
	@$(BIN)/pytest -n 2 $(PYTEST_ARGS)

SOAK_TESTS := tests/system/test_mails.py tests/system/test_races.py
soak: .venv/dev.stamp ## Run in full what the tests do in small: kills, outages, restarts; minutes
	@SOAK=1 $(BIN)/pytest -n 0 -o faulthandler_timeout=3600 $(SOAK_TESTS) $(PYTEST_ARGS)
	@DATABASE_URL= SOAK=1 $(BIN)/pytest -n 0 tests/system/test_races.py $(PYTEST_ARGS)

BENCH_ARGS ?=
.venv-bench/stamp: requirements.txt bench/requirements.txt
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip --quiet --disable-pip-version-check install \
		--require-hashes -r requirements.txt -r bench/requirements.txt
	@touch $@

bench: .venv-bench/stamp ## Measure verification beside its peers (DATABASE_URL, wrk; BENCH_ARGS=--short for a try)
	@.venv-bench/bin/python -m bench $(BENCH_ARGS)

benchjobs: .venv/dev.stamp ## Measure the flagging job; the first time it makes a million tokens
	@$(BIN)/python bench/jobs.py
	@$(BIN)/python bench/scan.py

screenshots: .venv/dev.stamp ## Take pictures of every page, state, width and theme into screenshots/
	@rm -rf screenshots
	@$(BIN)/pytest -n 2 --quiet tests/browser/screenshots.py $(PYTEST_ARGS)

# Settings such as a server has, with keys that live as long as the command.
random = $(shell head -c 48 /dev/urandom | base64 -w 0)
check: export DEBUG := off
check: export SECRET_KEY = $(random)
check: export TOKEN_PEPPERS = 1:$(random)
check: export ALLOWED_HOSTS := portal.example.org
check: export BASE_URL := https://portal.example.org
check: export DATABASE_URL := sqlite://:memory:
check: export REDIS_URL := redis://localhost
check: export EMAIL_URL := smtp://localhost
check: .venv/dev.stamp ## Lint, types, templates, layers, migrations, deployment settings
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check
	$(BIN)/python manage.py check --deploy --fail-level WARNING

fix: .venv/dev.stamp ## Mend what ruff can mend, and format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: .venv/dev.stamp ## Write the lock files from pyproject.toml (UV_ARGS=--upgrade for newer releases)
	$(UV_COMPILE) $(UV_ARGS) --output-file requirements.txt pyproject.toml
	$(UV_COMPILE) $(UV_ARGS) --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml
	$(UV_COMPILE) $(UV_ARGS) --constraint requirements.txt --output-file bench/requirements.txt bench/requirements.in
