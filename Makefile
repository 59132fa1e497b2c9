# Two words to start: `make demo`. Everything lives in .venv; nothing outside this folder is touched.
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench bench-api bench-console faults scenarios shift api-fuzz screenshots privacy-scan

VENV := .venv
READY := $(VENV)/.ready

help:
	@echo "make demo    a shop, a burst of orders and the console, on this machine alone"
	@echo "make test    the test suite"
	@echo "make lint    ruff, mypy and the import contracts"
	@echo "make bench   the measurements"
	@echo "make bench-api  the HTTP interface over a hundred thousand orders"
	@echo "make bench-console  the console at a million orders (made once, 20 GB); ROWS=… for fewer, ONLY=… for some"
	@echo "make faults  kill, freeze, cut, lie at every commit and call (slow); ONLY=… SEED=… repeats one"
	@echo "make scenarios  a week offline, a viral hour, an outage of hours…; ends when all books agree; ONLY=… SEED=…"
	@echo "make shift   200 orders worked by keyboard in a real terminal, twice (slow; needs tmux)"
	@echo "make api-fuzz  the REST interface by Schemathesis with all its checks, 5,000 cases and more; CASES=… SEED=…"
	@echo "make screenshots  the README's pictures, drawn again"
	@echo "make privacy-scan  a shop of invented people is worked, then every trace is searched for them"
	@echo "make setup   only install (the others do it when needed)"

setup: $(READY)
	@:

# The search for Python is in the recipe, so that a finished setup costs nothing.
$(READY): pyproject.toml constraints.txt
	@set -eu; \
	good='import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'; \
	if ! $(VENV)/bin/python -c "$$good" 2>/dev/null; then \
	  found=; old=; \
	  for candidate in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	    command -v $$candidate >/dev/null 2>&1 || continue; \
	    if $$candidate -c "$$good" 2>/dev/null; then found=$$candidate; break; fi; \
	    old="$$old$$candidate: $$($$candidate --version 2>&1 || true); "; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "Orders TUI needs Python 3.11 or newer with its venv module (found: $${old:-no python3 at all}); install python3 and python3-venv, or name one: make setup PYTHON=/path/to/python3" >&2; \
	    exit 1; \
	  fi; \
	  echo "Making $(VENV) with $$($$found --version)."; \
	  $$found -m venv --clear $(VENV) || { echo "Python could not make $(VENV) (reason above); mend it and run make setup again." >&2; exit 1; }; \
	fi; \
	echo "Installing into $(VENV) (once, about a minute)."; \
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --use-pep517 -c constraints.txt -e '.[dev]' \
	  || { echo "The packages could not be installed (reason above); is the package index reachable? Then run make setup again." >&2; exit 1; }
	@touch $@

demo: $(READY)
	@$(VENV)/bin/orders-tui demo

test: $(READY)
	@PYTHONDONTWRITEBYTECODE= $(VENV)/bin/python -m pytest -n 4 --dist worksteal

lint: $(READY)
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

bench: $(READY)
	@$(VENV)/bin/python -m tests.bench

bench-api: $(READY)
	@$(VENV)/bin/python -m tests.bench.api

bench-console: $(READY)
	@$(VENV)/bin/python -m tests.bench.console $(if $(ROWS),--rows $(ROWS)) $(if $(ONLY),--only '$(ONLY)')

faults: $(READY)
	@$(VENV)/bin/python -m tests.faults $(if $(ONLY),--only '$(ONLY)') $(if $(SEED),--seed $(SEED))

scenarios: $(READY)
	@$(VENV)/bin/python -m tests.scenarios $(if $(ONLY),--only '$(ONLY)') $(if $(SEED),--seed $(SEED))

shift: $(READY)
	@$(VENV)/bin/python -m tests.shift $(if $(SIZE),--size '$(SIZE)')

api-fuzz: $(READY)
	@$(VENV)/bin/python -m tests.fuzz $(if $(SEED),--seed $(SEED)) $(if $(CASES),--cases $(CASES))

screenshots: $(READY)
	@$(VENV)/bin/python -m tests.screenshots

privacy-scan: $(READY)
	@$(VENV)/bin/python -m tests.privacy_scan $(if $(ORDERS),--orders $(ORDERS)) $(if $(SEED),--seed $(SEED))
