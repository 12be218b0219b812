"""ConvoKit corpora: a folder or zip file of utterances, conversations and speakers; those that btl exports, too.

The utterance that a conversation begins with is its article where the conversation has a title, else its first comment.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from archive.importers.base import CERTAIN, BadDocument, Document, EmptyDocument, FormatClaim, Probe, Source
from archive.importers.corpus_files import ONE_FILE, ZIP, CorpusFiles, base_name
from archive.importers.own_records import (
    read_author,
    read_dataset,
    read_labels,
    read_moment,
    read_parent_source,
    read_record,
    read_state,
    with_native_ids,
)
from archive.importers.records_by_thread import (
    JSON_LINES_TYPE,
    Gathered,
    Gatherer,
    below_article,
    gather_documents,
    gathered_capture,
    read_gathered,
    read_records,
)
from archive.importers.values import count_of, id_of, moment_of, read_flags, text_of
from archive.text import urls
from archive.text.fold import fold_name
from archive.text.personal_fields import is_personal
from archive.thread import (
    Article,
    Author,
    Comment,
    Dataset,
    Flag,
    Label,
    Moment,
    Precision,
    State,
    Thread,
)

NAME = "convokit"
PLATFORM = "convokit"
UTTERANCES = "utterances.jsonl"
CONVERSATIONS, SPEAKERS = ("conversations.json",), ("speakers.json", "users.json")
OTHERS = ("corpus.json", "index.json")
KEYS = re.compile(rb'"reply[-_]to"\s*:')
IN_ARCHIVE = re.compile(rb"(?:utterances\.jsonl|conversations\.json|speakers\.json|corpus\.json)")
STATES: dict[str, State] = {"[deleted]": "author_deleted", "[removed]": "removed"}
LONGEST_LABEL = 40
NOT_LABELS = frozenset(
    ("permalink", "url", "stickied", "kind", "chosen", "revision", "title", "page_title", "domain", "subreddit")
)
# What corpora call what is known of them, in corpus.json; index.json has a version of its own.
ABOUT = {
    "name": ("name", "corpusname", "title"),
    "version": ("version", "release"),
    "licence": ("licence", "license", "licences", "licenses", "spdx"),
    "citation": ("citation", "cite", "citeas", "howtocite", "reference", "bibtex", "paper"),
    "url": ("url", "homepage", "website", "source", "doi"),
}
OF_PLACE = re.compile(r"(?:^|[\W_])(?:ids?|names?|time)$|(?<=[a-z])(?:I[dD]|Name|Time)$")
NOT_NUMBERS = frozenset(("score", "timestamp", "retrieved_on", "created_utc"))
NOT_OF_INDEX = frozenset(("version",))
LARGEST_ABOUT = 1 << 20


def claim(probe: Probe) -> FormatClaim | None:
    """Claim utterances by their keys, the files beside them by their names, and zip files that hold them."""
    head, name = probe.begin, base_name(probe.name)
    if head.startswith(ZIP):
        is_corpus = IN_ARCHIVE.search(head) is not None
        return FormatClaim(CERTAIN, "a zip file of a ConvoKit corpus") if is_corpus else None
    if not head.startswith(b"{"):
        return None
    is_thread = b'"conversation_id"' in head or b'"root"' in head
    if is_thread and KEYS.search(head) is not None and (b'"speaker"' in head or b'"user"' in head):
        return FormatClaim(CERTAIN, "utterances of a ConvoKit corpus")
    is_about = name in (*CONVERSATIONS, *SPEAKERS) and b'"meta"' in head
    is_index = name in OTHERS and Path(probe.name).with_name(UTTERANCES).exists()
    return FormatClaim(CERTAIN, f"{name} of a ConvoKit corpus") if is_about or is_index else None


def documents(source: Source) -> Iterator[Document | BadDocument]:
    """Gather the utterances of each conversation, with its title and who spoke. The other files have none."""
    with CorpusFiles(source) as files:
        names = {base_name(name): name for name in reversed(files.names)}
        is_main = files.main is None or KEYS.search(files.head(files.main)) is not None
        if not is_main and UTTERANCES not in names:
            yield BadDocument(source.name, f"of a ConvoKit corpus, without {UTTERANCES} beside it")
        if not is_main:
            return
        main = files.main or names.get(UTTERANCES)
        if main is None:
            yield BadDocument(source.name, f"a ConvoKit corpus without {UTTERANCES}")
            return
        has_others = any(name in names for name in (*CONVERSATIONS, *SPEAKERS))
        if files.main is not None and source.is_kept and has_others:
            yield BadDocument(source.name, ONE_FILE)
            return
        with Gatherer() as gatherer:
            yield from _read_beside(gatherer, files, source, names)
            with files.open(main) as file:
                for record in read_records(file, source.name):
                    if isinstance(record, BadDocument):
                        yield record
                        continue
                    line, utterance = record
                    thread = id_of(utterance.get("conversation_id")) or id_of(utterance.get("root"))
                    if id_of(utterance.get("id")) is None or thread is None:
                        yield BadDocument(f"{source.name}:{line}", "an utterance without an id or a conversation")
                        continue
                    utterance["speaker"] = id_of(utterance.get("speaker", utterance.get("user")))
                    gatherer.add(line, utterance, id_of(utterance["id"]), None, thread)
            yield from gather_documents(
                gatherer,
                source,
                JSON_LINES_TYPE,
                articles="conversation",
                people="speaker",
                person_of="speaker",
                about=_about(files, names),
            )


def _read_beside(
    gatherer: Gatherer, files: CorpusFiles, source: Source, names: dict[str, str]
) -> Iterator[BadDocument]:
    """Read conversations and speakers, one in memory at a time; yield what cannot be read of them."""
    import ijson

    for kind, choices in (("conversation", CONVERSATIONS), ("speaker", SPEAKERS)):
        for name in (names[choice] for choice in choices if choice in names and names[choice] != files.main):
            try:
                with files.open(name) as file:
                    for key, value in ijson.kvitems(file, "", use_float=True):
                        meta = value.get("meta", value) if isinstance(value, dict) else {}
                        gatherer.add_beside(kind, key, _without_personal(meta if isinstance(meta, dict) else {}))
            except Exception as error:  # noqa: BLE001 a decompressor's errors have no common base
                yield BadDocument(f"{source.name} ({name})", f"not read from some place on: {error}")


def _without_personal(meta: dict[str, Any]) -> dict[str, Any]:
    """Return what is said of a conversation or speaker: nothing personal, and no lists but of labels, as btl writes."""
    return {
        key: value
        for key, value in meta.items()
        if (isinstance(value, str | int | float | None) and not is_personal(key, value))
        or (key == "labels" and isinstance(value, list))
    }


def _about(files: CorpusFiles, names: dict[str, str]) -> dict[str, Any]:
    """Return what corpus.json, or else index.json, says of the corpus: its name, licence and so on."""
    about: dict[str, Any] = {}
    for name in OTHERS:
        value = _read_object(files, names[name]) if name in names else {}
        if isinstance(datasets := value.get("datasets"), list):  # as btl writes it, whose threads may be of several
            about.setdefault("datasets", [item for item in datasets if isinstance(item, dict)])
        meta = value.get("meta")
        stated = {fold_name(key): item for key, item in (value | (meta if isinstance(meta, dict) else {})).items()}
        for role, keys in ABOUT.items():
            text = next((text for key in keys if (text := _text_about(stated.get(key)))), None)
            is_address = text is not None and urls.is_web_address(text)
            if text and (role != "url" or is_address) and not (name == "index.json" and role in NOT_OF_INDEX):
                about.setdefault(role, text)
    return about


def _read_object(files: CorpusFiles, name: str) -> dict[str, Any]:
    try:
        with files.open(name) as file:
            value = json.loads(file.read(LARGEST_ABOUT))
    except Exception:  # noqa: BLE001 a decompressor's errors have no common base
        return {}
    return value if isinstance(value, dict) else {}


def _text_about(value: Any) -> str | None:
    """Return a text, the first of a list, or what an object is called; index.json has types of Python for texts."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = next((value[key] for key in ("spdx", "id", "name", "title", "text") if key in value), None)
    text = text_of(value)
    return None if text is None or text.startswith("<class ") else text.strip()


