"""Blogger's exports, old and new, and IntenseDebate's: threads, parents and states, and nothing personal."""

import pytest

from archive.importers.run import import_files

TREE = """select c.native_id, p.native_id, m.name, c.state, c.body, substr(c.posted_at, 1, 13) from comments c
left join comments p on p.id = c.parent_id left join commenters m on m.id = c.commenter_id order by c.position"""
PERSONAL = (b"example.org", b"192.0.2.7")
ATOM = "<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom' {}><id>tag:blogger.com,1999:blog-7</id>"
KIND = (
    "<category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/blogger/2008/kind#{}'/>"
)


def old_entry(number, kind, author, content, more):
    return (
        f"<entry><id>tag:blogger.com,1999:blog-7.post-{number}</id><published>2012-03-01T1{number % 10}:00:00.000+01:00"
        f"</published>{KIND.format(kind)}<title type='text'>Wall</title><content type='html'>&lt;p&gt;{content}&lt;/p&gt;"
        f"</content>{more}<author><name>{author}</name><uri>http://www.blogger.com/profile/{number}</uri>"
        "<email>x@example.org</email></author></entry>"
    )


def link(rel, href):
    return f"<link rel='{rel}' type='text/html' href='{href}'/>"


REPLIES_TO = (
    "<thr:in-reply-to xmlns:thr='http://purl.org/syndication/thread/1.0' href='http://courier.example/wall.html'"
    " ref='tag:blogger.com,1999:blog-7.post-100'/>"
)
OLD = "".join((
    ATOM.format("xmlns:gd='http://schemas.google.com/g/2005'"),
    old_entry(201, "comment", "Mira", "Good work.", link("alternate", "http://courier.example/wall.html#c201") + REPLIES_TO),
    old_entry(100, "post", "Ida", "A wall.", link("replies", "http://courier.example/feeds/100/comments/default")
              + link("alternate", "http://courier.example/wall.html")),
    old_entry(202, "comment", "Tom", "In frost.", REPLIES_TO
              + link("related", "http://www.blogger.com/feeds/7/100/comments/default/201")),
    old_entry(203, "comment", "Kim", "Removed.", REPLIES_TO
              + "<gd:extendedProperty name='blogger.contentRemoved' value='true'/>"),
    old_entry(1, "settings", "Ida", "true", ""), "</feed>",
))  # fmt: skip


def new_entry(number, kind, status, author, content, more=""):
    return (
        f"<entry><id>tag:blogger.com,1999:blog-7.post-{number}</id>{more}<blogger:type>{kind}</blogger:type><blogger:status>"
        f"{status}</blogger:status><author><name>{author}</name><blogger:type>ANONYMOUS</blogger:type></author>"
        f"<title>{'Wall' if kind == 'POST' else ''}</title><content type='html'>{content}</content>"
        f"<published>2012-03-01T{10 + number % 10}:00:00Z</published></entry>"
    )


ABOVE = "<blogger:parent>tag:blogger.com,1999:blog-7.post-100</blogger:parent>"
NEW = "".join((
    ATOM.format("xmlns:blogger='http://schemas.google.com/blogger/2018'"),
    new_entry(100, "POST", "LIVE", "Ida", "A wall.", "<blogger:filename>/wall.html</blogger:filename>"),
    new_entry(201, "COMMENT", "LIVE", "Mira", "Good work.", ABOVE),
    new_entry(202, "COMMENT", "LIVE", "Tom", "In frost.", ABOVE
              + "<blogger:inReplyTo>tag:blogger.com,1999:blog-7.post-201</blogger:inReplyTo>"),
    new_entry(203, "COMMENT", "SPAM_COMMENT", "Kim", "Removed.", ABOVE), "</feed>",
))  # fmt: skip
INTENSE_DEBATE = """<?xml version="1.0" encoding="UTF-8"?>
<output>
<blogpost><url>http%3A%2F%2Fcourier.example%2Fwall</url><title>A%20Wall</title><guid>http://courier.example/?p=7</guid>
<postid>7</postid><comments>
<comment id='1' parentid='0'><isAnon>0</isAnon><name>Mira</name><email>x@example.org</email><url/><ip>192.0.2.7</ip>
<text><![CDATA[Good work.]]></text><date>2010-05-01 10:00:00</date><gmt>2010-05-01 08:00:00</gmt><score>2</score></comment>
<comment id='2' parentid='1'><isAnon>1</isAnon><name>Tom</name><email/><url/><ip>192.0.2.7</ip>
<text><![CDATA[In frost.]]></text><date>2010-05-01 11:00:00</date><gmt>2010-05-01 09:00:00</gmt><score>0</score></comment>
</comments></blogpost></output>"""


def test_the_old_export_of_blogger(archive, query, tmp_path):
    (tmp_path / "blog.xml").write_text(OLD)
    import_files(archive, [str(tmp_path / "blog.xml")], workers=0)
    assert query(TREE) == [
        ("201", None, "Mira", "visible", "Good work.", "2012-03-01T10"),
        ("202", "201", "Tom", "visible", "In frost.", "2012-03-01T11"),
        ("203", None, "Kim", "removed", "Removed.", "2012-03-01T12"),
    ]
    assert query("select url, title, body from articles") == [("http://courier.example/wall.html", "Wall", "A wall.")]
    assert query("select platform, native_id from threads") == [("blogger", "100")]


def test_the_new_export_of_blogger(archive, query, tmp_path):
    (tmp_path / "feed.atom").write_text(NEW)
    import_files(archive, [str(tmp_path / "feed.atom")], workers=0)
    assert [row[:4] for row in query(TREE)] == [
        ("201", None, "Mira", "visible"),
        ("202", "201", "Tom", "visible"),
        ("203", None, "Kim", "removed"),
    ]
    assert query("select title, body from articles") == [("Wall", "A wall.")]
    assert query("select native_id from threads") == [("100",)]


def test_intense_debate(archive, query, tmp_path):
    (tmp_path / "export.xml").write_text(INTENSE_DEBATE)
    import_files(archive, [str(tmp_path / "export.xml")], workers=0)
    assert query(TREE) == [
        ("1", None, "Mira", "visible", "Good work.", "2010-05-01T08"),
        ("2", "1", "Tom", "visible", "In frost.", "2010-05-01T09"),
    ]
    assert query("select url, title from articles") == [("http://courier.example/wall", "A Wall")]


@pytest.mark.parametrize("export", [OLD, INTENSE_DEBATE])
def test_nothing_personal_is_stored(archive, tmp_path, export):
    (tmp_path / "export.xml").write_text(export)
    import_files(archive, [str(tmp_path / "export.xml")], workers=0)
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.name.startswith("archive"))
    assert raw
    assert not any(personal in raw for personal in PERSONAL)
