"""Comment sections of invented news sites: how themes that nobody standardised print comments. One theme a site."""

from benchmarks.pages.themes import Theme

_OL, _UL = "<ol>{kids}</ol>", "<ul>{kids}</ul>"
_PLAIN = '<section id="comments"><h3>{heading}</h3>{items}</section>'


def _list(tag: str, before: str = "<h3>{heading}</h3>", after: str = "") -> str:
    return f'<div id="comments" class="comments">{before}<{tag} class="commentlist">{{items}}</{tag}>{after}</div>'


LIST_SITES = (
    Theme(
        "quay herald",
        _list("ol"),
        "<li><p class='by'>{author}</p><p class='when'>{date}</p>{body}<a href='#'>{reply}</a>{kids}</li>",
        _OL,
    ),
    Theme(
        "mill gazette",
        _list("ul"),
        "<li><div><strong>{author}</strong> <small>{date}</small></div>{body}{kids}</li>",
        _UL,
    ),
    Theme("numbered roots", _list("ol"), "<li><div>{name}</div><div>{date}</div>{body}{kids}</li>", _UL),
    Theme("url first", _list("ul"), "<li><div>{url}<span>{name}</span></div><div>{body}</div>{kids}</li>", _UL),
    Theme("straight text", _list("ul"), "<li>{body}{kids}</li>", _UL),
    Theme(
        "permalink hash",
        _list("ol"),
        "<li><div>{name} <a href='#c{id}'>#{n}</a></div><div>{date}</div>{body}<div>{reply}</div>{kids}</li>",
        _OL,
    ),
    Theme(
        "permalink word",
        _list("ul"),
        "<li><h4>{name}</h4><div class='meta'>{date} · <a href='#c{id}'>Permalink</a></div>{body}<p>"
        "<a href='#'>{reply}</a></p>{kids}</li>",
        _UL,
    ),
    Theme(
        "votes below",
        _list("ul"),
        "<li><div class='u'>{name}</div><div class='t'>{date}</div>{body}<div>{likes} likes</div><div>"
        "{reply}</div>{kids}</li>",
        _UL,
        form="{d} {m} {y}",
    ),
    Theme(
        "thumbs",
        _list("ul"),
        "<li><div>{name}</div>{body}<div>{likes} 0</div><div>{reply} · Share · Report</div>{kids}</li>",
        _UL,
    ),
    Theme(
        "badges",
        _list("ol"),
        "<li><div><b>{name}</b></div><div class='badge'>Subscriber</div><div>{date}</div>{body}{kids}</li>",
        _OL,
    ),
    Theme(
        "author bracket", _list("ul"), "<li><div><b>{name}</b> ({date})</div>{body}<div>{reply}</div>{kids}</li>", _UL
    ),
    Theme(
        "by on",
        _list("ol"),
        "<li><p class='meta'>By {name} on {date}</p>{body}{kids}</li>",
        _OL,
        form="{m} {d}, {y} at {h}:{i} {ap}",
    ),
    Theme("pipe line", _list("ul"), "<li><p>{name} | {date} | <a href='#'>{reply}</a></p>{body}{kids}</li>", _UL),
    Theme(
        "footer author",
        _list("ol"),
        "<li>{body}<p class='cite'>Posted by {name} on {date}</p></li>",
        form="{m} {d}, {y}",
    ),
    Theme(
        "comment by",
        _list("ol"),
        "<li>{body}<cite>Comment by {name} — {date} <a href='#c{id}'>@ #</a></cite></li>",
        form="{m} {d}, {y}",
    ),
    Theme(
        "kubrick",
        _list("ol", "<h3>{heading}</h3>"),
        "<li id='comment-{id}'><cite>{author}</cite> {says}<br /><small class='commentmetadata'><a href='#c'>"
        "{date}</a></small>{body}</li>",
    ),
    Theme(
        "article in item",
        _list("ol"),
        "<li><article><header><h4>{name}</h4><time>{date}</time></header><div>{body}</div><footer>"
        "{reply}</footer></article>{kids}</li>",
        _OL,
    ),
    Theme(
        "avatar letter",
        _list("ul"),
        "<li><div class='av'>{initial}</div><div>{name}</div><div>{date}</div><div>{body}</div>{kids}</li>",
        _UL,
    ),
    Theme(
        "avatar alt",
        _list("ul"),
        "<li><img alt='avatar' src='/a.png'><div>{name}</div><div>{date}</div><div>{body}</div><div>"
        "{reply}</div>{kids}</li>",
        _UL,
    ),
    Theme(
        "in reply to",
        _list("ul"),
        "<li><div>{name}</div><div class='to'>{to}</div><div>{date}</div>{body}{kids}</li>",
        _UL,
        form="{d} {m} {y}",
    ),
    Theme(
        "hours ago",
        _list("ul"),
        "<li><div>{name}</div><div>{date}</div>{body}<div>Like · {reply}</div>{kids}</li>",
        _UL,
        form="{d} hours ago",
    ),
    Theme(
        "dotted meta",
        _list("ul"),
        "<li><div>{name} • {date}</div><div>{body}</div><div>{reply} • Flag</div>{kids}</li>",
        _UL,
        form="{d} days ago",
    ),
    Theme(
        "drupal",
        _list("ul", "<h2>Comments</h2>"),
        "<li><h3>A remark</h3><div class='submitted'>Submitted by {name} on {date}</div><div class='content'>"
        "{body}</div>"
        "<ul class='links inline'><li>{reply}</li></ul>{kids}</li>",
        _UL,
        form="{M}/{d:02}/{y} - {H:02}:{i}",
    ),
    Theme("colon name", _list("ul"), "<li><div>{name}:</div>{body}{kids}</li>", _UL),
    Theme("dashed date", _list("ol"), "<li><div>{name} – {date}</div>{body}<div>[{reply}]</div>{kids}</li>", _OL),
    Theme("date first", _list("ul"), "<li><div>{date}</div><div>{name}</div>{body}{kids}</li>", _UL),
    Theme("tabled", _list("ol"), "<li><table><tr><td>{name}</td></tr><tr><td>{body}</td></tr></table>{kids}</li>", _OL),
    Theme(
        "heading names",
        _list("ul", "<h2>What readers say</h2>"),
        "<li><h5>{name}</h5><blockquote>{body}</blockquote>{kids}</li>",
        _UL,
    ),
    Theme(
        "no heading at all",
        _list("ul", ""),
        "<li><p><b>{name}</b></p>{body}<p>{date}</p>{kids}</li>",
        _UL,
    ),
    Theme(
        "list of one item lists",
        "<section><h3>{heading}</h3>{items}</section>",
        "<ul><li><div>{name}</div><div>{date}</div>{body}{kids}</li></ul>",
        "{kids}",
    ),
)

SOUP_SITES = (
    Theme(
        "div soup",
        _PLAIN,
        "<div class='c'><div class='n'>{name}</div><div>{date}</div>{body}{kids}</div>",
        "<div>{kids}</div>",
    ),
    Theme(
        "definition list",
        "<h3>{heading}</h3><dl>{items}</dl>",
        "<dt>{name}, {date}</dt><dd>{body}{kids}</dd>",
        "<dl>{kids}</dl>",
    ),
    Theme(
        "articles",
        _PLAIN,
        "<article><header>{name} {says}</header><p>{date}</p>{body}{kids}</article>",
        "<div>{kids}</div>",
    ),
    Theme(
        "table rows",
        "<h3>{heading}</h3><table>{items}</table>",
        "<tr><td>{name}<br>{date}</td><td>{body}</td></tr>{kids}",
        "{kids}",
    ),
)
