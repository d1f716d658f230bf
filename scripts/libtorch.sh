#!/bin/sh
# Installs CPU libtorch 2.4.0, which tch 0.17 needs, from a Python package registry alone (Linux, x86_64).
# For mirrors and closed networks; with internet `cargo build --features download-libtorch` is one command.
#
#   scripts/libtorch.sh DEST
#   export LIBTORCH=DEST LIBTORCH_CXX11_ABI=0
#   cargo build --release --features bert
set -eu
dest=${1:?"usage: scripts/libtorch.sh DEST"}
case $dest in /*) ;; *) dest=$(pwd)/$dest ;; esac
if [ -f "$dest/build-version" ]; then
  exit 0
fi
wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT
fetch() { python3 -m pip download --quiet --no-deps --only-binary :all: -d "$wheels" "$@"; }
fetch --python-version 3.11 --platform manylinux1_x86_64 torch==2.4.0
fetch nvidia-cuda-cupti-cu12==12.1.105 nvidia-cuda-runtime-cu12==12.1.105
mkdir -p "$dest/lib"
# The CPU half of the wheel, its headers, and the two small CUDA libraries that the profiler is linked against.
python3 - "$wheels" "$dest" <<'PY'
import pathlib, shutil, sys, zipfile

wheels, dest = map(pathlib.Path, sys.argv[1:])
wanted = {"libtorch_cpu.so", "libc10.so", "libgomp-a34b3233.so.1", "libcupti.so.12", "libcudart.so.12"}
for wheel in wheels.glob("*.whl"):
    archive = zipfile.ZipFile(wheel)
    for name in archive.namelist():
        base = name.rsplit("/", 1)[-1]
        if base in wanted:
            out = dest / "lib" / base
        elif name.startswith("torch/include/") and base:
            out = dest / name[len("torch/"):]
        else:
            continue
        out.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(name) as source, open(out, "wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
PY
# The wheel's own libtorch.so asks for CUDA; a linker script names what it stands for.
echo 'INPUT(-ltorch_cpu -lc10)' > "$dest/lib/libtorch.so"
chmod +x "$dest"/lib/*.so*
echo 2.4.0 > "$dest/build-version"
