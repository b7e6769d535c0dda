# The commands of a working copy. `make demo` and `make test` need Python 3.11 or later, git and make, nothing else.
# What they install comes from the hashed locks in requirements/; a second run with the same lock installs nothing.
# A lock is complete: `--no-deps` keeps pip from looking for what else there might be, `pip check` proves that it was.

VENV ?= .venv
ARGS ?=
LOCK ?=
IMAGE ?= modelgate
BUILDER ?= $(shell command -v docker || command -v podman || command -v buildah)
PYTHON ?= $(shell for python in python3 python3.15 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
# Twice as many as there are cores: many a test waits for a deadline.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1) * 2)')
# A worker that has nothing left takes over half of what another has: whole folders of long tests are no worker's alone.
PARALLEL = --numprocesses $(WORKERS) --dist worksteal
PIP = $(VENV)/bin/python -m pip --quiet --disable-pip-version-check --no-input

.PHONY: help demo test slow bench fire fuzz lint format types contracts docs site lock image
.DELETE_ON_ERROR:

unexport PYTHONDONTWRITEBYTECODE  # tests start thousands of processes, which would compile the package each

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*##/  make \1\t/p' Makefile | expand -t 18

demo: $(VENV)/all.stamp  ## install, then run the gate's main job step by step against a local stand-in of the API
	@$(VENV)/bin/modelgate demo $(ARGS)

test: $(VENV)/dev.stamp  ## install, then run what a change can break; ARGS="-k word" runs some, ARGS=--cov measures
	@echo "One file, in a second: $(VENV)/bin/pytest tests/unit/domain/test_times.py"
	@$(VENV)/bin/python -m pytest $(PARALLEL) $(ARGS)

slow: $(VENV)/dev.stamp  ## install, then run the tests that take long: crowds, kills at many points, every combination
	@$(VENV)/bin/python -m pytest $(PARALLEL) --slow $(ARGS)

bench: $(VENV)/dev.stamp  ## measure the gate beside a plain script; ARGS=--full takes an hour and 10 GB
	@$(VENV)/bin/python benchmarks/run.py $(ARGS)

fire: $(VENV)/dev.stamp  ## install, then try every fault everywhere and print how many were tried and survived
	@$(VENV)/bin/python -m pytest $(PARALLEL) tests/fire --fire $(ARGS)

fuzz: $(VENV)/dev.stamp  ## install, then feed each reader of strangers' texts for MINUTES (10)
	@$(VENV)/bin/python -m pytest $(PARALLEL) tests/fire/test_fire_fuzz.py --minutes $(or $(MINUTES),10) $(ARGS)

lint: $(VENV)/dev.stamp  ## ruff: lint and format, without changing a file
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

format: $(VENV)/dev.stamp  ## ruff: fix and format
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

types: $(VENV)/dev.stamp  ## mypy --strict
	$(VENV)/bin/mypy

contracts: $(VENV)/dev.stamp  ## import-linter: who may import whom
	$(VENV)/bin/lint-imports

docs: $(VENV)/dev.stamp  ## write docs/commands.md anew
	$(VENV)/bin/python tests/support/command_page.py > docs/commands.md

site: $(VENV)/dev.stamp  ## build the documents as a site with search, into site/
	@$(VENV)/bin/python tests/support/site_pages.py build/pages > /dev/null
	@$(VENV)/bin/zensical build --clean --strict

lock: $(VENV)/dev.stamp  ## write requirements/*.txt anew; LOCK=--upgrade takes the newest versions
	PATH="$(abspath $(VENV))/bin:$$PATH" requirements/lock.sh $(LOCK)

image:  ## build the container image; BUILDER=docker, podman or buildah
	@test -n "$(BUILDER)" || { echo "no builder of images was found: install docker, podman or buildah" >&2; exit 2; }
	$(BUILDER) build --tag $(IMAGE) --build-arg REVISION="$$(git rev-parse HEAD)" \
	  --build-arg VERSION="$$(sed -n 's/^VERSION = "\(.*\)"/\1/p' modelgate/version.py)" .

$(VENV)/%.stamp: requirements/%.txt requirements/build.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing requirements/$*.txt into $(VENV)"
	@$(PIP) install --no-deps --require-hashes --requirement requirements/build.txt --requirement requirements/$*.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(PIP) check
	@touch $@

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later was not found; name one: make PYTHON=/path/to/python3" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python's venv module does not work here; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
