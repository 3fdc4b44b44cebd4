# Everything is started by `python -m salon.embedded`; the first line of each recipe makes .venv where needed.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run test lint fmt bench soak messages shell

PYTHON3 ?= python3
RUN_ENVIRONMENT := $(PYTHON3) salon/embedded/bootstrap.py
DEV_ENVIRONMENT := $(RUN_ENVIRONMENT) --dev
PY := .venv/bin/python
DATA := $(or $(SALON_DATA_DIR),.data)

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile

run:  ## everything on this machine, until Ctrl-C (PORT, HOST, SALON_DATA_DIR, DATABASE_URL, REDIS_URL)
	@$(RUN_ENVIRONMENT)
	@$(PY) -m salon.embedded run

test:  ## lint, types, contracts, all tests, browser tests (ARGS="-k name" for pytest)
	@$(DEV_ENVIRONMENT)
	@$(PY) -m salon.embedded test -- $(ARGS)

lint:  ## style, types, import contracts, unused code and packages
	@$(DEV_ENVIRONMENT)
	@$(PY) -m salon.embedded lint

fmt:  ## format and repair what ruff can
	@$(DEV_ENVIRONMENT)
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench:  ## the figures of speed, with a database of their own (ARGS="--small")
	@$(DEV_ENVIRONMENT)
	@$(PY) -m salon.embedded exec --data $(DATA)/bench -- $(PY) -m tests.bench $(ARGS)

soak:  ## the tests of reliability at full length, before a release (ARGS="tests/api/test_fuzz.py")
	@$(DEV_ENVIRONMENT)
	@$(PY) -m salon.embedded soak -- $(ARGS)

messages:  ## collect and compile what is to be translated
	@$(DEV_ENVIRONMENT)
	@$(PY) -m salon.embedded exec --ephemeral -- $(PY) manage.py messages $(ARGS)

shell:  ## Django's shell on the database of `make run`
	@$(RUN_ENVIRONMENT)
	@$(PY) -m salon.embedded exec -- $(PY) manage.py shell $(ARGS)
