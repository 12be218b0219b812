"""Parse documents in a worker process. A module of its own, so that a worker loads nothing but parsers."""

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from operator import is_

from archive.flags.annotate import annotate_thread
from archive.importers.base import BadDocument, Document, Importer
from archive.text.personal_data import mask_account, mask_name, without_personal_query
from archive.thread import Comment, Thread

Item = tuple[str, Document]  # a document, and the module that reads it
Result = Thread | BadDocument
FEDERATED = ("mastodon",)  # where an account's name is `kim@social.example`
OWN = ("archive.importers.own_archive",)  # whose names are known again by what they are there


def parse_documents(items: Sequence[Item]) -> list[Result]:
    """Parse documents, and find the flags of their comments. An error of the parser itself is that document's error."""
    results: list[Result] = []
    for name, document in items:
        importer: Importer = import_module(name)
        try:
            thread = importer.parse(document)
            if name not in OWN and thread.platform not in FEDERATED:
                thread = _without_addresses(thread)
            results.append(annotate_thread(thread))
        except BadDocument as error:
            results.append(error)
        except Exception as error:  # noqa: BLE001 one document must not stop the others
            results.append(BadDocument(document.location, f"{type(error).__name__}: {error}"))
    return results


def _without_addresses(thread: Thread) -> Thread:
    """Return a thread without e-mail and IP addresses in names and links; what a comment says stays as it was said."""
    comments = tuple(map(_comment_without_addresses, thread.comments))
    article, url, native_id = (
        address and without_personal_query(address) for address in (thread.article.url, thread.url, thread.native_id)
    )
    same = article == thread.article.url and url == thread.url and native_id == thread.native_id
    if same and all(map(is_, comments, thread.comments)):
        return thread
    changed = replace(thread.article, url=article)
    return replace(thread, article=changed, url=url, native_id=native_id, comments=comments)


def _comment_without_addresses(comment: Comment) -> Comment:
    author, url = comment.author, comment.url
    if url and (shorter := without_personal_query(url)) != url:
        comment = replace(comment, url=shorter)
    if author is None:
        return comment
    name, account = author.name and mask_name(author.name), author.native_id
    account = account and mask_account(account)
    if name != author.name and author.name and "@" in author.name and account is None:
        account = mask_account(author.name)
    same = (name, account) == (author.name, author.native_id)
    return comment if same else replace(comment, author=replace(author, name=name, native_id=account))


def lost_document(item: Item, reason: str) -> Result:
    """Return the error of a document whose parser ended the process that it ran in."""
    return BadDocument(item[1].location, reason)
