"""Which rows are a thread, what they answer and whether they were shown: as systems and collectors name and fill it."""

import csv
import io

import pytest

from archive.importers.base import Options, Source
from archive.importers.tables.importer import documents, examine, parse

TEXTS = ("The ferry left early again.", "The bus is a better way to town.", "Why does nobody answer?", "I saw it all.")
ROWS = range(1, 13)
PARENTS = {4: 1, 6: 3, 9: 6}


def text(i):
    return f"{TEXTS[i % 4]} So says number {i}."


def page(i):
    return i % 3


def answers(i, form="{}", none=""):
    return form.format(PARENTS[i]) if i in PARENTS else none


def source(header, row, name="comments.csv"):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header.split(","), *map(row, ROWS)])
    return Source(io.BufferedReader(io.BytesIO(out.getvalue().encode())), name, None, Options())


def read(header, row):
    """Return the threads of a table; its documents are none where it is in doubt."""
    return [parse(document) for document in documents(source(header, row))]


def replies(threads):
    return {
        int(comment.native_id.lstrip("kUgx-")): int(comment.parent_native_id.lstrip("kUgx-"))
        for thread in threads
        for comment in thread.comments
        if comment.parent is not None
    }


SYSTEMS = {
    "a table of WordPress": (
        "comment_ID,comment_post_ID,comment_author,comment_date,comment_content,comment_approved,comment_parent,user_id",
        lambda i: [i, 70 + page(i), f"reader {i}", "2024-01-09 10:00:00", text(i), 1, answers(i, none="0"), 0],
    ),
    "a table of Drupal, with headings": (
        "cid,pid,nid,uid,subject,comment_body,created,name",
        lambda i: [i, answers(i), 50 + page(i), 0, f"Re: no {i}", text(i), 1_700_000_000 + i, f"reader {i}"],
    ),
    "Valine": (
        "objectId,nick,pid,rid,comment,url,createdAt",
        lambda i: [f"k{i}", f"reader {i}", answers(i, "k{}"), answers(i, "k{}"), text(i), f"/page-{page(i)}/",
                   "2024-01-09T10:00:00.000Z"],
    ),
    "TikTok": (
        "cid,reply_to_cid,video_url,nickname,text,digg_count,create_time",
        lambda i: [f"k{i}", answers(i, "k{}"), f"https://video.example/@a/{page(i)}", f"reader {i}", text(i), i,
                   1_700_000_000 + i],
    ),
    "VK": (
        "id,owner_id,post_id,from_id,date,text,likes,reply_to_comment",
        lambda i: [i, -77, 50 + page(i), 90 + i, 1_700_000_000 + i, text(i), i, answers(i)],
    ),
    "YouTube": (
        "videoId,commentId,parentId,authorDisplayName,textDisplay,publishedAt,likeCount",
        lambda i: [f"v{page(i)}", f"Ugx-{i}", answers(i, "Ugx-{}"), f"@reader{i}", text(i), "2024-01-09T10:00:00Z", i],
    ),
    "addresses of comments and of their pages": (
        "id,url,issue_url,user,created_at,body,in_reply_to",
        lambda i: [i, f"https://a.example/c/{i}", f"https://a.example/p/{page(i)}", f"reader {i}",
                   "2024-01-09T10:00:00Z", text(i), answers(i)],
    ),
    "ids of what only its site knows": (
        "id,briefing_id,parent_id,name,comment,related_url,created_at",
        lambda i: [i, f"b-{page(i)}", answers(i), f"reader {i}", text(i), "https://b.example/" if i < 3 else "",
                   "2024-01-09T10:00:00Z"],
    ),
    "The Guardian, as a program saves it": (
        "Comment ID,Comment ID Responding To,Depth,Discussion Key,User ID,Date Time,Recommendations,Highlighted?,Comment Text",
        lambda i: [f"k{i}", answers(i, "k{}"), int(i in PARENTS), f"/p/{page(i)}", f"u{i}", "2024-01-09 10:00:00", i, "",
                   text(i)],
    ),
    "French": (
        "id_commentaire,reponse_a,titre_article,pseudo,date_publication,texte_commentaire",
        lambda i: [i, answers(i, none="0"), f"Un titre {page(i)}", f"lecteur {i}", "25/01/2024 10:00", text(i)],
    ),
    "Russian": (
        "id комментария,Ответ на,Заголовок статьи,Автор,Дата,Текст комментария",
        lambda i: [i, answers(i), f"Статья {page(i)}", f"reader {i}", "25.01.2024 10:00", text(i)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("system", SYSTEMS)
def test_threads_and_parents_are_found_as_systems_name_them(system):
    threads = read(*SYSTEMS[system])
    assert len(threads) == 3
    assert replies(threads) == PARENTS
    comments = [comment for thread in threads for comment in thread.comments]
    assert len(comments) == len(ROWS)
    assert all(comment.posted and comment.posted.at for comment in comments)
    assert all(comment.author for comment in comments)
    assert all(not comment.labels for comment in comments)


def test_addresses_of_comments_in_a_page_give_the_page():
    (thread,) = read(
        "id,parent,author_name,date,link,content",
        lambda i: [
            i,
            answers(i, none="0"),
            f"reader {i}",
            "2024-01-09",
            f"https://a.example/wall/#comment-{i}",
            text(i),
        ],
    )
    assert thread.article.url == "https://a.example/wall/"
    assert thread.comments[0].url == "https://a.example/wall/#comment-1"


def test_a_key_that_is_the_same_in_all_rows_is_none_where_articles_are_several():
    threads = read(
        "id,page_id,post_url,author,comment",
        lambda i: [i, "kurier", f"https://a.example/{page(i)}", f"reader {i}", text(i)],
    )
    assert len(threads) == 3


def test_works_that_have_an_address_each_are_in_doubt():
    _, conclusion = examine(
        source("url,date,author,text", lambda i: [f"https://a.example/{i}", "2024-01-09", "Ida", text(i)])
    )
    assert "an address each" in conclusion.doubt


def test_nobody_s_account_makes_guests_no_one_person():
    threads = read("comment_id,user_id,author,comment", lambda i: [i, 0 if i % 2 else i, f"reader {i}", text(i)])
    authors = [comment.author for thread in threads for comment in thread.comments]
    assert {author.native_id for author in authors} == {None, *(str(i) for i in ROWS if not i % 2)}


@pytest.mark.parametrize(
    ("column", "cells", "states"),
    [
        ("comment_approved", ("1", "0", "spam", "trash"), ("visible", "withheld", "removed", "removed")),
        ("isApproved", ("true", "false", "true", "false"), ("visible", "withheld", "visible", "withheld")),
        ("is_deleted", ("0", "1", "0", "1"), ("visible", "removed", "visible", "removed")),
        ("deleted_at", ("", "2024-01-09", "", ""), ("visible", "removed", "visible", "visible")),
        ("isPending", ("False", "True", "False", "True"), ("visible", "withheld", "visible", "withheld")),
    ],
)
def test_states_are_read_by_what_their_column_is_called(column, cells, states):
    (thread,) = read(f"id,author,comment,{column}", lambda i: [i, f"reader {i}", text(i), cells[i % 4]])
    assert [comment.state for comment in thread.comments[3:7]] == list(states)


def test_of_several_columns_of_states_the_strictest_counts():
    (thread,) = read(
        "id,author,comment,isApproved,isSpam,isDeleted",
        lambda i: [i, f"reader {i}", text(i), "true", "true" if i == 2 else "false", "true" if i == 3 else "false"],
    )
    assert [comment.state for comment in thread.comments[:4]] == ["visible", "removed", "removed", "visible"]


def test_ids_may_be_counted_anew_in_each_thread():
    threads = read("comment_id,post_id,user_name,comment", lambda i: [(i + 2) // 3, page(i), f"reader {i}", text(i)])
    assert [[each.native_id for each in thread.comments] for thread in threads] == [["1", "2", "3", "4"]] * 3
