#!/bin/sh
# Installs what the tests of real comment servers need, where that is possible; says what is missing elsewhere.
# Nothing is started. Usage: tests/servers/install.sh PYTHON
root=$(cd "$(dirname "$0")/../.." && pwd)
python=$1
if [ ! -x "$root/.servers/isso/bin/isso" ]; then
  { "$python" -m venv "$root/.servers/isso" \
    && "$root/.servers/isso/bin/python" -m pip install --quiet --disable-pip-version-check isso==0.14.0; } >/dev/null 2>&1 \
    || echo "no Isso: tests against it are skipped"
fi
packages="wordpress wordpress-theme-twentytwentyone wordpress-theme-twentytwentytwo wordpress-theme-twentytwentythree
  php-cli php-mysql php-xml php-mbstring php-curl mariadb-server"
complete() {
  [ -e /usr/share/wordpress/wp-load.php ] && [ -e /var/lib/wordpress/wp-content/themes/twentytwentyone ] \
    && command -v php >/dev/null && command -v mariadbd >/dev/null && php -m | grep -q mysqli
}
if ! complete; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { apt-get install -qqy --no-install-recommends $packages \
      || { apt-get update -qq && apt-get install -qqy --no-install-recommends $packages; }; } >/dev/null 2>&1
  fi
  complete || echo "no WordPress, PHP or MariaDB: tests against them are skipped"
fi
exit 0
