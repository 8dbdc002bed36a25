# `make help` lists the targets: the text behind ## is what it prints.

PYTHON ?= python3
VENV ?= .venv
DEMO_VENV ?= .venv-demo
WHEELHOUSE ?= .wheelhouse
WORKERS ?= 2
EMBENCH_SHARED ?= ../shared
# Where a virtual environment has its programs.
BIN = $(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP_INSTALL = pip install --quiet --disable-pip-version-check --constraint constraints.txt
COMPILE = uv pip compile --quiet pyproject.toml .github/locks/tools.in --constraint constraints.txt --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate
# make test LOCKED=1 installs what the workflow of the tests does: by hash, and torch by its version.
LOCKED ?=
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
PYTEST = pytest --numprocesses $(WORKERS) --dist loadgroup
APT_INSTALL = apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends

.DEFAULT_GOAL := help
.PHONY: help demo test quick lint types js submissions unit browser node lowest newest hooks lock licences docs links notebooks release-data build digests baselines references generated board pages card clean

help:  ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "make %-14s%s\n", $$1, $$2 }' Makefile

demo: $(DEMO_VENV)/.ready  ## score the published MODEL-3 predictions, in an environment with the core of embench
	$(DEMO_VENV)/$(BIN)/embench evaluate leaderboard/submissions/model-3/published.csv

test: lint types js unit  ## install everything that the checks and tests need, and run all of them

quick: $(VENV)/.ready  ## run the tests without the slow ones, in less than two minutes
	$(VENV)/$(BIN)/$(PYTEST) -m "not slow"

lint: $(VENV)/.ready  ## check style and format (ruff)
	$(VENV)/$(BIN)/ruff check .
	$(VENV)/$(BIN)/ruff format --check .

types: $(VENV)/.ready  ## check types (mypy)
	$(VENV)/$(BIN)/mypy

js: node  ## check the scripts of the site (biome), and test how they sort and filter (node)
	@npm ci --ignore-scripts --silent
	npm run --silent lint
	npm run --silent test

submissions: $(VENV)/.ready  ## check all submissions: descriptions against the schema, files, coverage, signs of trouble
	$(VENV)/$(BIN)/embench leaderboard check

unit: $(VENV)/.ready $(WHEELHOUSE)/.ready browser node_modules/axe-core/axe.min.js  ## run all Python tests
	EMBENCH_WHEELHOUSE=$(abspath $(WHEELHOUSE)) $(VENV)/$(BIN)/$(PYTEST)

# The pages are looked at in a real browser; where none is found, Debian's is installed.
browser:  ## see to it that there is a browser for the tests that look at pages
	@[ -n "$$EMBENCH_CHROMIUM" ] || command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
		command -v apt-get >/dev/null && $(APT_INSTALL) chromium >/dev/null; } || { \
		echo "the tests need the browser chromium, and it cannot be installed here: install it, or set EMBENCH_CHROMIUM" >&2; exit 1; }

# What the pages are checked for barriers to people with.
node_modules/axe-core/axe.min.js: package-lock.json | node
	@npm ci --ignore-scripts --silent

node:  ## see to it that there are node and npm for the tests of the site's scripts
	@{ command -v node && command -v npm; } >/dev/null || { \
		command -v apt-get >/dev/null && $(APT_INSTALL) nodejs npm >/dev/null; } || { \
		echo "the tests need node 18 or newer and npm, and they cannot be installed here: install them" >&2; exit 1; }

# Which versions the ranges in pyproject.toml admit is tried at both ends, without constraints.txt.
lowest: .venv-lowest/.ready  ## run the quick tests with the oldest versions of the dependencies
	.venv-lowest/$(BIN)/$(PYTEST) -m "not slow"

newest: .venv-newest/.ready  ## run the quick tests with the newest versions of the dependencies
	.venv-newest/$(BIN)/$(PYTEST) -m "not slow"

hooks: $(VENV)/.ready node  ## have git run the checks of .pre-commit-config.yaml before each commit
	@npm ci --ignore-scripts --silent
	$(VENV)/$(BIN)/pre-commit install

# What the workflows with a base branch's rights install, and what those of the tests do. torch is left out of the second:
# its build for the CPU is on an index of its own (docs/security.md).
lock:  ## renew the locks with hashes from which the workflows install
	$(PYTHON) -m venv .venv-lock
	.venv-lock/$(BIN)/pip install --quiet --disable-pip-version-check uv
	.venv-lock/$(BIN)/$(COMPILE) --extra leaderboard --extra hub --extra docs \
		--output-file .github/locks/checks.txt
	.venv-lock/$(BIN)/$(COMPILE) --extra test --extra lint --override .github/locks/without-cuda.txt \
		--no-emit-package torch --output-file .github/locks/tests.txt

licences: $(VENV)/.ready  ## renew the page of the dependencies' licences
	$(VENV)/$(BIN)/python -m tests.licences docs/licences.md

docs: $(VENV)/.ready  ## build the documentation into build/docs/html; warnings and dead links are errors
	$(VENV)/$(BIN)/python -m docs.build build/docs

links: $(VENV)/.ready  ## follow the links of the documentation to other sites, which needs a network
	$(VENV)/$(BIN)/python -m docs.build build/docs --links

