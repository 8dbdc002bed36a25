#!/usr/bin/env bash
# Usage: fetch-pull-request.sh NUMBER FOLDER
# Merges the pull request into the commit that is checked out and puts the submissions of the result into FOLDER, as data:
# no hooks, no submodules, no filters, and nothing of it in the working tree.
set -euo pipefail
number=$1 folder=$2
[[ ${number} =~ ^[0-9]+$ ]] || { echo "no number of a pull request: ${number}" >&2; exit 2; }

git fetch --quiet --no-tags --no-recurse-submodules origin "refs/pull/${number}/head"
if ! tree=$(git merge-tree --write-tree HEAD FETCH_HEAD); then
  echo "::error::The pull request is in conflict with the base branch; merge the base branch into it."
  exit 1
fi
if ! git diff --quiet --no-ext-diff --no-textconv HEAD "${tree}" -- . ':(exclude)leaderboard/submissions'; then
  echo "::notice::This pull request changes more than submissions: a person has to look at the rest."
  if ! git diff --quiet HEAD "${tree}" -- leaderboard/leaderboard.json leaderboard/leaderboard.md README.md; then
    echo "::notice::The board and the README's table are built after the merge; leave them out of the pull request."
  fi
fi

# The bytes as they were committed: the attributes of the pull request, which could have files left out or changed, do
# not hold in a repository whose own attributes undo them.
bare=$(mktemp -d)
trap 'rm -rf "${bare}"' EXIT
git init --quiet --bare "${bare}"
git rev-parse --path-format=absolute --git-path objects > "${bare}/objects/info/alternates"
echo '* -text -filter -ident -working-tree-encoding -export-ignore -export-subst' > "${bare}/info/attributes"
mkdir -p "${folder}/leaderboard/submissions"
if entry=$(git --git-dir="${bare}" rev-parse --quiet --verify "${tree}:leaderboard/submissions"); then
  git --git-dir="${bare}" -c core.hooksPath=/dev/null -c core.symlinks=true --work-tree="${folder}/leaderboard/submissions" \
    read-tree "${entry}"
  git --git-dir="${bare}" -c core.hooksPath=/dev/null -c core.symlinks=true --work-tree="${folder}/leaderboard/submissions" \
    checkout-index --all --quiet
fi
