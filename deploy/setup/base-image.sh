#!/usr/bin/env bash
# shellcheck disable=SC2034 # its variables are used where it is sourced
# The base of our images: mosaic-base:<Debian's release>, from a registry where one answers and by debootstrap where none
# does, and the certificates of a company whose proxy intercepts TLS. Sourced after lib.sh, never run.
#
#   MOSAIC_CA_BUNDLE=FILE|none   certificates to trust besides Debian's (default: those that this
#                                machine trusts besides Debian's, so an intercepting proxy just works)
DEBIAN=bookworm
BASE=mosaic-base:$DEBIAN

# One certificate per line.
certificates() { awk '/-----BEGIN/ { c = ""; on = 1 } on { c = c $0 "|" } /-----END/ { print c; on = 0 }'; }

# One file for each certificate, as update-ca-certificates requires.
extra_ca() {
  local n=0 line bundle=/etc/ssl/certs/ca-certificates.crt
  mkdir -p "$1"
  case ${MOSAIC_CA_BUNDLE:-} in
  none) ;;
  ?*) certificates <"$MOSAIC_CA_BUNDLE" ;;
  *) [ ! -f $bundle ] || comm -23 <(certificates <$bundle | sort -u) \
      <(find /usr/share/ca-certificates -name '*.crt' -exec cat {} + 2>/dev/null | certificates | sort -u) ;;
  esac | while read -r line; do
    n=$((n + 1))
    tr '|' '\n' <<<"$line" | sed '/^$/d' >"$1/extra-$n.crt"
  done
}

# Debian's smallest system, from the mirror that this machine's apt already uses.
# shellcheck disable=SC2016 # '$(…)' are apt's own fields
debootstrap_base() {
  local tree=$MOSAIC_CACHE/debootstrap mirror own
  mirror=$(debian_mirror)
  own=$(. /etc/os-release && echo "${VERSION_CODENAME:-$DEBIAN}")
  as_root rm -rf "$tree"
  as_root debootstrap --variant=minbase "$DEBIAN" "$tree" "$mirror"
  # Security updates too: apt's own list, changed to this release.
  apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
    awk '$4 == "main"' | sed "s/ $own/ $DEBIAN/" | sort -u | as_root tee "$tree/etc/apt/sources.list" >/dev/null
  as_root sh -c "rm -rf '$tree'/var/cache/apt/archives/*.deb '$tree'/var/lib/apt/lists/*; tar -C '$tree' -c . | docker import - $BASE; rm -rf '$tree'"
}

make_base() {
  docker image inspect "$BASE" >/dev/null 2>&1 && return
  if timeout 10 docker manifest inspect "debian:$DEBIAN-slim" >/dev/null 2>&1; then
    step "base image: pulling debian:$DEBIAN-slim" docker pull "debian:$DEBIAN-slim"
    docker tag "debian:$DEBIAN-slim" "$BASE"
  else
    apt_install debootstrap
    step "base image: no image registry answers, so debootstrap builds Debian $DEBIAN (about 1 min, once)" debootstrap_base
  fi
}
