#!/usr/bin/env bash
# Owns: a Docker engine that answers on this machine. Silent when one does; else it installs and
# starts Debian's docker.io and leaves it running.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

answers() { docker info >/dev/null 2>&1; }

# Where no systemd runs (containers, small VMs) nothing else starts the daemon.
start_by_hand() {
  local file pid
  # After a crash or a restart of the machine the pid files may name an unrelated process.
  for file in /run/docker.pid /run/docker/containerd/containerd.pid; do
    [ -f "$file" ] || continue
    pid=$(cat "$file")
    case $(cat "/proc/$pid/comm" 2>/dev/null) in dockerd | containerd) ;; *) rm -f "$file" ;; esac
  done
  setsid nohup dockerd >>/var/log/mosaic-dockerd.log 2>&1 </dev/null &
}

if [ "${1:-}" = --start-by-hand ]; then # the part that needs root, called again through sudo
  start_by_hand
  exit
fi

command -v docker >/dev/null && answers && exit

# Its recommended packages matter: cgroup mounts where no systemd made them, AppArmor's loader where
# the kernel asks for it, on newer releases the client itself.
[ -x /usr/sbin/dockerd ] || command -v dockerd >/dev/null || APT_RECOMMENDS=1 apt_install docker.io

if [ -d /run/systemd/system ]; then
  as_root systemctl start docker
elif [ -z "${DOCKER_HOST:-}" ]; then
  # Two simultaneous makes must not start two daemons.
  one_at_a_time docker
  answers || as_root docker info >/dev/null 2>&1 || as_root "$SETUP/docker.sh" --start-by-hand 9>&-
fi

for _ in $(seq 120); do
  answers && { say "==> Docker runs: engine $(docker version -f '{{.Server.Version}}')"; exit; }
  sleep 0.5
done

if [ "$(id -u)" != 0 ] && as_root docker info >/dev/null 2>&1; then
  die "Docker runs, but $(id -un) may not use it. Remedy: sudo usermod -aG docker $(id -un), then log in again"
fi
die "Docker does not answer after 60 s. Look at /var/log/mosaic-dockerd.log or 'journalctl -u docker'"
