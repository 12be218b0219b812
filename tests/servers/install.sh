#!/bin/sh
# Install what tests of real servers and of pages in a browser need, and say so first. Nothing is started and nothing
# that is there is upgraded. SYSTEM=no installs nothing: those tests are then skipped, with the reason.
# Usage: [SYSTEM=no] tests/servers/install.sh PYTHON
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

# Isso comes as a source package: what builds it is checked as well, and is there before.
hashed() { "$root/.servers/isso/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes "$@"; }
if [ ! -x "$root/.servers/isso/bin/isso" ]; then
  if [ "$SYSTEM" = no ]; then
    echo "SYSTEM=no: tests against Isso are skipped"
  else
    echo "installing Isso for the tests, in .servers/"
    { "$python" -m venv "$root/.servers/isso" \
      && hashed -r "$root/tests/servers/isso-build.txt" \
      && hashed --no-build-isolation -r "$root/tests/servers/isso.txt"; } \
      >/dev/null 2>&1 || echo "no Isso: tests against it are skipped"
  fi
fi
exit 0