notebooks: $(VENV)/.ready  ## run the notebooks in examples/ and renew their outputs
	$(VENV)/$(BIN)/python -m docs.notebooks

release-data:  ## fetch the raw release that some tests compare with into EMBENCH_SHARED (../shared)
	$(PYTHON) -m tests.release_data $(EMBENCH_SHARED)

build: $(VENV)/.ready  ## rebuild the dataset from the raw release (UPSTREAM=folder)
	$(VENV)/$(BIN)/embench build $(or $(UPSTREAM),../shared/upstream)
	$(VENV)/$(BIN)/embench hub digests
	$(VENV)/$(BIN)/embench build-version
	$(VENV)/$(BIN)/embench hub digests

digests: $(VENV)/.ready  ## renew the digests of what embench ships, after dataset, splits or weights were meant to change
	$(VENV)/$(BIN)/embench hub digests

pages: $(VENV)/.ready  ## renew the generated pages in docs/
	$(VENV)/$(BIN)/embench data describe --out docs/dataset.md
	$(VENV)/$(BIN)/embench data fields --page docs/new-data.md
	$(VENV)/$(BIN)/embench data audit --out docs/label-audit.md
	$(VENV)/$(BIN)/embench data paths --out docs/relaxed-paths.md
	$(VENV)/$(BIN)/embench splits audit --out docs/leakage.md
	$(VENV)/$(BIN)/embench neb table --out docs/neb-results.md
	$(VENV)/$(BIN)/embench baseline table --out docs/baseline-results.md
	$(VENV)/$(BIN)/embench baseline transfer --out docs/oxygen-vacancies.md
	$(VENV)/$(BIN)/embench neb worth --out docs/hops-worth-computing.md
	$(VENV)/$(BIN)/embench model examples --out embench/prediction/examples.jsonl

# What follows from the registries of protocols, metrics and columns and from the submissions. The dataset and the runs of
# the baselines are not among it: make build and make baselines renew those.
generated: $(VENV)/.ready  ## renew everything that is generated: splits, digests, schema, tables, pages, board, card
	$(VENV)/$(BIN)/embench splits make
	$(MAKE) digests
	$(VENV)/$(BIN)/embench build-version
	$(MAKE) digests
	$(VENV)/$(BIN)/embench data consensus
	$(MAKE) digests
	$(VENV)/$(BIN)/embench splits table
	$(VENV)/$(BIN)/embench leaderboard schema --out leaderboard/submission.schema.json
	$(MAKE) pages board card

# The site goes to leaderboard/site, which is not committed.
board: $(VENV)/.ready  ## score all submissions again and renew the leaderboard
	$(VENV)/$(BIN)/embench leaderboard build --page README.md

# What missing entries are scored with: it changes the scores of all systems that lack some.
references: $(VENV)/.ready  ## renew the worst reference predictions, from the baselines and the literature
	$(VENV)/$(BIN)/embench leaderboard references --out embench/evaluation/references.json

card: $(VENV)/.ready  ## renew dataset_card/, the dataset as it goes to the hub
	$(VENV)/$(BIN)/embench hub export dataset_card

baselines: $(VENV)/.ready  ## run all baselines again and renew their predictions, submissions and page
	$(VENV)/$(BIN)/embench baseline run-all --workers $(WORKERS)
	$(VENV)/$(BIN)/embench baseline table --out docs/baseline-results.md
	$(MAKE) references

clean:  ## remove environments, wheels and builds
	rm -rf $(VENV) $(DEMO_VENV) .venv-lowest .venv-newest $(WHEELHOUSE) node_modules build dist *.egg-info

$(DEMO_VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("embench needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(DEMO_VENV)
	$(DEMO_VENV)/$(BIN)/$(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("embench needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)
ifeq ($(LOCKED),)
	$(VENV)/$(BIN)/$(PIP_INSTALL) --editable '.[test,lint]'
else
	$(VENV)/$(BIN)/pip install --quiet --require-hashes --no-deps --requirement .github/locks/tests.txt
	$(VENV)/$(BIN)/$(PIP_INSTALL) --no-deps --index-url $(TORCH_INDEX) torch
	$(VENV)/$(BIN)/$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
endif
	@touch $@

.venv-lowest/.ready: pyproject.toml
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/$(BIN)/$(PIP_INSTALL) uv
	.venv-lowest/$(BIN)/uv pip install --quiet --python .venv-lowest --resolution lowest-direct --editable '.[test]'
	@touch $@

.venv-newest/.ready: pyproject.toml
	$(PYTHON) -m venv .venv-newest
	.venv-newest/$(BIN)/pip install --quiet --disable-pip-version-check --upgrade --editable '.[test]'
	@touch $@

# The wheels of all dependencies: a test installs embench with each extra alone from them, without a network. What is
# published as source only is built.
$(WHEELHOUSE)/.ready: $(VENV)/.ready
	rm -rf $(WHEELHOUSE)
	$(VENV)/$(BIN)/pip wheel --quiet --disable-pip-version-check --constraint constraints.txt --prefer-binary \
		--wheel-dir $(WHEELHOUSE) '.[curation,report,splits,baselines,leaderboard,hub,dask,alignn]'
	@touch $@
