# Finds the tools that the tests need, installs what is missing and exports their paths. Sourced by tests/run and
# .ci/run with the repository's root as the working folder.
#
# Debian packages come by apt-get (as root or by `sudo -n`), Python and Node packages go into .tests/ and nowhere else.
# Each step leaves a stamp there, so that the next run does nothing. A tool named in the environment is taken as it is.

tools=$PWD/.tests
# buf's own binary; what drives a browser and knows the rules of WCAG. Node 18, which Debian 12 has, is enough for these.
node_packages=(@bufbuild/buf@1.75.0 playwright-core@1.60.0 axe-core@4.14.1)

say() { printf 'tests: %s\n' "$*" >&2; }

# Runs its arguments as root; fails where that is not allowed.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
  command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

# Says which Debian packages are wanted and how to get them, and stops.
refuse() {
  say "these Debian packages are missing, and I have no right (or no apt-get) to install them:"
  printf '    %s\n' "$*" >&2
  say "install them and run again:"
  printf '    sudo apt-get install --no-install-recommends %s\n' "$*" >&2
  exit 1
}

# Refreshes the package lists, once a run: a bare image has none. A third party's broken list is not our concern.
update_lists() {
  [ -n "${lists_updated:-}" ] && return
  lists_updated=yes
  as_root apt-get update -q >&2 || say "apt-get update failed in part; going on with the lists there are"
}

# A Python that can make virtual environments: Debian's lacks that without python3-venv, another may come first in PATH.
find_python() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
      command -v "$python"
      return
    fi
  done
  return 1
}

