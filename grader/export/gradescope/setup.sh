#!/usr/bin/env bash
# Run once, when Gradescope builds the image: install the grader beside this file.
set -euo pipefail
root="${AUTOGRADER:-/autograder}"
cd "$root/source"

if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends git python3 python3-pip python3-venv >/dev/null
fi

# 3.11 or newer: the image's own where it is, else one that uv fetches
if python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  python3 -m venv .venv
else
  python3 -m pip install --quiet uv
  python3 -m uv venv --quiet --seed --python 3.12 .venv
fi
(cd lab-grader && ../.venv/bin/python -m pip install --quiet -r requirements.txt)  # which names this folder, too
.venv/bin/python -m compileall -q .venv >/dev/null || true
.venv/bin/grader isolation || echo "Nothing here can isolate a submission while the image is built. If that holds when it runs, too, submissions are not graded: each gets an error and no score."
