#!/usr/bin/env bash
# Usage: release.sh STEP [--dry-run]
# One step of a release, as the workflow release.yml runs them; with --dry-run nothing leaves this machine. docs/publishing.md
# has the list. The steps need embench with the extras leaderboard, hub and docs, and `build`.
#   check      the tag (TAG) is the version of the code, which everything that names it agrees with
#   build      source distribution and wheel, into dist/
#   wheel      install the wheel in an empty environment and score with it
#   github     the release on GitHub, from which Zenodo makes a record
#   dataset    the dataset to the hub, where its version is not there yet
#   predictions  the predictions of all submissions to the hub
#   site       build the board with an empty cache, compare it, and bring the site and the documentation to the hub
set -euo pipefail
cd "$(dirname "$0")/.."
step=${1:-} mode=${2:-}
[[ -z ${mode} || ${mode} == --dry-run ]] || { echo "unknown option: ${mode}" >&2; exit 2; }
push_mode=${mode:---yes}

version() { python -c 'from embench import __version__; print(__version__)'; }

case ${step} in
  check)
    [[ ${TAG:?the tag of the release} == "v$(version)" ]] || {
      echo "the tag ${TAG} is not v$(version), the version in embench/_version.py" >&2
      exit 1
    }
    python -m pytest -q -p no:cacheprovider tests/test_release.py -k versions
    ;;
  build)
    if [[ -n ${mode} ]]; then echo "would build dist/"; exit 0; fi
    rm -rf dist
    python -m build --outdir dist
    ;;
  wheel)
    if [[ -n ${mode} ]]; then echo "would install the wheel in dist/"; exit 0; fi
    place=$(mktemp -d)
    trap 'rm -rf "${place}"' EXIT
    python -m venv "${place}/venv"
    "${place}/venv/bin/pip" install --quiet --constraint constraints.txt dist/*.whl
    cp leaderboard/submissions/model-3/published.csv "${place}"
    # Not from the checkout: what is installed must be enough.
    cd "${place}"
    venv/bin/embench evaluate published.csv --against mace-relax
    ;;
  github)
    notes=$(mktemp)
    trap 'rm -f "${notes}"' EXIT
    awk -v head="## Code $(version)" '$0 == head { on = 1; next } /^## / { on = 0 } on' CHANGELOG.md > "${notes}"
    [[ -s ${notes} ]] || { echo "CHANGELOG.md has no section '## Code $(version)'" >&2; exit 1; }
    if [[ -n ${mode} ]]; then
      echo "would make the release v$(version) with these notes:"
      cat "${notes}"
    else
      gh release create "v$(version)" --verify-tag --title "embench $(version)" --notes-file "${notes}" dist/*
    fi
    ;;
  dataset)
    embench hub push --if-new "${push_mode}"
    ;;
  predictions)
    embench hub export-predictions build/predictions ${PREDICTIONS_VERSION:+--version "${PREDICTIONS_VERSION}"}
    embench hub push-predictions build/predictions "${push_mode}"
    ;;
  site)
    # Nothing that was stored is trusted: both score everything.
    embench leaderboard build --check --page README.md
    embench leaderboard build --out build/board
    # The documentation lies beside the board, under /docs/.
    python -m docs.build build/docs
    rm -rf build/board/site/docs
    cp -R build/docs/html build/board/site/docs
    embench hub push-space build/board/site --repo embench/leaderboard "${push_mode}"
    ;;
  *)
    sed -n 2,12p "$0" >&2
    exit 2
    ;;
esac
