"""Telegram: chats as its desktop program exports them (result.json), a post of a channel with its replies a thread.

What answers no post stands in a thread of its month. Personal chats are refused.
"""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from archive.importers.base import CERTAIN, BadDocument, Document, EmptyDocument, FormatClaim, Probe, Source
from archive.importers.records_by_thread import (
    JSON_TYPE,
    Gathered,
    Gatherer,
    below_article,
    gather_documents,
    gathered_capture,
    read_gathered,
)
from archive.importers.values import count_of, id_of, moment_of, text_of
from archive.thread import Article, Author, Comment, Flag, Moment, Thread

NAME = "telegram"
PLATFORM = "telegram"
MESSAGES = re.compile(rb'"messages"\s*:\s*\[')
GROUPS = ("public_channel", "private_channel", "public_supergroup", "private_supergroup", "private_group")
CHAT = "chat"  # the key of a record that says where it was written
MONTH = re.compile(r"\d{4}-\d\d")
MEDIA = ("photo", "file", "media_type", "sticker_emoji", "poll", "location_information", "contact_information")


def claim(probe: Probe) -> FormatClaim | None:
    """Claim exports of one chat or of all."""
    begin = probe.begin
    is_export = begin.startswith(b"{") and MESSAGES.search(begin) is not None and b'"type"' in begin
    if begin.startswith(b"{") and b'"about"' in begin[:200] and b"Telegram" in begin[:2_000]:
        return FormatClaim(CERTAIN, "a Telegram export of everything")
    of_telegram = b'"date_unixtime"' in begin or b'"from_id"' in begin or b'"actor_id"' in begin
    return FormatClaim(CERTAIN, "a Telegram export") if is_export and of_telegram else None


def documents(source: Source) -> Iterator[Document | BadDocument]:
    """Gather the messages of each chat by the posts that they answer."""
    refused: set[str] = set()
    with Gatherer() as gatherer:
        for number, item in enumerate(_messages(source.file, source.name), 1):
            if isinstance(item, BadDocument):
                yield item
                continue
            chat, message = item
            chat_id, own = id_of(chat.get("id")) or "", id_of(message.get("id"))
            if chat.get("type") not in GROUPS:
                if chat_id not in refused:
                    refused.add(chat_id)
                    yield BadDocument(source.name, f"chat {chat_id} is {chat.get('type')}: personal, left out")
                continue
            if own is None:
                yield BadDocument(f"{source.name}: message {number}", "a message without an id")
                continue
            above = id_of(message.get("reply_to_message_id"))
            record = message | {CHAT: {"id": chat_id, "name": chat.get("name")}}
            parent = f"{chat_id}/{above}" if above else None
            gatherer.add(number, record, f"{chat_id}/{own}", parent, None if above else _root(chat_id, own, message))
        yield from gather_documents(gatherer, source, JSON_TYPE)


def _root(chat: str, own: str, message: dict[str, Any]) -> str:
    """Return the thread of a message that answers none: its own for a post of a channel, else that of its month."""
    is_post = message.get("type") == "message" and str(message.get("from_id", "")).startswith("channel")
    month = MONTH.match(str(message.get("date", "")))
    return f"{chat}/{own}" if is_post or not month else f"{chat}/{month[0]}"


def _messages(file: BinaryIO, name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]] | BadDocument]:
    """Yield each message with what its chat is called, one in memory at a time."""
    import ijson

    chat: dict[str, Any] = {}
    builder, inside = None, ""
    try:
        for prefix, event, value in ijson.parse(file, use_float=True):
            if builder is not None:
                builder.event(event, value)
                if event == "end_map" and prefix == inside:
                    yield chat, builder.value
                    builder = None
            elif event == "start_map" and re.fullmatch(r"(?:.*\.)?messages\.item", prefix):
                builder, inside = ijson.ObjectBuilder(), prefix
                builder.event(event, value)
            elif event == "start_map" and (prefix == "" or prefix.endswith("list.item")):
                chat = {}
            elif (key := re.fullmatch(r"(?:(?:left_)?chats\.list\.item\.)?(name|type|id)", prefix)) is not None:
                chat[key[1]] = value
    except (ijson.JSONError, ValueError) as error:
        yield BadDocument(name, f"not JSON from some place on: {error}")


