"""WordPress's own comments as themes of twenty years print them: each with the ids that its template gives, and invented
words. The even ones were there while the reader was written, the odd ones were first read when it was done."""

from benchmarks.pages.platforms import _RESPOND
from benchmarks.pages.themes import Theme

_OL, _UL = '<ol class="children">{kids}</ol>', '<ul class="children">{kids}</ul>'
_IMG = (
    '<img alt="" src="http://0.gravatar.example/avatar/abc?s=40" class="avatar avatar-40 photo" height="40" width="40">'
)
_REPLY = '<a rel="nofollow" class="comment-reply-link" href="?replytocom={id}#respond" onclick="return addComment.moveForm(&quot;div-comment-{id}&quot;, &quot;{id}&quot;, &quot;respond&quot;, &quot;77&quot;)">{reply}</a>'
_LI = '<li class="comment even thread-even depth-{depth}" id="comment-{id}">'
_LI2 = '<li class="comment byuser comment-author-editor bypostauthor odd alt depth-{depth}" id="li-comment-{id}">'


def _list(tag: str = "ol", cls: str = "commentlist", heading: str = '<h3 id="comments">{heading}</h3>') -> str:
    return f'<div id="comments">{heading}<{tag} class="{cls}">{{items}}</{tag}></div>{_RESPOND}'


def _li(inner: str, kids: str = "{kids}", opening: str = _LI) -> str:
    return f"{opening}{inner}{kids}</li>"


