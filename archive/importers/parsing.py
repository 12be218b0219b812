"""Parse a document as it is stored: as its importer reads it, without e-mail and IP addresses in names and links.

Whoever parses a document does it here: an import, and what compares an archive with its files afterwards.
"""

from dataclasses import replace
from operator import is_

from archive.importers import mastodon, own_archive
from archive.importers.base import Document, Importer
from archive.text.personal_fields import mask_account, mask_name, without_personal_query
from archive.thread import Author, Comment, Thread

# Accounts are called `kim@social.example` there.
FEDERATED = mastodon.NAME
# Names are known again by what they are there, where they were stored by these rules.
OWN = own_archive.NAME


def parse_document(importer: Importer, document: Document) -> Thread:
    """Return the thread of a document. Raise BadDocument; what a comment says stays as it was said."""
    thread = importer.parse(document)
    return thread if importer.NAME == OWN or thread.platform == FEDERATED else _without_addresses(thread)


def _without_addresses(thread: Thread) -> Thread:
    comments = tuple(map(_comment_without_addresses, thread.comments))
    article, url, native_id = (
        address and without_personal_query(address) for address in (thread.article.url, thread.url, thread.native_id)
    )
    same = (article, url, native_id) == (thread.article.url, thread.url, thread.native_id)
    if same and all(map(is_, comments, thread.comments)):
        return thread
    changed = replace(thread.article, url=article)
    return replace(thread, article=changed, url=url, native_id=native_id, comments=comments)


def _comment_without_addresses(comment: Comment) -> Comment:
    author, url = comment.author and _author_without_addresses(comment.author), comment.url
    shorter = url and without_personal_query(url)
    same = author is comment.author and shorter == url
    return comment if same else replace(comment, author=author, url=shorter)


def _author_without_addresses(author: Author) -> Author:
    """Return an author without addresses. Who had an e-mail address for a name is told from others by its hash."""
    name = author.name and mask_name(author.name)
    account = author.native_id and mask_account(author.native_id)
    if account is None and author.name and name != author.name:
        account = mask_account(author.name)
    same = (name, account) == (author.name, author.native_id)
    return author if same else replace(author, name=name, native_id=account)