# The Debian packages that nothing on this machine stands in for.
missing_packages() {
  command -v cc >/dev/null || echo gcc libc6-dev
  command -v git >/dev/null || echo git
  [ -n "${DOZVON_TEST_PYTHON:-}" ] || find_python >/dev/null || echo python3 python3-venv
  command -v node >/dev/null || echo nodejs
  node_packages_there || command -v npm >/dev/null || echo npm
  find_chromium >/dev/null || echo chromium-headless-shell
  command -v systemd-analyze >/dev/null || echo systemd
  [ -n "${DOZVON_ESPEAK:-}" ] || command -v espeak-ng >/dev/null || echo espeak-ng
  # Debian's node trusts the system's certificates only, and merely recommends the package that has them.
  [ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
}

install_packages() {
  local missing
  read -r -d '' -a missing < <(missing_packages) || true
  [ ${#missing[@]} = 0 ] && return
  may_install || refuse "${missing[@]}" $(prometheus_there || echo prometheus) $(postgres_there || echo postgresql) \
    $(pgbouncer_there || echo pgbouncer)
  say "installing ${missing[*]}"
  update_lists
  install_debian "${missing[@]}"
}

install_debian() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2
}

# The stubs' generator and the gRPC runtime, in an environment of their own.
install_python() {
  [ -n "${DOZVON_TEST_PYTHON:-}" ] && return
  local home=$tools/python wanted
  export DOZVON_TEST_PYTHON=$home/bin/python
  wanted=$(cat tests/python/requirements.txt)
  if [ "$(cat "$home/stamp" 2>/dev/null)" = "$wanted" ] && "$DOZVON_TEST_PYTHON" -c '' 2>/dev/null; then return; fi
  say "installing the Python packages of tests/python/requirements.txt into .tests/python"
  rm -rf "$home"
  "$(find_python)" -m venv "$home"
  # Wheels only: building gRPC from source takes half an hour and a C++ compiler.
  "$DOZVON_TEST_PYTHON" -m pip install --quiet --disable-pip-version-check --only-binary=:all: \
    -r tests/python/requirements.txt >&2
  printf '%s\n' "$wanted" >"$home/stamp"
}

node_packages_there() {
  [ "$(cat "$tools/node/stamp" 2>/dev/null)" = "${node_packages[*]}" ]
}

# The binary itself: npm's wrapper would start Node for each call.
native_buf() {
  local binary
  for binary in "$tools"/node/node_modules/@bufbuild/buf-*/bin/buf; do
    if [ -x "$binary" ]; then
      echo "$binary"
      return
    fi
  done
  return 1
}

install_node() {
  export DOZVON_TEST_NODE=$tools/node
  if ! node_packages_there; then
    say "installing ${node_packages[*]} into .tests/node"
    rm -rf "$tools/node"
    mkdir -p "$tools/node"
    npm install --prefix "$tools/node" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error \
      "${node_packages[@]}" >&2
    printf '%s\n' "${node_packages[*]}" >"$tools/node/stamp"
  fi
  DOZVON_TEST_BUF=${DOZVON_TEST_BUF:-$(native_buf)} \
    || { say "npm brought no buf for this kind of machine; set DOZVON_TEST_BUF"; exit 1; }
  export DOZVON_TEST_BUF
}

# Any Chromium will do; Debian's headless one is the smallest.
find_chromium() {
  local name
  for name in "${DOZVON_TEST_CHROMIUM:-}" chromium-headless-shell chromium google-chrome; do
    if [ -n "$name" ] && command -v "$name"; then return; fi
  done
  return 1
}

prometheus_there() {
  { [ -n "${DOZVON_TEST_PROMTOOL:-}" ] && [ -n "${DOZVON_TEST_PROMETHEUS:-}" ]; } \
    || { command -v promtool && command -v prometheus; } >/dev/null \
    || [ -x "$tools/prometheus/usr/bin/promtool" ]
}

# Prometheus is unpacked, not installed: the Debian package would start a server, now and after each boot.
install_prometheus() {
  local home=$tools/prometheus
  if ! prometheus_there; then
    command -v apt-get >/dev/null || refuse prometheus
    say "unpacking prometheus into .tests/prometheus"
    rm -rf "$home" && mkdir -p "$home/package"
    (cd "$home/package" && apt-get download -q prometheus >&2) || {
      may_install || refuse prometheus
      update_lists
      (cd "$home/package" && apt-get download -q prometheus >&2)
    }
    dpkg-deb -x "$home"/package/prometheus_*.deb "$home/unpacked"
    rm -rf "$home/package"
    # Moved into place as the last step: what is there is whole.
    mv "$home/unpacked/usr" "$home/usr"
  fi
  PATH=$PATH:$home/usr/bin
  export DOZVON_TEST_PROMTOOL=${DOZVON_TEST_PROMTOOL:-$(command -v promtool)}
  export DOZVON_TEST_PROMETHEUS=${DOZVON_TEST_PROMETHEUS:-$(command -v prometheus)}
}

postgres_there() {
  local folder
  for folder in "${DOZVON_TEST_POSTGRES:-}" /usr/lib/postgresql/*/bin ${PATH//:/ }; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ] && [ -x "$folder/createdb" ]; then return; fi
  done
  return 1
}

# The server's programs alone: the tests make servers of their own in temporary folders. Debian's package would make and
# start one at each boot; it is told not to, and what was told before is put back.
install_postgres() {
  local settings=/etc/postgresql-common/createcluster.conf
  postgres_there && return
  may_install || refuse postgresql
  say "installing postgresql, without a server that starts by itself"
  update_lists
  install_debian postgresql-common
  as_root cp -p "$settings" "$settings.dozvon-tests"
  as_root sed -i -e '/^ *create_main_cluster *=/d' -e '$a create_main_cluster = false' "$settings"
  install_debian postgresql || { as_root mv "$settings.dozvon-tests" "$settings"; exit 1; }
  as_root mv "$settings.dozvon-tests" "$settings"
  postgres_there || { say "the package postgresql brought no initdb; set DOZVON_TEST_POSTGRES"; exit 1; }
}

pgbouncer_there() {
  [ -n "${DOZVON_TEST_PGBOUNCER:-}" ] || [ -x /usr/sbin/pgbouncer ] || [ -x "$tools/pgbouncer/usr/sbin/pgbouncer" ]
}

# PgBouncer is unpacked as well: its package would start a pooler. The libraries that it wants are installed.
install_pgbouncer() {
  local home=$tools/pgbouncer libraries
  if ! pgbouncer_there; then
    command -v apt-get >/dev/null || refuse pgbouncer
    say "unpacking pgbouncer into .tests/pgbouncer"
    rm -rf "$home" && mkdir -p "$home/package"
    (cd "$home/package" && apt-get download -q pgbouncer >&2) || {
      may_install || refuse pgbouncer
      update_lists
      (cd "$home/package" && apt-get download -q pgbouncer >&2)
    }
    dpkg-deb -x "$home"/package/pgbouncer_*.deb "$home/unpacked"
    if ldd "$home/unpacked/usr/sbin/pgbouncer" | grep -q 'not found'; then
      read -r -d '' -a libraries < <(apt-cache depends pgbouncer | sed -n 's/^ *Depends: \(lib.*\)/\1/p') || true
      may_install || refuse "${libraries[@]}"
      # What is there already stays as it is.
      install_debian --no-upgrade "${libraries[@]}"
    fi
    rm -rf "$home/package"
    mv "$home/unpacked/usr" "$home/usr"
  fi
  [ -x "$home/usr/sbin/pgbouncer" ] && : "${DOZVON_TEST_PGBOUNCER:=$home/usr/sbin/pgbouncer}"
  export DOZVON_TEST_PGBOUNCER=${DOZVON_TEST_PGBOUNCER:-/usr/sbin/pgbouncer}
}

# The recorded calls that some tests count: beside the project, or where DOZVON_SHARED says.
find_shared() {
  if [ -z "${DOZVON_SHARED:-}" ] && [ -d ../shared ]; then
    DOZVON_SHARED=$(cd ../shared && pwd)
    export DOZVON_SHARED
  fi
  if [ -z "${DOZVON_SHARED:-}" ]; then
    say "no ../shared beside the project and DOZVON_SHARED is not set: tests on recorded calls are left out"
    [ "${CI:-}" != true ] || { say "in CI they must run"; exit 1; }
  elif [ ! -d "$DOZVON_SHARED" ]; then
    say "DOZVON_SHARED names no folder: $DOZVON_SHARED"
    exit 1
  fi
}

command -v cargo >/dev/null || { say "cargo is missing: install Rust by https://rustup.rs"; exit 1; }
find_shared
mkdir -p "$tools"
install_packages
install_python
install_node
DOZVON_TEST_CHROMIUM=$(find_chromium) || { say "no Chromium; set DOZVON_TEST_CHROMIUM"; exit 1; }
export DOZVON_TEST_CHROMIUM
install_prometheus
install_postgres
install_pgbouncer
