"""Know what tells more of a person than the name that a site shows, by names of columns and by values. Pure."""

import re
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from ipaddress import ip_address
from urllib.parse import unquote_plus

from archive.text.fold import fold_name

EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[A-Za-z]{2,24}")
IN_NAME = re.compile(r"(?<![^@\s<>()])([^@\s<>()]+)@[^@\s<>()]+\.[A-Za-z]{2,}")
ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|(?:[0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{0,4}")
PHONE = re.compile(r"\+\d[\d ()/.-]{7,}\d")
COORDINATES = re.compile(r"-?\d{1,3}\.\d{3,}\s*[,;]\s*-?\d{1,3}\.\d{3,}")
PERSONAL_NAME = re.compile(
    r"\w*email(?:address|hash)?|(?:hash)?mail(?:address)?|(?:mobile|cell|contact)(?:number|no|nr)|(?:cell|mobile)phone\w*|"
    r"(?:phone|telephone)(?:number|no|nr)|(?:home|street|postal|mailing|billing)address|dateofbirth|"
    r"(?:remote|user|client|author)?ip(?:addr(?:ess)?|hash)?|remoteaddr|phone|telefon\w*|tel|mobile|handy|"
    r"lat(?:itude)?|lon(?:gitude)?|lng|coordinates|geo|address|adresse|plz|zip|postcode|picurl|\w*avatar\w*|\w*gravatar\w*|"
    r"\w*photo|picture|profile(?:image|picture|pic)\w*|userlocation|location|birth\w*|age|gender|geschlecht|password|voters?|votedips?|fullname|realname|\w*useragent|ua|commentagent"
)
# Words of a longer name, such as contact_phone, userEmail or client-ip.
PERSONAL_WORDS = frozenset(
    "email emails mail mails phone phones telephone telefon tel fax ip ips ipv4 ipv6 iban dob".split()  # noqa: SIM905
)
WORD = re.compile(r"[A-Z]?[a-z]+[0-9]*|[A-Z]+(?![a-z])[0-9]*")
IN_TEXT = re.compile(r"(?<![\w.:-])[0-9a-fA-F]{0,4}[.:][0-9a-fA-F.:]{4,41}(?![\w-])")  # what may be an IP address
HOST_AND_PORT = re.compile(r"((?:\d{1,3}\.){3}\d{1,3}):\d{1,5}")
PERSONAL_SHAPES = (EMAIL, ADDRESS, PHONE, COORDINATES)
MASKED = "masked"
OF_THE_CAPTURE = "warc"  # begins keys whose addresses are the server's


def is_personal_name(name: str) -> bool:
    """Whether a column or key of this name holds personal data."""
    if PERSONAL_NAME.fullmatch(fold_name(name)):
        return True
    words = [word.lower() for word in WORD.findall(name.replace("e-mail", "email"))]
    return not PERSONAL_WORDS.isdisjoint((*words, *(word.rstrip("0123456789") for word in words)))  # also phone2, ip1


def is_personal(key: str, value: object) -> bool:
    """Whether a key of a record holds personal data: its name says so, or its value is nothing else."""
    if fold_name(key).startswith(OF_THE_CAPTURE):
        return False
    if is_personal_name(key):
        return not isinstance(value, bool)  # whether there is one: is_mobile, has_phone
    return isinstance(value, str) and any(shape.fullmatch(value.strip()) for shape in PERSONAL_SHAPES)


def leaves_out(key: str, value: object) -> bool:
    """Whether a key is left out of what is kept of a record: also for a text that names somebody, in however deep a
    list."""
    if is_personal(key, value):
        return True
    is_server = fold_name(key).startswith(OF_THE_CAPTURE)
    return not is_server and any(map(holds_personal, (key, *_texts_in(value))))


def _texts_in(value: object) -> Iterator[str]:
    """Yield a text, or the texts of a list and of the lists within it."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack += item
        elif isinstance(item, str):
            yield item


def holds_personal(text: str) -> bool:
    """Whether an e-mail address, a phone number or an IP address stands somewhere in a text."""
    if ("@" in text and EMAIL.search(text)) or ("+" in text and PHONE.search(text)):
        return True
    return any(map(_is_address, IN_TEXT.findall(text)))


def _is_address(word: str) -> bool:
    with suppress(ValueError):
        return bool(ip_address(HOST_AND_PORT.sub(r"\1", word).rstrip(".")))
    return False


def mask_name(name: str) -> str:
    """Return a name without the e-mail or IP address that some give as theirs: `kim@…`, `192.0.2.…`."""
    if "@" in name:
        return IN_NAME.sub(r"\1@…", name)
    if ("." in name or ":" in name) and ADDRESS.fullmatch(name.strip()):
        return re.sub(r"(?<=[.:])[^.:]*$", "…", name.strip())
    return name


def mask_account(account: str) -> str | None:
    """Return a short hash in the place of an account that is an e-mail address: other people stay others.

    None for an IP address: there are so few of those that a hash would tell which it was.
    """
    if mask_name(account) == account:
        return account
    return f"{MASKED}:{_digest(account)}" if "@" in account else None


def without_personal_query(url: str) -> str:
    """Return an address without the e-mail addresses in its parameters, and the IP addresses in those called so.

    A short hash stands for an e-mail address: it may be what one page has other than the next.
    """
    if "?" not in url:
        return url
    address, mark, query = url.partition("?")
    query, fragment_mark, fragment = query.partition("#")
    masked = "&".join(map(_mask_parameter, query.split("&")))
    return url if masked == query else address + mark + masked + fragment_mark + fragment


def _mask_parameter(parameter: str) -> str:
    name, mark, quoted = parameter.partition("=")
    value = unquote_plus(quoted)
    if "@" in value and EMAIL.search(value):
        return f"{name}{mark}{MASKED}-{_digest(value)}"
    if ADDRESS.fullmatch(value) and is_personal_name(name):
        return f"{name}{mark}{MASKED}"
    return parameter


def _digest(value: str) -> str:
    """Return so little of a hash that it tells people apart in one archive, and fits too many to name one."""
    return sha256(value.casefold().encode("utf-8", "surrogatepass")).hexdigest()[:8]
