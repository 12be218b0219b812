"""`btl schedule`: units that systemd takes and lines that cron takes, whatever stands in paths and options."""

import re
import shlex
import shutil
import subprocess

import pytest

from crawler.cli.schedule import LONGEST_CRON_LINE, make_schedule

WORDS = [
    "/opt/press room/btl",
    "crawl",
    "--due",
    '/data/50% "off"/out\'lets.toml',
    "--contact",
    "a$b\\c@example.org",
    ";",
]


def exec_start(service):
    """What systemd makes of ExecStart=: quotes, escapes, specifiers, variables, by its manual (systemd.syntax)."""
    (line,) = re.findall(r"(?m)^ExecStart=(.*)$", service)
    words, read = [], r'"((?:[^"\\]|\\.)*)"(?:\s+|$)|([^"\s]+)(?:\s+|$)'
    while line:
        match = re.match(read, line)
        assert match, line
        words.append(re.sub(r"\\(.)", r"\1", match[1]) if match[2] is None else match[2])
        line = line[match.end() :]
    return [re.sub(r"\$\$", "$", re.sub("%%", "%", word)) for word in words]


def cron_command(cron):
    """What cron gives to the shell: % ends the command unless it is escaped."""
    line = cron.splitlines()[-1]
    command = line.split(None, 5)[5]
    assert not re.search(r"(?<!\\)%", command)
    return shlex.split(command.replace("\\%", "%"))


def test_systemd_and_cron_run_the_words_as_they_are():
    printed = make_schedule(WORDS, 15, "desk@example.org")
    assert exec_start(printed.service) == WORDS
    assert cron_command(printed.cron) == [*WORDS, "--quiet"]
    assert 'MAILTO="desk@example.org"' in printed.cron


@pytest.mark.parametrize("every", [1, 15, 25, 60, 90, 120, 300, 1440])
def test_systemd_accepts_the_units(tmp_path, every):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not there")
    printed = make_schedule(["/bin/true", "50% off; $HOME", 'a"b'], every, "")
    for name, text in (("service", printed.service), ("timer", printed.timer)):
        (tmp_path / f"btl-crawl.{name}").write_text(text)
    units = [tmp_path / "btl-crawl.service", tmp_path / "btl-crawl.timer"]
    done = subprocess.run(
        ["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False, timeout=60
    )
    own = [line for line in done.stderr.splitlines() if "btl-crawl" in line]
    assert own == []


@pytest.mark.parametrize(
    ("every", "calendar", "cron"),
    [
        (1, "OnCalendar=*:0/1", "* * * * *"),
        (15, "OnCalendar=*:0/15", "*/15 * * * *"),
        (25, "OnUnitActiveSec=25min", "*/20 * * * *"),
        (60, "OnCalendar=0/1:00", "0 * * * *"),
        (90, "OnUnitActiveSec=90min", "0 * * * *"),
        (300, "OnUnitActiveSec=300min", "0 */4 * * *"),
        (1440, "OnCalendar=daily", "0 0 * * *"),
    ],
)
def test_steps_that_do_not_divide_the_hour_are_even_all_the_same(every, calendar, cron):
    printed = make_schedule(["/bin/btl"], every, "")
    assert calendar in printed.timer
    assert printed.cron.splitlines()[-1] == f"{cron} /bin/btl --quiet"
    assert ("cron has no step" in printed.cron) == (every in (25, 90, 300))


def test_what_cron_would_cut_or_misread_is_refused_or_said():
    assert "too long for cron" in make_schedule(["/bin/btl", "x" * LONGEST_CRON_LINE], 15, "").cron
    for words, mailto in ((["/bin/btl", "a\nb"], ""), (["/bin/btl"], "a b"), (["/bin/btl"], 'a"\nPATH=/tmp')):
        with pytest.raises(ValueError, match=r"line break|no e-mail address"):
            make_schedule(words, 15, mailto)


def test_the_outlets_file_is_read_by_each_run(desk):
    file = desk.folder / "outlets.toml"
    file.write_text('[[outlets]]\nname = "Courier"\nhome = "https://courier.example/"\n')
    shown = desk.btl(
        "schedule", "outlets.toml", "--contact", "desk@example.org", "--timeout", "5", "--limit", "3"
    ).stdout
    assert f"crawl --due {file} --db {desk.path} --contact desk@example.org --timeout 5 --limit 3\n" in shown
    assert "SET-THIS" in desk.btl("schedule", "--json").stdout
    assert "--contact" in desk.btl("schedule").stderr
    file.write_text("outlets = 1")
    assert "no [[outlets]]" in desk.btl("schedule", "outlets.toml", status=2).stderr


def test_a_contact_is_mailed_only_where_it_is_an_address(desk):
    for contact, mailto in (
        ("desk@example.org", True),
        ("https://social.example/@desk", False),
        ("Desk <d@example.org>", False),
    ):
        printed = desk.btl("schedule", "--contact", contact)
        assert printed.returncode == 0, printed.stderr
        assert ("MAILTO=" in printed.stdout) is mailto
    assert "MAILTO=" not in desk.btl("schedule").stdout


def test_the_placeholder_reaches_nobody(desk):
    done = desk.btl("crawl", "https://courier.example/", "--contact", "SET-THIS@example.org", status=2)
    assert "is a placeholder" in done.stderr
    assert not list(desk.folder.glob("*.db*"))
