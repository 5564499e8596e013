# Needs python3 (3.11 or newer) and make. Everything else is put into .venv, from files whose hashes are in .ci/.
PYTHON ?= python3
BIN := .venv/bin
SHELL := /bin/bash

# Two stamps: what the app needs, and what the tests and checks need on top. Each is older than its lock when stale.
APP := .venv/.app
DEV := .venv/.dev

# Without its compiled modules every worker and every process of the tests would compile them anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run test lint bench soak screenshots docs notebooks lock

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(APP) ## make .venv with the pinned dependencies and .venv/bin/workbench

# The build backend is in the lock as well, hence no build isolation, and no index: this step downloads nothing.
$(APP): .ci/requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "python 3.11 or newer is needed; name one: make PYTHON=/path/to/python")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --disable-pip-version-check --quiet --require-hashes -r .ci/requirements.txt
	$(BIN)/pip install --disable-pip-version-check --quiet --no-deps --no-index --no-build-isolation -e .
	@touch $@

$(DEV): $(APP) .ci/requirements-dev.txt .ci/requirements-neighbours.txt
	$(BIN)/pip install --disable-pip-version-check --quiet --require-hashes -r .ci/requirements-dev.txt
	$(BIN)/pip install --disable-pip-version-check --quiet --require-hashes --no-warn-conflicts --upgrade \
	  --target .venv/neighbours -r .ci/requirements-neighbours.txt
	@touch $@

# Without exports of one's own (a build in data/, or WORKBENCH_HOME or WORKBENCH_SOURCE in the environment or .env)
# the app opens on the sample, which lives in a HOME of its own. Exit 3 means published, with a file refused.
run: $(APP) ## run the ETL and open the app on 127.0.0.1:8501, with the sample if there is no data
	@if [ -z "$$WORKBENCH_HOME$$WORKBENCH_SOURCE" ] && [ ! -e data/warehouse/current ] \
	    && ! grep -qsE '^(export )?WORKBENCH_(HOME|SOURCE)=' .env; then \
	  export WORKBENCH_HOME=data/sample WORKBENCH_SOURCE=data/sample/exports; \
	  [ -d data/sample/exports ] || $(BIN)/workbench sample || exit; \
	fi; \
	$(BIN)/workbench etl run || [ $$? -eq 3 ] || exit; \
	$(BIN)/workbench charter review >/dev/null || exit; \
	exec $(BIN)/workbench serve

# Three workers for two cores: a quarter of the time of the tests is waiting, for a browser or another process. Files
# begin in the order of tests/conftest.py, the longest first; by themselves they would by their numbers of tests.
test: $(DEV) ## every test but the soak
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder --durations 15

lint: $(DEV) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict workbench

bench: $(DEV) ## the full ETL against DuckDB's own copy of the same files; the pages against plain Streamlit; answers; mail
	$(BIN)/python tests/bench.py
	$(BIN)/python tests/bench_pages.py
	$(BIN)/python tests/bench_surveys.py
	$(BIN)/python tests/bench_mail.py

soak: $(DEV) ## the long tests: 25 kills, the full splits, every page in every look, 29 syncs with faults, 54 sendings with kills
	$(BIN)/pytest -m soak -n 2 --dist loadfile --durations 15

screenshots: $(DEV) ## pictures of every page on the sample, into docs/pages
	$(BIN)/python tests/screenshots.py

docs: $(APP) ## the documents as a small site, into dist/docs
	$(BIN)/python docs/site.py

# JupyterLab is no part of the app or of its tests; the kernel it runs is that of .venv, with the workbench in it.
NOTEBOOKS := .venv/.notebooks
$(NOTEBOOKS): $(APP)
	$(BIN)/pip install --disable-pip-version-check --quiet --no-build-isolation -e '.[notebooks]'
	@touch $@

notebooks: $(NOTEBOOKS) ## open JupyterLab on notebooks/
	$(BIN)/jupyter lab --notebook-dir=notebooks

# Pins that still fit are kept; delete the files first to get the newest of everything.
COMPILE := $(BIN)/uv pip compile --no-config --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --quiet
lock: $(DEV) ## write .ci/requirements*.txt anew from pyproject.toml
	$(COMPILE) pyproject.toml --group build --group dev -o .ci/requirements-dev.txt
	$(COMPILE) pyproject.toml --group build -c .ci/requirements-dev.txt -o .ci/requirements.txt
	$(COMPILE) --group pyproject.toml:neighbours -o .ci/requirements-neighbours.txt
