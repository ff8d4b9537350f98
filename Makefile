# Two commands on a fresh machine: `make run` and `make test`. The second time each takes seconds.
#
#   make run [PORT=8501] [SPEED=60] [SCALE=1] [HOST=127.0.0.1]   the dashboard with the built-in July 2022
#   make test       every test, Chromium included        make lint    style, types, imports, SQL
#   make bench      every figure beside its baseline
#   make soak       100 kills, 1,000 orders, 50,000 bad files, 50 viewers, 3,000 files one by one, 50,000 files of one row
#   make clean      removes what these made, never your data (var/)

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := run
.PHONY: run test lint bench soak clean

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --progress-bar on -c constraints.txt
PORT ?= 8501
HOST ?= 127.0.0.1
SPEED ?= 60
SCALE ?=
KILLS ?= 100
ORDERS ?= 1000
VIEWERS ?= 50
FUZZ ?= 50000
COMMITS ?= 3000
JOBS ?= 4
ARGS ?=

run: $(VENV)/.installed
	@exec $(BIN)/wangge run --demo --port $(PORT) --host $(HOST) --speed $(SPEED) $(if $(SCALE),--scale $(SCALE))

# What one process compiled, the hundred that the tests start need not compile again, whatever the machine's habit.
test: $(VENV)/.installed-dev $(VENV)/.chromium
	PYTHONDONTWRITEBYTECODE= WANGGE_CHROMIUM="$$(cat $(VENV)/.chromium)" $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tests/architecture/sql_style.py queries

bench: $(VENV)/.installed-dev $(VENV)/.chromium
	WANGGE_CHROMIUM="$$(cat $(VENV)/.chromium)" $(BIN)/python -m tests.benchmarks $(ARGS)

soak: $(VENV)/.installed-dev
	WANGGE_TEST_KILLS=$(KILLS) $(BIN)/python -m pytest -m soak $(ARGS)
	WANGGE_TEST_KILLS=$(KILLS) $(BIN)/python -m pytest tests/data/test_exactly_once.py tests/data/test_erasure.py tests/data/test_quarantine.py tests/data/test_move_lake.py \
		tests/data/test_corpus.py tests/data/test_robustness.py $(ARGS)
	WANGGE_TEST_ORDERS=$(ORDERS) $(BIN)/python -m pytest tests/data/test_any_order.py tests/data/test_rounds_in_force.py tests/data/test_orders.py $(ARGS)
	WANGGE_TEST_FUZZ=$(FUZZ) $(BIN)/python -m pytest tests/data/test_reading_fuzz.py $(ARGS)
	$(BIN)/python -m tests.benchmarks.viewers --count $(VIEWERS)
	$(BIN)/python -m tests.benchmarks.keeping_up --commits $(COMMITS)
	$(BIN)/python -m tests.benchmarks.keeping_up --commits $(COMMITS) --postgres
	$(BIN)/python -m tests.benchmarks.long_file
	$(BIN)/python -m tests.benchmarks.small_files
	$(BIN)/python -m tests.benchmarks.history
	$(BIN)/python -m tests.benchmarks.sandboxed

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find dashboard data geo tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A virtual environment with the newest Python that the pinned packages are tested with.
$(VENV)/bin/python:
	@.ci/make_venv $(VENV)

$(VENV)/.installed: requirements.txt constraints.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what Wangge needs (a few minutes the first time) …"
	$(PIP) -r requirements.txt
	$(PIP) --quiet -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing what the tests need …"
	$(PIP) -r requirements-dev.txt
	@touch $@

$(VENV)/.chromium: | $(VENV)/.installed-dev
	@.ci/find_chromium > $@.aside && mv $@.aside $@
	@echo "Tests draw pages in $$(cat $@)."
