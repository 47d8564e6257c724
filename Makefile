# Needs Python 3.11 to 3.13, pip and git; everything else comes into .venv from uv.lock.
# Package indexes are pip's and uv's own settings; none is named here.

PYTHON ?= python3
BIN := .venv/bin
# The oldest uv that was tried with this lock file.
UV := uv>=0.11,<1
# Take the interpreter that .venv was made with; never download another.
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv
unexport VIRTUAL_ENV
# Trust what the machine trusts: behind a company's proxy uv's own list of authorities is not enough.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS ?= true
endif

.PHONY: help venv check test fuzz mlflow demo bench docs clean

help: ## what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

venv: .venv/.synced ## .venv with everything that uv.lock names

# Bytecode is compiled here, once: where PYTHONDONTWRITEBYTECODE is set, as in many containers, each process would
# otherwise compile all it imports anew (measured: the demo took 81 s of CPU instead of 44).
.venv/.synced: pyproject.toml uv.lock hatch_build.py
	@test -x $(BIN)/python || { echo "[1/3] creating .venv"; ./.ci/make-venv "$(PYTHON)"; }
	@echo "[2/3] installing uv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$(UV)"
	@echo "[3/3] installing what uv.lock names"
	@$(BIN)/uv sync --locked --compile-bytecode
	@touch $@

check: venv ## format, lint, types, import contracts, lock file
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/uv lock --check

# Two processes, a file of tests at a time, long ones (acceptance, faults) first; more than two processes starve the
# real servers that tests start and wait for.
JOBS ?= 2

test: venv ## the whole suite (ARGS="-k name" for a part, JOBS=0 in one process)
	$(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

# By coverage where there are wheels of Atheris (Linux on x86-64), with the suite's own damage elsewhere.
TIME ?= 60

fuzz: .venv-fuzz/.synced ## every parser of foreign bytes, TIME seconds each (ARGS="warc dsse" for some)
	.venv-fuzz/bin/python tests/fuzz/fuzz_run.py --seconds $(TIME) $(ARGS)

.venv-fuzz/.synced: .venv/.synced uv.lock
	@test -x .venv-fuzz/bin/python || $(BIN)/python -m venv --without-pip .venv-fuzz
	@UV_PROJECT_ENVIRONMENT=.venv-fuzz $(BIN)/uv sync --quiet --locked --no-default-groups --group fuzz
	@touch $@

mlflow: .venv-mlflow/.synced ## a real MLflow server for its acceptance test, in .venv-mlflow

# In an environment of its own, from the same lock file: the engine never imports it.
.venv-mlflow/.synced: .venv/.synced uv.lock
	@test -x .venv-mlflow/bin/python || $(BIN)/python -m venv --without-pip .venv-mlflow
	@UV_PROJECT_ENVIRONMENT=.venv-mlflow $(BIN)/uv sync --quiet --locked --only-group mlflow --compile-bytecode
	@touch $@

demo: venv ## the demo story; stays up until Ctrl-C (ONCE=1 ends by itself)
	@ONCE=$(ONCE) $(BIN)/python -m examples.demo

bench: venv ## measured claims, bench/RESULTS.md (ARGS="g3 --quick" for a part)
	@$(BIN)/uv sync --quiet --locked --group bench
	$(BIN)/python -m bench.run $(ARGS)

docs: venv ## docs/gates.md from the gates, tables of docs/glossary.md
	$(BIN)/python docs/gate_sheets.py
	$(BIN)/python docs/state_table.py

clean: ## remove .venv, caches and build results; data is not touched
	rm -rf .venv .venv-mlflow .venv-fuzz dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