def parse(document: Document) -> Thread:
    """Return a post with what answers it, or what a month's messages of a chat say to each other."""
    gathered = read_gathered(document)
    messages = [record for _, record in gathered.records if record.get("type") == "message"]
    _, _, own = gathered.key.partition("/")
    is_month = MONTH.fullmatch(own) is not None
    root = next((message for message in messages if not is_month and id_of(message.get("id")) == own), None)
    comments = [_comment(message) for message in messages if message is not root]
    if root is None and not comments:
        raise EmptyDocument(document.location, "no message")
    name = next((text_of(record[CHAT].get("name")) for _, record in gathered.records), None)
    return Thread(
        article=_article(gathered, root, name, own if is_month else ""),
        comments=below_article(comments, own),
        platform=PLATFORM,
        capture=gathered_capture(document, gathered, notices=len(gathered.records) - len(messages)),
        native_id=gathered.key,
        completeness="partial",
        flags=() if root or is_month else (Flag("capture.context_missing", "post-not-in-file", f"message {own}"),),
    )


def _article(gathered: Gathered, root: dict[str, Any] | None, name: str | None, month: str) -> Article:
    body = _text(root.get("text")) if root else ""
    first = body.strip().split("\n")[0]
    return Article(
        title=f"{name or gathered.key} {month}".strip() if month else (first if len(first) <= 200 else None) or name,
        body=body,
        url=f"urn:telegram:{gathered.key.replace('/', ':')}",
        outlet_name=name,
        byline=text_of(root.get("from")) if root else None,
        published=_posted(root) if root else None,
        fills_in=True,
    )


def _comment(message: dict[str, Any]) -> Comment:
    above = id_of(message.get("reply_to_message_id"))
    name, account = text_of(message.get("from")), text_of(message.get("from_id"))
    body = _text(message.get("text"))
    flags: list[Flag] = []
    if message.get("edited"):
        flags.append(Flag("platform.edited", "edited", str(message["edited"])[:40]))
    if not body and (media := next((key for key in MEDIA if message.get(key)), None)):
        flags.append(Flag("capture.body_missing", "message-without-text", media))
    return Comment(
        body=body,
        author=Author(name, account) if name or account else None,
        posted=_posted(message),
        edited=moment_of(message.get("edited_unixtime")),
        native_id=id_of(message.get("id")),
        parent_native_id=above,
        parent_source="export" if above else None,
        reactions=_reactions(message.get("reactions")),
        flags=tuple(flags),
    )


def _text(value: Any) -> str:
    """Return a message's text, which is a text or a list of texts and of pieces with a form, such as links."""
    if isinstance(value, str):
        return value.strip()
    pieces = []
    for piece in value if isinstance(value, list) else ():
        text = piece.get("text") if isinstance(piece, dict) else piece
        if isinstance(text, str):
            target = text_of(piece.get("href")) if isinstance(piece, dict) else None
            pieces.append(f"{text} ({target})" if target and target != text else text)
    return "".join(pieces).strip()


def _posted(message: dict[str, Any]) -> Moment | None:
    """Return when it was written; older exports say it in the local time of an unknown zone alone."""
    moment = moment_of(message.get("date_unixtime"))
    stated = text_of(message.get("date"))
    return moment or (Moment(None, stated) if stated else None)


def _reactions(value: Any) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for reaction in value if isinstance(value, list) else ():
        if isinstance(reaction, dict) and (count := count_of(reaction.get("count"))) is not None:
            kind = text_of(reaction.get("emoji")) or text_of(reaction.get("type")) or "reaction"
            counts[kind[:40]] = counts.get(kind[:40], 0) + count
    return tuple(counts.items())
