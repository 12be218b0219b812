"""Comment systems are recognised as pages really embed them, with what their services want to be asked with."""

from base64 import b64encode
from urllib.parse import urlsplit

import pytest

from crawler.pages import embed_text
from crawler.pages.embed_text import unescape
from crawler.pages.embeds import check_source, find_embeds, is_address_of_system, load_systems
from crawler.pages.page import CommentHints, FetchFailed, Page
from crawler.platforms import driver
from tests.waiting import no_hang

LAZY = b64encode(
    b'<script>var disqus_config = function () { this.page.identifier = "a-1"; };</script>'
    b'<script src="//id-courier.disqus.com/embed.js"></script>'
).decode()
URL_SAFE = LAZY.rstrip("=").replace("+", "-").replace("/", "_")
URL = "https://courier.example/ferry"


def read(html: str, hints: CommentHints | None = None) -> dict[str, dict[str, str]]:
    page = Page(URL, html.encode(), {"content-type": "text/html; charset=utf-8"}, hints=hints)
    return {name: {k: v for k, v in e.values.items() if v != URL} for name, e in find_embeds(page).items()}


@pytest.mark.parametrize(
    ("html", "embeds"),
    [
        ('<div id="disqus_thread"></div>', {"disqus": {}}),
        ('<script src="https://courier.disqus.com/embed.js"></script>', {"disqus": {"key": "courier"}}),
        (f'<div data-id-lazyload-code="{LAZY}"></div>', {"disqus": {"key": "id-courier", "thread": "a-1"}}),
        (f"<i data-later={URL_SAFE}></i>", {"disqus": {"key": "id-courier", "thread": "a-1"}}),
        (f"<script>put(atob('{LAZY}'))</script>", {"disqus": {"key": "id-courier", "thread": "a-1"}}),
        (
            '<a data-disqus-identifier=x-9>3</a><script>{"disqusEmbedUrl":"https:\\/\\/courier.disqus.com\\/embed.js"}</script>',
            {"disqus": {"key": "courier", "thread": "x-9"}},
        ),
        ("<meta content=98be name=vf:container_id>", {"viafoura": {"thread": "98be"}}),
        ('<meta property="vf:container_id" content="98be">', {"viafoura": {"thread": "98be"}}),
        (
            '<vf-conversations-count limit=3 vf-container-id="9"></vf-conversations-count>',
            {"viafoura": {"thread": "9"}},
        ),
        ('<script>a({"vf:container_id":"1.7"})</script>', {"viafoura": {"thread": "1.7"}}),
        ('<script>{"coralUrl":"https:\\u002F\\u002Fc.example"}</script>', {"coral": {"host": "https://c.example"}}),
        (
            '<div id=coral-embed-stream-77></div><script>w.ENDPOINT_CORAL="https://c.example"</script>',
            {"coral": {"thread": "77", "host": "https://c.example"}},
        ),
        ("""<x-box :coral-id="'197'"></x-box>""", {"coral": {"thread": "197"}}),
        (
            '<script>{"coralHostName":"c.example","coralCommentsStatus":"disabled"}</script>',
            {"coral": {"host": "c.example"}},
        ),
        ('<script>{"hasVuukle":false}</script>', {}),
        (
            '<script async src="https://launcher.spot.im/spot/sp_abc" data-post-id=12></script>',
            {"openweb": {"key": "sp_abc", "thread": "12"}},
        ),
        (
            '<meta name="dc.identifier" content="u-1"><script>{"spotImId":"sp_abc"}</script>',
            {"openweb": {"key": "sp_abc", "thread": "u-1"}},
        ),
        ('<article data-nid=5></article><script>{"hasVuukle":true}</script>', {"vuukle": {"thread": "5"}}),
        (
            '<div class="fb-comments" data-href="https://courier.example/f"></div>',
            {"facebook": {"thread": f"{URL[:-4]}"}},
        ),
        ("<p>We left Disqus for the coral reef last year.</p><div class='coral'></div>", {}),
        ('<script src="https://courier.example/assets/js/embed.js"></script><p>Coral</p>', {}),
        ('<script src="https://cdns.gigya.com/js/gigya.js"></script>', {}),
    ],
)
def test_systems_and_values(html, embeds):
    assert read(html) == embeds


C, R = "https://c.example", "https://r.example"
CONFIG = 'var disqus_config = function () { this.page.identifier = "a-1"; }; s.src = "//courier.disqus.com/embed.js";'
IN_BASE64 = b64encode(CONFIG.encode()).decode()
MARKED_UP = b64encode(f"<div id=disqus_thread></div><script>{CONFIG}</script>".encode()).decode()
DISQUS = {"key": "courier", "thread": "a-1"}


