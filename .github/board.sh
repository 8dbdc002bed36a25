#!/usr/bin/env bash
# Builds the board of the submissions on the main branch and commits it, if it has changed. What it writes is part of no
# pull request, so that two submissions are never in each other's way. Needs embench with the extra leaderboard.
set -euo pipefail
cd "$(git rev-parse --show-toplevel)"

files=(leaderboard/leaderboard.json leaderboard/leaderboard.md README.md)
for attempt in 1 2 3; do
  embench leaderboard build --no-site --page README.md
  embench leaderboard build --no-site --page README.md --check
  git add -- "${files[@]}"
  if git diff --cached --quiet; then
    echo "the board is up to date"
    exit 0
  fi
  git commit --quiet --message "The board of the submissions that were merged"
  if git push --quiet origin "HEAD:${BRANCH:-main}"; then
    echo "the board is built and pushed"
    exit 0
  fi
  # Somebody has merged meanwhile: build again on top of that, rather than merge what is generated.
  echo "attempt ${attempt}: the branch has moved"
  git fetch --quiet origin "${BRANCH:-main}"
  git reset --quiet --hard FETCH_HEAD
done
echo "the branch moved each time; run this workflow again" >&2
exit 1