def parse(document: Document) -> Thread:
    """Return a conversation: its article, where it has one, and its comments."""
    gathered = read_gathered(document)
    meta, utterances = gathered.article, [record for _, record in gathered.records]
    first = next((row for row in utterances if id_of(row["id"]) == gathered.key), None)
    if first is None:
        first = next((row for row in utterances if _meta(row).get("kind") == "article"), None)
    is_own = "article_url" in meta and "platform" in meta
    root = first if first and (is_own or text_of(meta.get("title"))) else None
    dataset = _own_dataset(meta, gathered.about) if is_own else None
    read = partial(_own_comment, dataset=dataset) if is_own else _comment
    comments: Sequence[Comment] = [read(row, gathered.people) for row in utterances if row is not root]
    comments = below_article(comments, gathered.key if root else None)
    if is_own:
        native_ids = {id_of(row["id"]): id_of(_meta(row).get("native_id")) for row in utterances}
        comments = [with_native_ids(comment, native_ids) for comment in comments]
    if not comments and root is None:
        raise EmptyDocument(document.location, "no comment")
    name = text_of(gathered.about.get("name")) or Path(document.file).parent.name or Path(document.file).stem
    article = _own_article(meta, root) if is_own else _article(gathered, root, name)
    of_article = _meta(root or {})
    article = replace(article, labels=read_labels(of_article, "labels") if is_own else tuple(_labels(of_article)))
    native_id = text_of(meta.get("native_id")) if is_own else f"{name}:{gathered.key}"
    return Thread(
        article=article,
        comments=tuple(comments),
        platform=(text_of(meta.get("platform")) or PLATFORM) if is_own else PLATFORM,
        capture=gathered_capture(document, gathered),
        native_id=native_id,
        stated_count=count_of(meta.get("stated_count", meta.get("num_comments"))),
        completeness="partial",
        flags=() if root else (Flag("capture.context_missing", "conversation-without-article"),),
        dataset=dataset if is_own else _dataset(name, gathered.about),
        labels=read_labels(meta, "labels") if is_own else tuple(_labels(meta)),
    )