@pytest.mark.parametrize(
    ("name", "html", "values"),
    [
        ("viafoura", '<i data-c="{&quot;viafoura&quot;:{&quot;containerId&quot;:&quot;b-1&quot;,&quot;siteUuid&quot;:&quot;s-1&quot;}}">',
         {"thread": "b-1", "key": "s-1"}),
        ("viafoura", '<i data-c="{&amp;quot;vf:container_id&amp;quot;:&amp;quot;b-1&amp;quot;}">', {"thread": "b-1"}),
        ("viafoura", '<script>{"props":{"viafoura":{"section_uuid":"s-1","container_id":"b-1"}}}</script>',
         {"thread": "b-1", "key": "s-1"}),
        ("viafoura", r'<script>f.push([1,"a:[\"$\",\"vf-conversations\",{\"vf-container-id\":\"b-1\"}]"])</script>',
         {"thread": "b-1"}),
        ("viafoura", "<template><vf-conversations vf-container-id=b-1></vf-conversations></template>", {"thread": "b-1"}),
        ("coral", f'<i class="coral" data-c="{{&quot;rootURL&quot;:&quot;{C}&quot;,&quot;storyID&quot;:&quot;77&quot;}}">',
         {"thread": "77", "host": C}),
        ("coral", r'<script>{"coral":{"storyID":"77","rootURL":"https:\/\/c.example"}}</script>', {"thread": "77", "host": C}),
        ("coral", f'<script>var coral_comments={{"root_url":"{C}","story_id":77}}</script>', {"thread": "77", "host": C}),
        ("coral", "<amp-iframe src='https://a.coral.coralproject.net/embed/amp?storyID=77&amp;x=1'></amp-iframe>",
         {"thread": "77", "host": "https://a.coral.coralproject.net"}),
        ("coral", f"<div data-module=Coral data-root-url={C} data-story-id=77></div>", {"thread": "77", "host": C}),
        ("disqus", "<iframe data-src='//disqus.com/embed/comments/?base=default&f=courier&t_i=a-1'></iframe>", DISQUS),
        ("disqus", "<amp-iframe src='//x.example/amp.html?disqus_identifier=a-1&shortname=courier'></amp-iframe>", DISQUS),
        ("disqus", '<script>{"disqus":{"shortname":"courier","identifier":"a-1"}}</script>', DISQUS),
        ("disqus", "<disqus-comments shortname=courier identifier=a-1></disqus-comments>", DISQUS),
        ("disqus", '<i data-c="{&quot;type&quot;:&quot;disqus&quot;,&quot;shortname&quot;:&quot;courier&quot;}">', {"key": "courier"}),
        ("disqus", "<script data-litespeed-src=//courier.disqus.com/embed.js></script>", {"key": "courier"}),
        ("disqus", f"<script src=data:text/javascript;base64,{IN_BASE64}></script>", DISQUS),
        ("disqus", f'<script type="text/template">{MARKED_UP}</script>', DISQUS),
        ("openweb", "<amp-iframe src='//amp.spot.im/production.html?spotId=sp_a&amp;postId=12'></amp-iframe>",
         {"key": "sp_a", "thread": "12"}),
        ("openweb", "<div data-openweb-spot-id=sp_a data-openweb-post-id=12></div>", {"key": "sp_a", "thread": "12"}),
        ("openweb", '<script>{"spotImId":"sp_a","spotImPostId":"12"}</script>', {"key": "sp_a", "thread": "12"}),
        ("vuukle", '<script>{"vuukle":{"apiKey":"k-1","articleId":"12"}}</script>', {"key": "k-1", "thread": "12"}),
        ("vuukle", "<amp-iframe src='//cdn.vuukle.com/amp.html?id=12&apiKey=k-1'></amp-iframe>", {"key": "k-1", "thread": "12"}),
        ("remark42", f"<iframe data-src='{R}/web/iframe.html?site_id=s&url=https%3A%2F%2Fa.example%2Ff'></iframe>",
         {"host": R, "key": "s", "thread": "https://a.example/f"}),
        ("discourse", f"<iframe id=discourse-embed-frame src='{R}/embed/comments?topic_id=12'></iframe>", {"host": R, "thread": "12"}),
        ("comentario", "<script data-src=//r.example/comentario.js></script>", {"host": "//r.example/comentario.js", "thread": "/ferry"}),
        ("waline", f'<script>{{"waline":{{"serverURL":"{R}"}}}}</script>', {"host": R, "thread": "/ferry"}),
        ("artalk", f"<div id=artalk-box data-server={R} data-site=s data-page-key=/f></div>", {"host": R, "key": "s", "thread": "/f"}),
        ("cusdis", f"<iframe data-src='{R}/iframe?appId=k&pageId=12'></iframe><!-- cusdis -->", {"host": R, "key": "k", "thread": "12"}),
        ("giscus", "<iframe class=giscus-frame data-src='//giscus.app/en/widget?term=t'></iframe>", {"thread": "t"}),
        ("facebook", "<amp-facebook-comments data-href=https://a.example/f></amp-facebook-comments>", {"thread": "https://a.example/f"}),
        ("facebook", "<iframe src='//www.facebook.com/plugins/feedback.php?href=https%3A%2F%2Fa.example'></iframe>",
         {"thread": "https://a.example"}),
    ],
)  # fmt: skip
def test_other_ways_to_embed_a_system(name, html, values):
    assert read(html) == {name: values}


