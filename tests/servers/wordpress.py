"""WordPress with a private MariaDB, filled and changed by steps that its own functions do."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers import PATIENCE_S, Missing, free_port, running, wait_for

FILES = Path("/usr/share/wordpress")
THEMES = FILES / "wp-content" / "themes"
STEPS = Path(__file__).with_suffix(".php")
CONFIG = """<?php
define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:{socket}'); define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('WP_HOME', 'http://{place}'); define('WP_SITEURL', 'http://{place}');
define('WP_HTTP_BLOCK_EXTERNAL', true); define('DISABLE_WP_CRON', true); define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_CONTENT_DIR', '{root}/wp-content');
define('AUTH_KEY', 'a'); define('SECURE_AUTH_KEY', 'b'); define('LOGGED_IN_KEY', 'c'); define('NONCE_KEY', 'd');
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""
PLUGIN = """<?php
add_filter('rest_authentication_errors', function ($result) {
    return get_option('tests_no_rest') ? new WP_Error('rest_login_required', 'No.', ['status' => 401]) : $result;
});
"""
STYLE = "/*\nTheme Name: {name}\n*/\n"
LOOP = """<!doctype html><html <?php language_attributes(); ?>><head><meta charset="utf-8"><?php wp_head(); ?></head>
<body <?php body_class(); ?>><main><?php while (have_posts()) { the_post(); ?>
<article><h1><?php the_title(); ?></h1><div class="entry-content"><?php the_content(); ?></div></article>
"""
END = "<?php } ?></main><?php wp_footer(); ?></body></html>"
OWN_THEMES = {
    "plain": LOOP + "<?php comments_template(); ?>" + END,  # WordPress's own template, of the XHTML days
    "silent": LOOP + END,  # shows no comments at all
}


class WordPress:
    """A site at `place`."""

    def __init__(self, root: Path, place: str) -> None:
        self.root, self.place = root, place
        self.url = f"http://{place}/"

    def do(self, *steps: dict[str, Any]) -> list[Any]:
        """What came of each step."""
        done = subprocess.run(
            ["php", "-d", "memory_limit=512M", str(STEPS), str(self.root)],
            input=json.dumps(steps), capture_output=True, text=True, timeout=PATIENCE_S, check=False,
            env=os.environ | {"PLACE": self.place},
        )  # fmt: skip
        try:
            result: list[Any] = json.loads(done.stdout[done.stdout.index("[") :])
        except ValueError as error:
            raise RuntimeError(f"{done.stdout[-1000:]}\n{done.stderr[-1000:]}") from error
        return result


@contextmanager
def wordpress(folder: Path) -> Iterator[WordPress]:
    """Raises Missing."""
    needed = [FILES / "wp-load.php", *(THEMES / f"twentytwenty{each}" for each in ("one", "two", "three"))]
    if not all(path.exists() for path in needed) or not shutil.which("php") or not shutil.which("mariadbd"):
        raise Missing("WordPress, PHP or MariaDB is not installed: `make system` installs them on Debian, as root")
    with database(folder) as socket:
        place = f"127.0.0.1:{free_port()}"
        root = _files(folder, socket, place)
        site = WordPress(root, place)
        site.do({"do": "install"})
        command = ["php", "-d", "memory_limit=512M", "-S", place, "-t", str(root)]
        log = folder / "php.log"
        with running(command, log, cwd=root) as server:
            wait_for(f"http://{place}/robots.txt", server, log)
            yield site


@contextmanager
def database(folder: Path) -> Iterator[Path]:
    """Start MariaDB with an empty database called wordpress; return its socket."""
    data, socket, log = folder / "data", folder / "db.sock", folder / "db.log"
    who = ["--user=root"] if os.geteuid() == 0 else []
    base = [f"--datadir={data}", "--no-defaults"]
    made = ["mariadb-install-db", base[1], base[0], *who, "--skip-test-db", "--auth-root-authentication-method=normal"]
    subprocess.run(made, check=True, capture_output=True, timeout=PATIENCE_S)
    small = [
        "--skip-networking",
        "--innodb-buffer-pool-size=64M",
        "--innodb-flush-log-at-trx-commit=0",
        "--skip-log-bin",
    ]
    command = ["mariadbd", base[1], base[0], f"--socket={socket}", f"--pid-file={folder}/db.pid", *who, *small]
    with running(command, log) as server:
        made_base = ["mariadb", f"--socket={socket}", "-uroot", "-e", "create database wordpress"]
        for _ in range(PATIENCE_S * 5):
            if subprocess.run(made_base, capture_output=True, timeout=PATIENCE_S, check=False).returncode == 0:
                break
            if server.poll() is not None:
                raise RuntimeError(log.read_text()[-2000:])
        yield socket


def _files(folder: Path, socket: Path, place: str) -> Path:
    root = folder / "www"
    shutil.copytree(FILES, root, symlinks=False, ignore_dangling_symlinks=True)
    (root / "wp-config.php").write_text(CONFIG.format(socket=socket, place=place, root=root))
    plugins = root / "wp-content" / "mu-plugins"
    plugins.mkdir(parents=True)
    (plugins / "tests.php").write_text(PLUGIN)
    for name, template in OWN_THEMES.items():
        theme = root / "wp-content" / "themes" / name
        theme.mkdir(parents=True)
        (theme / "style.css").write_text(STYLE.format(name=name))
        (theme / "index.php").write_text(template)
    return root
