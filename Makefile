# make demo: a virtual environment with the core of embench, and the published MODEL-3 predictions scored.
# make test: everything that the tests need, and all tests.

PYTHON ?= python3
VENV ?= .venv
DEMO_VENV ?= .venv-demo
WHEELHOUSE ?= .wheelhouse
WORKERS ?= 2
PIP_INSTALL = pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help demo test lint types unit browser build baselines board pages card clean

help:
	@echo "make demo    score the published MODEL-3 predictions"
	@echo "make test    install what the tests need and run all of them"
	@echo "make baselines  run all baselines again and renew their predictions, submissions and page"
	@echo "make board   score all submissions again and renew the leaderboard"
	@echo "make build   rebuild the dataset from the raw release (UPSTREAM=folder)"
	@echo "make pages   renew the generated pages in docs/"
	@echo "make card    renew dataset_card/, what goes to the hub"

demo: $(DEMO_VENV)/.ready
	$(DEMO_VENV)/bin/embench evaluate leaderboard/submissions/model-3/published.csv

test: lint types unit

lint: $(VENV)/.ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(VENV)/.ready
	$(VENV)/bin/mypy

unit: $(VENV)/.ready $(WHEELHOUSE)/.ready browser
	EMBENCH_WHEELHOUSE=$(abspath $(WHEELHOUSE)) $(VENV)/bin/pytest --numprocesses $(WORKERS) --dist loadgroup

# The report is looked at in a real browser; where none is found, Debian's is installed.
browser:
	@command -v chromium >/dev/null || { \
		command -v apt-get >/dev/null && apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || { \
		echo "the tests need the browser chromium, and it cannot be installed here: install it and try again" >&2; exit 1; }

build: $(VENV)/.ready
	$(VENV)/bin/embench build $(or $(UPSTREAM),../shared/upstream)

pages: $(VENV)/.ready
	$(VENV)/bin/embench data describe --out docs/dataset.md
	$(VENV)/bin/embench data audit --out docs/label-audit.md
	$(VENV)/bin/embench data paths --out docs/relaxed-paths.md
	$(VENV)/bin/embench splits audit --out docs/leakage.md
	$(VENV)/bin/embench baseline table --out docs/baseline-results.md

# The site goes to leaderboard/site, which is not committed.
board: $(VENV)/.ready
	$(VENV)/bin/embench leaderboard build --page README.md

card: $(VENV)/.ready
	$(VENV)/bin/embench hub export dataset_card

baselines: $(VENV)/.ready
	$(VENV)/bin/embench baseline run-all --workers $(WORKERS)
	$(VENV)/bin/embench baseline table --out docs/baseline-results.md

$(DEMO_VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("embench needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(DEMO_VENV)
	$(DEMO_VENV)/bin/$(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("embench needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/$(PIP_INSTALL) --editable '.[test,lint]'
	@touch $@

# The wheels of the core: a test installs embench from them into an empty environment, without a network.
$(WHEELHOUSE)/.ready: $(VENV)/.ready
	rm -rf $(WHEELHOUSE)
	$(VENV)/bin/pip download --quiet --disable-pip-version-check --constraint constraints.txt --only-binary :all: \
		--dest $(WHEELHOUSE) $$($(VENV)/bin/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"])')
	@touch $@

clean:
	rm -rf $(VENV) $(DEMO_VENV) $(WHEELHOUSE) build dist *.egg-info