def _own_dataset(meta: dict[str, Any], about: dict[str, Any]) -> Dataset | None:
    """Return the dataset of a conversation; corpus.json says more of it than its name."""
    stated = read_dataset(meta.get("dataset"))
    known = (read_dataset(item) for item in about.get("datasets", ()))
    return stated and next((dataset for dataset in known if dataset and dataset.name == stated.name), stated)


def _dataset(name: str, about: dict[str, Any]) -> Dataset:
    version, licence, citation, url = (text_of(about.get(key)) for key in ("version", "licence", "citation", "url"))
    return Dataset(name, version, licence, citation, url)


def _meta(utterance: dict[str, Any]) -> dict[str, Any]:
    meta = utterance.get("meta")
    return meta if isinstance(meta, dict) else {}


def _own_article(meta: dict[str, Any], root: dict[str, Any] | None) -> Article:
    title, body = text_of(meta.get("title")), (root or {}).get("text") or ""
    if title and body.startswith(title):
        body = body.removeprefix(title).removeprefix("\n\n")
    published, precision = text_of(meta.get("published_at")), _meta(root or {}).get("posted_precision")
    outlet, outlet_name = text_of(meta.get("outlet")), text_of(meta.get("outlet_name"))
    return Article(
        title=title,
        body=body,
        url=text_of(meta.get("article_url")),
        outlet=outlet,
        outlet_name=outlet_name if outlet_name != outlet else None,
        byline=text_of(meta.get("byline")),
        published=Moment(published, published, cast("Precision", precision or "second")) if published else None,
        language=text_of(meta.get("language")),
        section=text_of(meta.get("section")),
        fills_in=True,
    )


def _article(gathered: Gathered, root: dict[str, Any] | None, name: str) -> Article:
    meta = gathered.article
    url = urls.canonical(meta.get("url") or meta.get("article_url") or meta.get("permalink"))
    title = text_of(meta.get("title")) or text_of(meta.get("page_title"))
    return Article(
        title=title,
        body=(root or {}).get("text") or "",
        url=url or f"urn:convokit:{fold_name(name)}:{gathered.key}",
        outlet=urls.domain(url) if url else None,
        byline=id_of((root or {}).get("speaker")),
        published=moment_of((root or {}).get("timestamp")),
        section=text_of(meta.get("subreddit")),
        fills_in=True,
    )


def _own_comment(row: dict[str, Any], people: dict[str, Any], dataset: Dataset | None) -> Comment:
    """Return a comment as btl exported it, with the ids of that archive."""
    meta, parent = _meta(row), id_of(row.get("reply-to"))
    person = people.get(id_of(row.get("speaker")) or "", {})
    of_author = person | {"author": person.get("name"), "author_native_id": person.get("native_id")}
    return Comment(
        body=row["text"] if isinstance(row.get("text"), str) else "",
        author=read_author(of_author) if person.get("kind") == "commenter" else None,
        posted=read_moment(meta, "posted_at", "posted_precision"),
        native_id=id_of(row["id"]),
        parent_native_id=parent,
        parent_source=read_parent_source(meta.get("parent_source")) or ("export" if parent else None),
        state=read_state(meta.get("state")),
        likes=count_of(meta.get("likes")),
        dislikes=count_of(meta.get("dislikes")),
        url=text_of(meta.get("source_url")),
        flags=read_flags(meta.get("flags"), dataset),
        **read_record(meta),
    )


def _comment(row: dict[str, Any], people: dict[str, Any]) -> Comment:
    meta, stated = _meta(row), row.get("text")
    text = stated if isinstance(stated, str) else ""
    parent = id_of(row.get("reply-to", row.get("reply_to")))
    speaker = id_of(row.get("speaker"))
    state = STATES.get(text.strip(), "visible")
    score = count_of(meta.get("score"))
    return Comment(
        body="" if state != "visible" else text,
        author=_author(speaker, people.get(speaker or "", {})),
        posted=moment_of(row.get("timestamp")),
        native_id=id_of(row["id"]),
        parent_native_id=parent,
        parent_source="export" if parent else None,
        state=state,
        reactions=(("score", score),) if score is not None else (),
        labels=tuple(_labels(meta)),
    )


def _author(speaker: str | None, person: dict[str, Any]) -> Author | None:
    if speaker is None or speaker == "[deleted]":
        return None
    return Author(text_of(person.get("name")) or text_of(person.get("username")) or speaker, speaker)


def _labels(meta: dict[str, Any]) -> Iterator[Label]:
    """Yield what a corpus says of an utterance in a word or a number; what is personal or of its place is left out."""
    for key, value in meta.items():
        if key in NOT_LABELS or is_personal(key, value) or OF_PLACE.search(key):
            continue
        if isinstance(value, bool | int | float) and key not in NOT_NUMBERS and not key.startswith("num_"):
            yield Label(key, str(value), float(value))
        elif isinstance(value, str) and 0 < len(value.strip()) <= LONGEST_LABEL:
            yield Label(key, value.strip())
