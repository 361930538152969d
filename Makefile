# make demo   set up .venv, solve the first case, say where the results are
# make test   set up .venv with the test tools, run the tests
# make docs   set up .venv with Sphinx, run the cases and the verification, build docs/_build/html
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO_CASE ?= cases/01_sfn_trilayer.toml
DEMO_OUT ?= demo.out

# small matrices: one BLAS thread is fastest, and the numbers do not depend on the machine
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: demo test test-all lint format docs bench bench-large figures clean help

help:
	@echo "make demo | test | test-all | lint | format | docs | bench | bench-large | figures | clean"

$(VENV)/.base: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "usadel_fem needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

$(VENV)/.docs: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@touch $@

demo: $(VENV)/.base
	$(BIN)/usadel-fem run $(DEMO_CASE) -o $(DEMO_OUT)
	@echo
	@echo "fields for ParaView: $(DEMO_OUT)/fields.vtu"
	@echo "everything:          $(DEMO_OUT)/result.h5   (usadel-fem info $(DEMO_OUT))"
	@echo "numbers:             $(DEMO_OUT)/summary.json"

test: $(VENV)/.dev
	@$(BIN)/python -m pytest -q

test-all: $(VENV)/.dev
	@$(BIN)/python -m pytest -q -m "slow or not slow"

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# what was computed for the pages is kept in docs/_build/kept until it would come out otherwise
docs: $(VENV)/.docs
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --color -b html -d docs/_build/doctrees docs docs/_build/html
	@echo "documentation: docs/_build/html/index.html"

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

bench-large: $(VENV)/.dev
	$(BIN)/python -m benchmarks --large against_direct scaling million

figures: $(VENV)/.dev
	$(BIN)/python docs/figures.py
	$(BIN)/python docs/paraview.py

clean:
	rm -rf $(VENV) $(DEMO_OUT) build dist docs/_build docs/generated .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
