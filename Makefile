# mintmark: `make` alone prints this list.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2

help:  ## print the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready  ## make .venv from the locked, hash-checked requirements

$(VENV)/.ready: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mintmark needs Python 3.11 or newer; try: make PYTHON=python3.12 setup")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --requirement requirements-dev.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup  ## the whole story on an embedded database
	@$(BIN)/mintmark demo

test: setup pgbouncer prometheus  ## the whole suite, in parallel, against a throwaway embedded Postgres
	@$(BIN)/pytest --numprocesses $(WORKERS)

pgbouncer:  ## install it where it is missing and may be: the tests behind a pooler need it
	@tests/pooler/install

prometheus:  ## fetch it where it is missing and may be: the tests of the alarms need it
	@tests/monitoring/install

check: setup  ## ruff, mypy strict, the arrows of the house
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/pytest --quiet tests/house

fix: setup  ## format, and mend what ruff can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: setup  ## measure, beside the floor on the same server
	@$(BIN)/mintmark bench

lock:  ## renew the lock files (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet pyproject.toml --output-file requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet pyproject.toml --extra otel --constraint requirements.lock --output-file requirements-otel.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet pyproject.toml --all-extras --group dev --output-file requirements-dev.lock

chaos: setup pgbouncer  ## the faults in full, about an hour; draws the scorecard of docs/guarantees.md
	@rm -f .scorecard
	@CHAOS_LANE=long SCORECARD=.scorecard $(BIN)/pytest tests/chaos --numprocesses $(WORKERS) --timeout 7200 -rs; code=$$?; \
	  $(BIN)/python -m tests.chaos.scorecard .scorecard docs/guarantees.md; exit $$code

dashboards: setup  ## write Grafana's boards; DOCS=URL, where docs/ is read, links their runbooks
	@$(BIN)/python -m deploy.grafana.build $(if $(DOCS),--docs $(DOCS))

pictures: setup prometheus  ## draw the boards of docs/dashboards.md anew, from two minutes of real work
	@PICTURES=docs/pictures $(BIN)/pytest tests/dashboards/test_answers.py -rs

clean:  ## remove the virtual environment and the embedded database
	rm -rf $(VENV) .mintmark

.PHONY: help setup demo test pgbouncer prometheus check fix bench chaos lock dashboards pictures clean
