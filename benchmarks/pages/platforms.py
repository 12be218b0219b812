"""The comment sections of Disqus' static pages and of WordPress, in the shapes that their own templates print."""

from benchmarks.pages.themes import Theme

_HEAD = '<div id="dsq-comment-header-{id}" class="dsq-comment-header"><cite id="dsq-cite-{id}">{}</cite></div>'
_BODY = (
    '<div id="dsq-comment-body-{id}" class="dsq-comment-body">'
    '<div id="dsq-comment-message-{id}" class="dsq-comment-message">{body}</div></div>'
)
_LI = '<li class="comment even thread-odd depth-{depth}" id="dsq-comment-{id}">'
_LINK = '<a id="dsq-author-user-{id}" href="http://{id}.town.example" target="_blank" rel="nofollow">{name}</a>'
_SPAN = '<span id="dsq-author-user-{id}">{name}</span>'
_DISQUS = '<div id="disqus_thread"><div id="dsq-content">{}<ul id="dsq-comments">{items}</ul>{}</div></div>'
_CHILDREN = '<ul class="children">{kids}</ul>'


def _disqus(
    name: str, cite: str, kids: str = _CHILDREN, *, inside: bool = False, before: str = "", after: str = ""
) -> Theme:
    item = _LI + _HEAD.format(cite, id="{id}") + _BODY + ("{kids}</li>" if inside else "</li>{kids}")
    return Theme(name, _DISQUS.format(before, after, items="{items}"), item, kids, form="{y}")


_PINGBACKS = (
    '<ul class="pings"><li class="post pingback"><p>Pingback: <a href="http://elsewhere.example/">'
    "Our Town Weekly</a>()</p></li>"
    '<li class="post pingback"><p>Pingback: <a href="http://b.example/">Ten walks by the river « Walks</a>'
    "()</p></li></ul>"
)
DISQUS = (
    _disqus("spans, replies after", _SPAN),
    _disqus("links and spans, replies after", "{author}"),
    _disqus("links and a counted heading", _LINK, before="<h3>{count} comments</h3>"),
    _disqus("spans, replies inside", _SPAN, inside=True),
    _disqus("url echoed before the name", "http://{id}.town.example/" + _SPAN),
    _disqus("url now and then before the name", "{url}" + _SPAN),
    _disqus("flat", _SPAN, "", inside=True),
    _disqus("counted heading", _SPAN, before="<h3>{count} comments</h3>"),
    _disqus(
        "pingbacks and navigation",
        _SPAN,
        after='<div class="navigation">« Older Comments</div>' + _PINGBACKS,
    ),
    Theme(
        "JavaScript era",
        '<div id="disqus_thread"><h3 id="dsq-comments-count">Showing {count} comments</h3>'
        '<ul id="dsq-comments">{items}</ul><div id="dsq-footer">comments powered by DISQUS</div></div>',
        '<li class="dsq-comment" id="dsq-comment-{id}"><div class="dsq-commenter-name">{author}</div>'
        '<div class="dsq-comment-text">{body}</div><div class="dsq-comment-footer">{date}</div></li>{kids}',
        _CHILDREN,
    ),
)

_REPLY = (
    '<div class="reply"><a class="comment-reply-link" href="?replytocom={id}#respond" rel="nofollow">{reply}</a></div>'
)
_RESPOND = (
    '<div id="respond" class="comment-respond"><h3 id="reply-title">{leave} <small><a href="#respond">'
    "Cancel reply</a></small></h3>"
    '<form action="/wp-comments-post.php" method="post"><p class="comment-notes">{form}</p><p><label>Comment *</label>'
    '<textarea name="comment"></textarea></p><p><label>Name *</label><input name="author"></p><p><label>Email *</label>'
    '<input name="email"></p><p><label>Website</label><input name="url"></p>'
    '<p class="form-submit"><input type="submit" value="Post Comment"></p></form></div>'
)
_CLOSED = '<p class="no-comments">{closed}</p>'
_HTML5 = (
    '<li id="comment-{id}" class="comment even depth-{depth}"><article id="div-comment-{id}" class="comment-body">'
    '<footer class="comment-meta"><div class="comment-author vcard"><img alt="" src="/a.png" class="avatar">'
    '<b class="fn">{author}</b> <span class="says">{says}</span></div><div class="comment-metadata">'
    '<a href="#comment-{id}"><time datetime="2014-05-02T10:00:00+00:00">{date}</time></a></div>{notice}</footer>'
    '<div class="comment-content">{body}</div>{reply_link}</article>{kids}</li>'
)
_OL = '<ol class="children">{kids}</ol>'
_AREA = (
    '<div id="comments" class="comments-area"><h2 class="comments-title">{heading}</h2>'
    '{above}<ol class="comment-list">{items}</ol>{below}</div>'
)


def _area(above: str = "", below: str = "") -> str:
    return _AREA.replace("{above}", above).replace("{below}", below)


def _html5(reply_link: str = _REPLY, notice: str = "") -> str:
    return _HTML5.replace("{reply_link}", reply_link).replace("{notice}", notice)


