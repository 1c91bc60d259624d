#!/usr/bin/env bash
# Owns: target/sbom/<image>.json, the contents of each image in CycloneDX: Debian's packages as the image itself lists
# them, crates and npm packages from their lock files, pinned wheels. The images must exist (`make images`).
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

LIBRARY=cyclonedx-python-lib==11.12.0
python=$TARGET/sbom/python
make_python() { python3 -m venv "$python" && "$python/bin/pip" install --quiet --disable-pip-version-check "$LIBRARY"; }
install_python() {
  python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
  mkdir -p "$python"
  unless_made "$python" "$LIBRARY" "$LIBRARY, which writes the lists" make_python
}

# Each prints ecosystem, name, version and licence.
debian() { docker run --rm --network none --entrypoint dpkg-query "$1" -W -f 'deb\t${Package}\t${Version}\t\n'; }
crates() {
  (cd "$ROOT" && cargo tree --locked --quiet -p "$1" -e normal --no-dedupe --prefix none --format $'{p}\t{l}') |
    sed 's/ ([^)]*)//; s/^\([^ ]*\) v\([^\t]*\)\t/cargo\t\1\t\2\t/' | sort -u
}
npm() {
  node -e 'const { packages } = JSON.parse(require("fs").readFileSync(process.argv[1]));
    for (const [path, { dev, version, license = "" }] of Object.entries(packages))
      if (path && !dev && version) console.log(["npm", path.split("node_modules/").pop(), version, license].join("\t"));' "$1"
}
wheels() { sed -n "s/^[A-Z]*=\([a-z0-9-]*\)==\([0-9.]*\).*/pypi\t\1\t\2\t/p" "$@"; }

# bill IMAGE: writes it, from the list on standard input.
bill() {
  local version
  version=$(docker image inspect -f '{{index .Config.Labels "mosaic.inputs"}}' "$1") || die "no image $1: make images"
  "$python/bin/python" "$SETUP/sbom.py" "${1%%:*}" "$version" >"$TARGET/sbom/${1%%:*}.json"
  say "    $TARGET/sbom/${1%%:*}.json: $(grep -c '"purl"' "$TARGET/sbom/${1%%:*}.json") components"
}

install_python
agent=mosaic-agent:$(sed -n 's/.*"openclaw": "\(.*\)".*/\1/p' "$ROOT/deploy/agent/package.json")
{ debian mosaic-server:local && crates mosaic && npm "$ROOT/ui/package-lock.json" && wheels "$SETUP/embeddings.sh"; } | bill mosaic-server:local
{ debian mosaic-postgres:local && wheels "$SETUP/postgres.sh"; } | bill mosaic-postgres:local
debian mosaic-proxy:local | bill mosaic-proxy:local
{ debian "$agent" && crates mosaic-entrypoint && npm "$ROOT/deploy/agent/package-lock.json"; } | bill "$agent"
