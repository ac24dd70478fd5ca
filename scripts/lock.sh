#!/usr/bin/env bash
# Writes requirements/*.txt from pyproject.toml: every file pinned and hashed, for Python 3.11 and newer on every platform, agreeing with each other.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}

lock() { # lock NAME ARGUMENTS…: requirements/NAME.txt
  local out=requirements/$1.txt
  shift
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
    --only-binary :all: --no-binary forbiddenfruit "${upgrade[@]}" --output-file "$out" "$@"
}

upgrade=()
[ "${1:-}" = --upgrade ] && upgrade=(--upgrade)
lock run pyproject.toml --extra openai --extra ocr
lock models --group models --constraint requirements/run.txt
lock dev --group dev --group models --constraint requirements/run.txt
lock stores pyproject.toml --group stores --extra chroma --extra milvus --extra pgvector --extra pinecone --extra postgres --extra qdrant \
  --extra s3 --extra weaviate --constraint requirements/run.txt --constraint requirements/dev.txt
lock bench --group bench --constraint requirements/run.txt --constraint requirements/dev.txt
if grep -lE '^(--|torch==)|://' requirements/*.txt; then
  echo "the lock files above name a registry or contain torch" >&2
  exit 1
fi