_PING_LI = (
    '<li id="comment-9" class="pingback even depth-1"><div class="comment-body">'
    'Pingback: <a href="http://x.example/">{}</a>{}</div></li>'
)
_PINGS = (
    "{items}"
    + _PING_LI.format("Harbour Notes » A week by the water", "")
    + _PING_LI.format("Lime trees | Our Garden", " ")
)
_XHTML = (
    '<li class="comment odd depth-{depth}" id="comment-{id}"><div id="div-comment-{id}" class="comment-body">'
    '<div class="comment-author vcard"><img alt="" src="/a.png" class="avatar" /><cite class="fn">{author}</cite> '
    '<span class="says">{says}</span></div><div class="comment-meta commentmetadata"><a href="#comment-{id}">'
    "{date}</a>{edit}</div>"
    "{body}" + _REPLY + "</div>{kids}</li>"
)
_UL = '<ul class="children">{kids}</ul>'
_COMPAT = '<h3 id="comments">{heading}</h3><div class="navigation"></div><ol class="commentlist">{items}</ol>'
_BLOCK = (
    '<li id="comment-{id}" class="comment even depth-{depth}"><div class="wp-block-columns">'
    '<div class="wp-block-column"><div class="wp-block-avatar"><img alt="{alt}" src="/a.png"></div></div>'
    '<div class="wp-block-column"><div class="wp-block-comment-author-name">{author}</div><div class="wp-block-group">'
    '<div class="wp-block-comment-date"><time datetime="2022-01-01T00:00:00+00:00"><a href="#c">{date}</a>'
    "</time></div></div>"
    '<div class="wp-block-comment-content">{body}</div><div class="wp-block-comment-reply-link"><a href="#">'
    "{reply}</a></div>"
    "</div></div>{kids}</li>"
)
_BLOCKS = (
    '<div class="wp-block-comments"><h2 class="wp-block-comments-title">{heading}</h2>'
    '<ol class="wp-block-comment-template">{items}</ol>{below}</div>'
)
_MODERATION = '<em class="comment-awaiting-moderation">Your comment is awaiting moderation.</em>'
_TT10 = (
    '<li class="comment" id="li-comment-{id}"><div id="comment-{id}"><div class="comment-author vcard">'
    '<img alt="" src="/a.png">'
    '<cite class="fn">{author}</cite> <span class="says">{says}</span></div><div class="comment-meta commentmetadata">'
    '<a href="#comment-{id}">{date}</a></div><div class="comment-body">{body}</div>' + _REPLY + "</div>{kids}</li>"
)
_TT11 = (
    '<li class="comment depth-{depth}" id="li-comment-{id}"><article id="comment-{id}" class="comment">'
    '<footer class="comment-meta">'
    '<div class="comment-author vcard"><img alt="" src="/a.png"><span class="fn">{author}</span>'
    ' on <a href="#c"><time>{date}</time></a> '
    '<span class="says">said:</span></div></footer><div class="comment-content">{body}</div>'
    + _REPLY
    + "</article>{kids}</li>"
)
WORDPRESS = (
    Theme("HTML5", _area(), _html5(), _OL),
    Theme("HTML5 with form", _area(below=_RESPOND), _html5(), _OL),
    Theme("HTML5 closed", _area(below=_CLOSED), _html5(reply_link=""), _OL),
    Theme(
        "HTML5 with pages",
        _area('<nav><h2>Comment navigation</h2><a href="/comment-page-1/">← Older Comments</a></nav>'),
        _html5(),
        _OL,
    ),
    Theme("HTML5 pingbacks", _area(below=_RESPOND).replace("{items}", _PINGS), _html5(), _OL),
    Theme("HTML5 moderation", _area(below=_RESPOND), _html5(notice=_MODERATION), _OL),
    Theme("HTML5 flat", _area(), _html5()),
    Theme("XHTML theme-compat", _COMPAT, _XHTML.replace("{edit}", ""), _UL),
    Theme(
        "XHTML with edit link", _COMPAT + _RESPOND, _XHTML.replace("{edit}", '&nbsp;&nbsp;<a href="#">(Edit)</a>'), _UL
    ),
    Theme("XHTML closed", _COMPAT + '<p class="nocomments">{closed}</p>', _XHTML.replace("{edit}", ""), _UL),
    Theme("XHTML ul", _COMPAT.replace("ol", "ul"), _XHTML.replace("{edit}", ""), _UL),
    Theme("block", _BLOCKS.replace("{below}", ""), _BLOCK.replace("{alt}", ""), "<ol>{kids}</ol>"),
    Theme("block with form", _BLOCKS.replace("{below}", _RESPOND), _BLOCK.replace("{alt}", ""), "<ol>{kids}</ol>"),
    Theme(
        "block, named avatars",
        _BLOCKS.replace("{below}", ""),
        _BLOCK.replace("{alt}", "{who} Avatar"),
        "<ol>{kids}</ol>",
    ),
    Theme("2010 theme", _area().replace("comment-list", "commentlist"), _TT10, _UL),
    Theme("2011 theme", _area(below=_RESPOND).replace("comment-list", "commentlist"), _TT11, _OL),
)