NATIVE = (
    Theme(
        "genesis html5",
        '<div class="entry-comments" id="comments"><h3>{heading}</h3><ol class="comment-list">{items}</ol></div>'
        + _RESPOND,
        _li(
            '<article id="article-comment-{id}" itemprop="comment" itemscope itemtype="https://schema.org/Comment">'
            '<header class="comment-header"><p class="comment-author" itemprop="author" itemscope '
            'itemtype="https://schema.org/Person">' + _IMG + '<span itemprop="name">{author}</span> <span class="says">'
            '{says}</span></p><p class="comment-meta"><time class="comment-time" itemprop="datePublished">'
            '<a class="comment-time-link" href="http://town.example/p/#comment-{id}">{date}</a></time></p></header>'
            '<div class="comment-content" itemprop="text">{body}</div><div class="comment-reply">'
            + _REPLY
            + "</div></article>"
        ),
        _UL,
    ),
    Theme(
        "genesis xhtml",
        _list(cls="comment-list"),
        _li(
            '<div class="comment-header"><div class="comment-author vcard">'
            + _IMG
            + '<cite class="fn">{author}</cite> '
            '<span class="says">{says}</span></div><div class="comment-meta commentmetadata"><a href="#comment-{id}">'
            '{date}</a></div></div><div class="comment-content">{body}</div><div class="reply">' + _REPLY + "</div>"
        ),
        _UL,
    ),
    Theme(
        "thesis",
        '<div id="comments"><div class="comments_intro"><p><span>{count}</span> comments… read them below</p></div>'
        '<dl class="comment_list" id="comment_list">{items}</dl>' + _RESPOND + "</div>",
        '<dt class="comment even depth-{depth}" id="comment-{id}"><span class="avatar">' + _IMG + "</span>"
        '<span class="comment_author">{author}</span> <span class="comment_time"><a href="#comment-{id}">{date}</a></span>'
        '</dt><dd class="comment even"><div class="format_text" id="comment-body-{id}">{body}<p class="reply">'
        + _REPLY
        + "</p></div>{kids}</dd>",
        '<dl class="children">{kids}</dl>',
    ),
    Theme(
        "thematic",
        _list(),
        _li(
            '<div class="comment-author vcard">'
            + _IMG
            + '<span class="fn n">{author}</span></div><div class="comment-meta">'
            'Posted {date} <span class="meta-sep">|</span> <a href="#comment-{id}" title="Permalink to this comment">'
            'Permalink</a></div><div class="comment-content">{body}</div><div class="comment-reply-link">'
            + _REPLY
            + "</div>"
        ),
        _UL,
    ),
    Theme(
        "k2",
        _list(cls="commentlist"),
        _li(
            '<div class="comment-head"><a href="#comment-{id}" class="comment-id">{n}</a><span class="comment-author">'
            '{author}</span><div class="comment-meta"><a href="#comment-{id}" title="Permanent Link">{date}</a></div></div>'
            '<div class="comment-content">{body}</div>'
        ),
    ),
    Theme(
        "classic",
        '<h2 id="comments">{heading}</h2><ol id="commentlist">{items}</ol>' + _RESPOND,
        '<li class="alt" id="comment-{id}">{body}<p><cite>Comment by {author} — {date} <a href="#comment-{id}">#</a>'
        "</cite> </p></li>",
    ),
    Theme(
        "kubrick",
        _list(),
        '<li class="alt" id="comment-{id}">'
        + _IMG
        + '<cite>{author}</cite> {says}<br /><small class="commentmetadata">'
        '<a href="#comment-{id}" title="">{date}</a> </small>{body}</li>',
    ),
    Theme(
        "wpdiscuz",
        '<div id="wpdcom" class="wpdiscuz_unauth"><div class="wpd-form-wrap">{leave}</div><div id="wpd-threads" '
        'class="wpd-thread-wrapper"><div class="wpd-thread-head"><div class="wpd-thread-info">{heading}</div></div>'
        '<div class="wpd-thread-list">{items}</div></div></div>',
        '<div id="wpd-comm-{id}_{pid}" class="comment even depth-{depth} wpd-comment wpd_comment_level-{depth}">'
        '<div class="wpd-comment-wrap wpd-blog-guest"><div class="wpd-comment-left"><div class="wpd-avatar">'
        + _IMG
        + "</div>"
        '</div><div id="comment-{id}" class="wpd-comment-right"><div class="wpd-comment-header"><div '
        'class="wpd-comment-author">{author}</div><div class="wpd-comment-date"><i class="far fa-clock"></i> {date}</div>'
        '</div><div class="wpd-comment-text">{body}</div><div class="wpd-comment-footer"><div class="wpd-vote">'
        '<div class="wpd-vote-result">{likes}</div></div><div class="wpd-reply-button"><span>{reply}</span></div></div>'
        "</div></div>{kids}</div>",
        "{kids}",
    ),
    Theme(
        "newspaper",
        '<div class="comments" id="comments"><div class="td-comments-title-wrap"><h4>{heading}</h4></div>'
        '<ol class="comment-list">{items}</ol></div>' + _RESPOND,
        '<li class="comment" id="comment-{id}"><article><footer>'
        + _IMG
        + '<cite>{author}</cite><a class="comment-link" '
        'href="#comment-{id}"><time pubdate="1425560400">{date}</time></a></footer><div class="comment-content">{body}</div>'
        '<div class="comment-meta" id="comment-{id}">' + _REPLY + "</div></article>{kids}</li>",
        _UL,
    ),
    Theme(
        "avada",
        '<div id="comments" class="comments-container"><div class="fusion-title"><h3>{heading}</h3></div>'
        '<ol class="comment-list commentlist">{items}</ol></div>' + _RESPOND,
        _li(
            '<div class="the-comment"><div class="avatar">' + _IMG + '</div><div class="comment-box"><div '
            'class="comment-author meta"><strong>{author}</strong>{date}<span> ' + _REPLY + "</span></div><div "
            'class="comment-text">{body}</div></div></div>'
        ),
        _UL,
    ),
    Theme(
        "divi",
        '<section id="comment-wrap"><h1 id="comments" class="page_title">{heading}</h1><ol class="commentlist clearfix">'
        "{items}</ol>" + _RESPOND + "</section>",
        _LI2 + '<article id="comment-{id}" class="comment-body clearfix"><div class="comment_avatar">' + _IMG + "</div>"
        '<div class="comment_postinfo"><span class="fn">{author}</span> <span class="comment_date">on {date}</span></div>'
        '<div class="comment_area"><div class="comment-content clearfix">{body}</div><span class="reply-container">'
        + _REPLY
        + "</span></div></article>{kids}</li>",
        _UL,
    ),
    Theme(
        "enfold",
        _list(cls="commentlist"),
        _li(
            '<article id="c{id}" class="comment"><div class="gravatar">'
            + _IMG
            + '</div><div class="comment_content"><header '
            'class="comment-header"><div class="author_name">{author} <span class="says">{says}</span></div><div '
            'class="comment-meta commentmetadata"><a href="#comment-{id}"><time>{date}</time></a></div></header><div '
            'class="comment_text">{body}' + _REPLY + "</div></div></article>"
        ),
        _UL,
    ),
    Theme(
        "p2",
        '<ul class="commentlist inlinecomments">{items}</ul>' + _RESPOND,
        _li(
            _IMG
            + '<h4>{author} <span class="meta">{date} | <a class="comment-permalink" href="#comment-{id}">Permalink</a>'
            " | " + _REPLY + '</span></h4><div class="commentcontent" id="commentcontent-{id}">{body}</div>'
        ),
        '<ul class="children">{kids}</ul>',
    ),
    Theme(
        "suffusion",
        _list(),
        _li(
            '<div id="div-comment-{id}" class="comment-body"><div class="comment-author fix vcard">' + _IMG + "<div "
            'class="comment-author-link"><cite class="fn">{author}</cite> <span class="says">{says}</span></div></div><div '
            'class="comment-meta commentmetadata"><a href="#comment-{id}">{date}</a></div>{body}<div class="reply">'
            + _REPLY
            + "</div></div>"
        ),
        _OL,
    ),
    Theme(
        "canvas",
        '<div id="comments"><h3>{heading}</h3><ol class="commentlist">{items}</ol></div>' + _RESPOND,
        '<li class="comment depth-{depth}"><a name="comment-{id}"></a><div id="li-comment-{id}" class="comment-container">'
        '<div class="comment-head"><div class="avatar">'
        + _IMG
        + '</div><span class="name">{author}</span><span class="date">'
        '{date}</span><span class="perma"><a href="#comment-{id}" title="Direct link">#</a></span></div><div '
        'class="comment-entry" id="comment-{id}">{body}<div class="reply">' + _REPLY + "</div></div></div>{kids}</li>",
        _UL,
    ),
    Theme(
        "hybrid",
        _list(cls="comment-list"),
        _li(
            '<div class="comment-wrap">'
            + _IMG
            + '<div class="comment-meta comment-meta-data"><div class="comment-author '
            'vcard"><cite class="fn">{author}</cite></div> <span class="published">{date}</span> <span class="permalink">'
            '<a href="#comment-{id}">Permalink</a></span></div><div class="comment-text">{body}</div></div>'
        ),
        _OL,
    ),
    Theme(
        "atahualpa",
        '<h3 id="comments">{heading}</h3><ul class="commentlist">{items}</ul>' + _RESPOND,
        _li(
            '<div id="div-comment-{id}" class="comment-container"><div class="comment-author vcard">' + _IMG + "<span "
            'class="authorname">{author}</span></div><div class="comment-meta commentmetadata"><a href="#comment-{id}">'
            "{date}</a></div>{body}<p></p><span class='reply'>" + _REPLY + "</span></div>"
        ),
        _UL,
    ),
    Theme(
        "elegant",
        '<h3 id="comments" class="main-title">{heading}</h3><ol class="commentlist clearfix">{items}</ol>' + _RESPOND,
        _LI2 + '<div id="comment-{id}" class="comment-body clearfix"><div class="avatar-box">' + _IMG + "</div><div "
        'class="comment-wrap clearfix"><div class="comment-meta commentmetadata"><cite class="fn">{author}</cite> on '
        '<a href="#comment-{id}">{date}</a></div><div class="comment-content clearfix">{body}<div '
        'class="reply-container">' + _REPLY + "</div></div></div></div>{kids}</li>",
        _UL,
    ),
    Theme(
        "twenty twelve",
        _list(cls="commentlist", heading='<h2 class="comments-title">{heading}</h2>'),
        _LI2
        + '<article id="comment-{id}" class="comment"><header class="comment-meta comment-author vcard">'
        + _IMG
        + "<cite>"
        '<b class="fn">{author}</b> <span>Post author</span></cite><a href="#comment-{id}"><time>{date}</time></a></header>'
        '<section class="comment-content comment">{body}</section><div class="reply">'
        + _REPLY
        + " <span>&darr;</span></div>"
        "</article>{kids}</li>",
        _OL,
    ),
    Theme(
        "astra",
        '<div id="comments" class="comments-area"><div class="comments-count-wrapper"><h3 class="comments-title">{heading}</h3>'
        '</div><ol class="ast-comment-list">{items}</ol></div>' + _RESPOND,
        _LI2
        + '<article id="comment-{id}" class="ast-comment"><div class="ast-comment-info"><div class="ast-comment-avatar-wrap">'
        + _IMG
        + '</div><header class="ast-comment-meta ast-row ast-comment-author"><div class="ast-comment-cite-wrap"><cite>'
        '<b class="fn">{author}</b></cite></div><div class="ast-comment-time"><span class="timendate"><a href="#comment-{id}">'
        '<time>{date}</time></a></span></div></header></div><section class="ast-comment-content comment">{body}<div '
        'class="ast-comment-edit-reply-wrap"><span class="ast-reply-link">'
        + _REPLY
        + "</span></div></section></article>"
        "{kids}</li>",
        _OL,
    ),
    Theme(
        "flatsome",
        _list(cls="comment-list"),
        _LI2
        + '<article id="comment-{id}" class="comment-inner"><div class="flex-row align-top"><div class="flex-col"><div '
        'class="comment-author mr-half">'
        + _IMG
        + '</div></div><div class="flex-col flex-grow"><cite class="strong fn">'
        '{author}</cite> <span class="says">{says}</span><div class="comment-content">{body}</div><div class="comment-meta '
        'commentmetadata uppercase is-xsmall clear"><a href="#comment-{id}"><time class="pull-left">{date}</time></a><div '
        'class="reply pull-right">' + _REPLY + "</div></div></div></div></article>{kids}</li>",
        _UL,
    ),
    Theme(
        "sahifa",
        '<div id="comments"><h3 id="comments-title">{heading}</h3><ol class="commentlist">{items}</ol></div>'
        + _RESPOND,
        '<li id="comment-{id}"><div class="comment even thread-even depth-{depth} comment-wrap"><div class="comment-avatar">'
        + _IMG
        + '</div><div class="comment-content"><div class="author-comment"><cite class="fn">{author}</cite> <div '
        'class="comment-meta commentmetadata"><a href="#comment-{id}">{date}</a></div><div class="clear"></div></div><div '
        'class="comment-text">{body}</div></div><div class="reply">' + _REPLY + "</div></div>{kids}</li>",
        _UL,
    ),
    Theme(
        "soledad",
        '<div class="post-comments" id="comments"><div class="post-title-box"><h4>{heading}</h4></div><div class="comments">'
        "{items}</div></div>" + _RESPOND,
        '<div class="comment even depth-{depth}" id="comment-{id}"><div class="thecomment"><div class="author-img">'
        + _IMG
        + '</div><div class="comment-text"><span class="author">{author}</span><span class="date"><i class="fa fa-clock-o"></i>'
        '{date}</span><div class="comment-content">{body}</div><span class="reply">'
        + _REPLY
        + "</span></div></div>{kids}</div>",
        "{kids}",
    ),
    Theme(
        "anchors and divs",
        '<h3>{heading}</h3><div class="commentlist">{items}</div>' + _RESPOND,
        '<div class="comment"><a name="comment-{id}"></a><div class="author">{author} <span class="says">{says}</span></div>'
        '<div class="date">{date}</div><div class="commenttext">{body}</div></div>',
    ),
    Theme(
        "said on, numbered",
        _list(),
        '<li id="comment-{id}"><div class="commenthead"><a href="#comment-{id}">{n}</a> {author} said on {date}</div>'
        '<div class="commentbody">{body}</div></li>',
    ),
    Theme(
        "right and left",
        _list("ul"),
        _li(
            '<div class="comment-left">'
            + _IMG
            + '</div><div class="comment-right"><div class="comment-name">{author}</div>'
            '<div class="comment-date">{date}</div><div class="comment-p">{body}</div>' + _REPLY + "</div>"
        ),
        '<ul class="children">{kids}</ul>',
    ),
    Theme(
        "twenty nineteen",
        '<div id="comments" class="comments-area"><div class="comments-title-wrap"><h2 class="comments-title">{heading}</h2>'
        '</div><ol class="comment-list">{items}</ol></div>' + _RESPOND,
        _LI
        + '<article id="div-comment-{id}" class="comment-body"><footer class="comment-meta"><div class="comment-author '
        'vcard"><a href="{url}" rel="external nofollow" class="url">' + _IMG + '</a><b class="fn">{author}</b> <span '
        'class="screen-reader-text says">{says}</span></div><div class="comment-metadata"><a href="#comment-{id}"><time>{date}'
        '</time></a><span class="edit-link-sep">&mdash;</span> <span class="edit-link"><a class="comment-edit-link" '
        'href="/wp-admin/comment.php?action=editcomment&amp;c={id}">Edit</a></span></div></footer><div '
        'class="comment-content">{body}</div></article><div class="comment-reply">' + _REPLY + "</div>{kids}</li>",
        _OL,
    ),
    Theme(
        "table of each",
        '<h3 id="comments">{heading}</h3>{items}' + _RESPOND,
        '<table class="comment" id="comment-{id}"><tr><td class="avatar">'
        + _IMG
        + '</td><td><p class="comment-meta"><strong>'
        '{author}</strong> {date}</p><div class="text">{body}</div></td></tr></table>',
    ),
    Theme(
        "name in heading",
        _list("ul", "comment-list"),
        '<li class="comment" id="comment-{id}"><div class="comment-inner"><h5 class="comment-author">{author}</h5><small>{date}'
        "</small>{body}<p>" + _REPLY + "</p></div>{kids}</li>",
        _UL,
    ),
    Theme(
        "definition item",
        '<dl id="commentlist">{items}</dl>' + _RESPOND,
        '<dt id="comment-{id}"><a href="#comment-{id}">{n}.</a> {author} <small>{date}</small></dt><dd>{body}</dd>',
    ),
    Theme(
        "storefront",
        '<section id="comments" class="comments-area"><h2 class="comments-title">{heading}</h2><ol class="comment-list">{items}'
        "</ol></section>" + _RESPOND,
        _LI
        + '<div class="comment-body"><div class="comment-meta commentmetadata"><div class="comment-author vcard">'
        + _IMG
        + '<cite class="fn">{author}</cite></div><a href="#comment-{id}" class="comment-date"><time>{date}</time></a></div><div '
        'id="div-comment-{id}" class="comment-content"><div class="comment-text">{body}</div><div class="reply">'
        + _REPLY
        + "</div></div></div>{kids}</li>",
        _OL,
    ),
    Theme(
        "quote and rating",
        _list(),
        _li(
            '<div class="comment-author vcard">' + _IMG + '<b>{author}</b></div><div class="comment-meta"><a '
            'href="#comment-{id}">{date}</a></div><div class="comment-body">{body}</div><div class="ratings"><img '
            'alt="Thumb up" src="/up.png"> <span>{likes}</span> <img alt="Thumb down" src="/down.png"> <span>0</span></div>'
            '<div class="comment-tools"><a href="#respond">Quote</a> · ' + _REPLY + " · <a href='#'>Report</a></div>"
        ),
        _UL,
    ),
    Theme(
        "text without paragraphs",
        _list("ol"),
        '<li id="comment-{id}" class="comment"><p class="meta"><strong class="commentauthor">{author}</strong> | {date}</p>'
        '<div class="commententry">{body}</div></li>',
    ),
    Theme(
        "vcard last",
        _list("ol"),
        _li(
            '<div class="comment_body">{body}</div><div class="comment_meta vcard"><span class="fn">{author}</span>, <a '
            'href="#comment-{id}">{date}</a> ' + _REPLY + "</div>"
        ),
        _UL,
    ),
    Theme(
        "generatepress",
        '<div id="comments"><h2 class="comments-title">{heading}</h2><ol class="comment-list">{items}</ol></div>'
        + _RESPOND,
        _LI
        + '<article class="comment-body" id="div-comment-{id}" itemtype="https://schema.org/Comment" itemscope><footer '
        'class="comment-meta" aria-label="Comment meta">'
        + _IMG
        + '<div class="comment-author-info"><div class="comment-author '
        'vcard" itemprop="author" itemtype="https://schema.org/Person" itemscope><cite itemprop="name" class="fn">{author}'
        '</cite></div><div class="entry-meta comment-metadata"><a href="#comment-{id}"><time itemprop="datePublished">{date}'
        '</time></a></div></div></footer><div class="comment-content" itemprop="text">{body}<span class="reply">'
        + _REPLY
        + "</span></div></article>{kids}</li>",
        _UL,
    ),
)