@pytest.mark.parametrize(
    "html",
    [
        '<script>{"disqus":{"enabled":false},"coral":{"color":"red"},"viafoura":{"enabled":false}}</script>',
        "<!-- <vf-conversations vf-container-id=b-1></vf-conversations><div id=disqus_thread></div> -->",
        "<iframe src='//x.example/share?u=disqus'></iframe><a href='//www.facebook.com/plugins/like.php?href=x'></a>",
        "<script>var a = {rootURL: '/static', stories: [1]}; coral = 'reef'; spot_id = 5;</script>",
    ],
)
def test_what_only_mentions_a_system_embeds_none(html):
    assert not any(embed.certain for embed in find_embeds(Page(URL, html.encode())).values())


def test_a_counter_is_less_than_a_section():
    html = "<div class='viafoura'></div><div id='disqus_thread'></div>"
    embeds = find_embeds(Page(URL, html.encode()))
    assert [(name, embed.certain) for name, embed in embeds.items()] == [("disqus", True), ("viafoura", False)]


@pytest.mark.parametrize(("url", "names"), [("https://www.zeit.de/a", ["zeit"]), (URL, [])])
def test_the_system_of_one_outlet_is_looked_for_on_its_own_pages(url, names):
    assert list(find_embeds(Page(url, b"<body data-uuid=u-1>"))) == names


def test_the_counters_of_another_service_are_not_asked_while_the_pages_own_is_out_of_order():
    own = "<vf-conversations vf-container-id=e-1></vf-conversations><meta name=vf:site_id content=s-1>"
    left = (
        "<div class=spot-im-replies-count data-post-id=5></div><script src=//recirculation.spot.im/spot/sp_x></script>"
    )
    hosts = []

    def fail(fetch):
        hosts.append(urlsplit(fetch.url).hostname)
        raise FetchFailed(fetch.url, "HTTP 503", 503)

    (thread,) = driver.run(driver.visit(Page(URL, f"{own}{left}".encode())), fail)
    assert (thread.platform, thread.completeness, hosts) == ("viafoura", "partial", ["livecomments.viafoura.co"])
    driver.run(driver.visit(Page(URL, left.encode())), fail)
    assert hosts[1:] == ["api-2-0.spot.im"]


def test_comments_that_are_switched_off_are_noted_and_not_asked_for():
    page = Page(URL, b'<script>{"coralHostName":"c.example","coralCommentsStatus":"disabled"}</script>')
    (thread,) = driver.run(driver.visit(page), lambda _: pytest.fail("nothing is to be fetched"))
    assert (thread.platform, thread.closed, thread.comments) == ("coral", True, ())


def test_a_system_that_has_been_shut_down_is_said_to_be_so():
    page = Page(URL, b'<div class="fb-comments" data-href="https://courier.example/f"></div>')
    (thread,) = driver.run(driver.visit(page), lambda _: pytest.fail("nothing is to be fetched"))
    assert (thread.platform, [flag.code for flag in thread.flags]) == ("facebook", ["platform.gone"])


def test_hints_say_what_the_page_hides():
    hints = CommentHints("coral", "https://c.example", None, "any:data-story")
    assert read("<main data-story=44></main>", hints) == {"coral": {"thread": "44", "host": "https://c.example"}}


def test_a_character_that_a_script_escapes_by_halves_is_whole():
    assert unescape(r"\ud83d\ude00 a\u002Fb \ud83d") == "\U0001f600 a/b \ufffd"
    html = r'<div id=disqus_thread></div><script>this.page.identifier = "ferry-\ud83d\ude00";</script>'
    assert read(html) == {"disqus": {"thread": "ferry-\U0001f600"}}


def test_tags_in_what_is_loaded_later_are_bounded_for_all_of_it_together(monkeypatch):
    monkeypatch.setattr(embed_text, "MOST_LAZY_TAGS", 100)
    parts = [f"<b>{number:04d}</b>" * 30 for number in range(5)]
    html = "".join(f'<i data-later="{b64encode(part.encode()).decode()}"></i>' for part in parts)
    assert list(embed_text.read_embed_text(Page(URL, html.encode())).lazy) == parts[:1]


def test_every_system_can_be_recognised_and_every_source_looked_up():
    for name, system in load_systems().items():
        marker = system.strong
        assert system.words, name
        assert marker.tags or marker.attributes or marker.metas or marker.patterns, name
        for sources in system.values.values():
            for source in sources:
                check_source(source)


def test_an_address_that_passes_on_another_is_no_systems():
    embed = "https://courier.disqus.com/embed.js"
    assert is_address_of_system(f"{embed}?v=2")
    assert not is_address_of_system(f"https://counter.example/collect?u={embed}")


def test_a_document_within_an_attribute_is_no_address():
    assert read('<iframe srcdoc="<p>see //launcher.spot.im/spot/sp_abc in the text</p>"></iframe>') == {}


@pytest.mark.parametrize("piece", ['<iframe src="//{}"></iframe>', "<script>{}</script>"])
@pytest.mark.parametrize("filling", ["/" * 300_000, '"disqus",' * 60_000, "/web/iframe.html?" * 20_000])
def test_long_addresses_and_scripts_are_read_in_a_time_linear_in_them(piece, filling):
    with no_hang():
        read(piece.replace("{}", filling))
