#!/usr/bin/env bash
# Writes the hashed locks of this folder. `make lock` keeps the versions that are pinned; `make lock LOCK=--upgrade`
# takes the newest that pyproject.toml allows. Each lock installs with `pip install --no-deps --require-hashes` on 3.11 to 3.15.
set -euo pipefail
cd "$(dirname "$0")/.."

compile() { # NAME ARGUMENT...
  local name=$1
  shift
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --custom-compile-command "make lock" --output-file "requirements/$name.txt" "${upgrade[@]}" "$@"
}

upgrade=("$@")
compile dev pyproject.toml --all-extras --group dev
# What is in two locks has one version: the smaller ones are held to dev.txt.
compile all pyproject.toml --all-extras --constraint requirements/dev.txt
compile runtime pyproject.toml --extra postgres --extra web --constraint requirements/dev.txt
python3 -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' |
  compile build -
