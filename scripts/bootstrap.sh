#!/bin/sh
# Installs what building, running and testing Reelgraph needs and is missing: a C compiler, MariaDB's and Redis's
# server programs, and ffmpeg. Does nothing when all is there.
#
# No service is started or left enabled: Reelgraph runs the programs itself, on sockets of its own. Exit code 2 means
# that a person has to act; the text says how.
set -eu

# Servers are often installed outside of an ordinary user's PATH.
PATH=$PATH:/usr/sbin:/usr/local/sbin:/opt/homebrew/bin:/opt/homebrew/opt/mariadb/bin:/usr/local/opt/mariadb/bin

say() { printf 'bootstrap: %s\n' "$*" >&2; }
stop() { say "$*"; exit 2; }
has() { command -v "$1" >/dev/null 2>&1; }

missing() {
  has cc || echo compiler
  # The last one is called by mariadb-install-db, and is in another package than it on Debian.
  { has mariadbd && has mariadb-install-db && has my_print_defaults; } || echo mariadb
  has redis-server || echo redis
  { has ffmpeg && has ffprobe; } || echo ffmpeg
}

main() {
  has cargo || stop "cargo is missing: install Rust with rustup, see https://rustup.rs"
  needed=$(missing | tr '\n' ' ')
  [ -n "$needed" ] || return 0
  say "installing what is missing: $needed"
  if has apt-get; then
    install_with_apt
  elif [ "$(uname -s)" = Darwin ]; then
    install_with_brew
  else
    explain
  fi
  still=$(missing | tr '\n' ' ')
  [ -z "$still" ] || stop "still missing after the installation: $still"
}

explain() {
  say "this system is not known. Install these yourself, then run the command again:"
  say "  a C compiler (cc), MariaDB 10.11 or later (mariadbd, mariadb-install-db), Redis 7 or later (redis-server), ffmpeg and ffprobe"
  stop "none of them has to run as a service"
}

# ---- Debian and Ubuntu

install_with_apt() {
  as_root=$(root_command)
  packages=
  for part in $needed; do
    case $part in
      compiler) packages="$packages build-essential" ;;
      mariadb) packages="$packages mariadb-server-core mariadb-client-core" ;;
      redis) packages="$packages redis-server" ;;
      ffmpeg) packages="$packages ffmpeg" ;;
    esac
  done
  keep_services_from_starting
  apt update || say "the package lists could not be renewed; trying with those that are there"
  # shellcheck disable=SC2086 # a list of words
  if ! apt install $packages; then
    # Before Debian 12 the programs are only in the package with the service.
    packages=$(echo "$packages" | sed 's/mariadb-server-core mariadb-client-core/mariadb-server/')
    # shellcheck disable=SC2086
    apt install $packages || stop "apt-get could not install:$packages"
  fi
  disable_new_services
}

apt() {
  command=$1
  shift
  [ "$command" = update ] || set -- --no-install-recommends "$@"
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get "$command" -y -q -o DPkg::Lock::Timeout=120 "$@" </dev/null >&2
}

root_command() {
  [ "$(id -u)" = 0 ] && return
  has sudo || stop "root is needed to install packages: run scripts/bootstrap.sh as root, once"
  # Without a terminal nobody can type a password.
  if [ -t 0 ]; then echo sudo; else echo "sudo -n"; fi
}

POLICY=/usr/sbin/policy-rc.d

# Packages start their services unless this file says no. What was there is put back at the end, whatever happens.
keep_services_from_starting() {
  trap restore_policy EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  # One of ours, left by a run that was killed, is nothing to put back.
  if [ -e $POLICY ] && ! grep -q reelgraph $POLICY; then
    $as_root mv $POLICY $POLICY.before-reelgraph
  fi
  printf '#!/bin/sh\n# reelgraph, for the time of an installation\nexit 101\n' | $as_root tee $POLICY >/dev/null
  $as_root chmod 755 $POLICY
}

restore_policy() {
  $as_root rm -f $POLICY
  if [ -e $POLICY.before-reelgraph ]; then
    $as_root mv $POLICY.before-reelgraph $POLICY
  fi
}

# Not started now, and not at the next boot either. Only for what was not there before.
disable_new_services() {
  for package in $packages; do
    case $package in
      redis-server) disable redis-server ;;
      mariadb-server) disable mariadb ;;
    esac
  done
}

disable() {
  if has systemctl; then
    $as_root systemctl disable "$1" >/dev/null 2>&1 || say "could not disable the service $1"
  else
    $as_root update-rc.d "$1" disable >/dev/null 2>&1 || say "could not disable the service $1"
  fi
}

# ---- macOS

install_with_brew() {
  has brew || stop "Homebrew is missing: install it from https://brew.sh, or install by hand: mariadb, redis, ffmpeg"
  for part in $needed; do
    case $part in
      compiler) stop "a C compiler is missing: run xcode-select --install" ;;
      *) brew install "$part" >&2 </dev/null || stop "brew could not install $part" ;;
    esac
  done
}

main "$@"
