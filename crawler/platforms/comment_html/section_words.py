"""What names of elements and short lines around comments say, in twenty languages: the one list of such words.

No word is evidence enough: crawler/platforms/comment_html/section_evidence.py weighs it beside what repeats in a list.
"""

import re
from functools import lru_cache
from typing import NamedTuple

STRONG, MEDIUM = 2, 1
# Folded as names of classes are: without accents, in Latin letters.
_STRONG = re.compile(
    r"(?<![a-z])avis(?![a-z])|"
    r"comm?ent|coment[aá]|comenz|kommenta|kommentt|koment|kommentar|kommentt|коммент|комент|talkback|leserbrief|"
    r"lesermein|lesemein|leserstimm|yorum|hozzaszol|hozzászól|megjegyz|σχολι|sxoli|nazory|názor|odpoved|odpověd|"
    r"prispevk|příspěv|"
    r"diskuz|diskuse|lettori|mielipid|keskustel|pinglun|liuyan|binh-?luan|nhan-?xet|komentar|komentuar|"
    r"коментар|отзыв|webmention|opinion|opinii|opinie|postings?(?![a-z])|disqus|cmnt|cmmt|(?<![a-z])cmt(?![a-z])|reactie|komment|reageer|wypowied|"
    r"tagasiside|"
    r"comentat|commento|guest-?book|gaestebuch|gastenboek|letters?-to-(?:the-)?editor|readers?-letters|cartas-al-director|"
    r"lettere-al-direttore|courrier-des-lecteurs|lezersbrie|insandare|yorumlar|댓글|コメント|评论|評論|留言|تعليق|תגוב"
)
_MEDIUM = re.compile(
    r"(?:^|[\W_])(?:repl(?:y|ies)|responses?|answers?|antwort(?:en)?|avis|reactions?|beitraege|beitrag|foro|forum|"
    r"debat(?:te|t)?|feedback|message|messages|discuss(?:ion)?s?|diskuss?ion(?:en)?|posts?|thread|threads|"
    r"reviews?|rezension(?:en)?|bewertung(?:en)?|svar|innlegg|inlagg|dyskusja|discussione|discusion|pareri|mening|"
    r"meninger|cerere|replik|posting|athing|ugc|otvet|respuestas?|risposte|respostas?|odgovor|vastaus|vastused|"
    r"contributions?|cevap|cevaplar|valasz|raspuns|parere|pareri|opin\w*|feedbacks?|meinung(?:en)?|stimmen)(?=$|[\W_\d])"
)
_WEAK = re.compile(
    r"recent|latest|newest|aktuell|nieuwste|senaste|seneste|najnow|nejnov|posledn|popular|related|teaser|promo|sidebar|widget|trending|ticker|neueste|letzte|dernier|ultim|"
    r"ostatni|meist|most|ranking|lastpost|last-|live[-_]{0,2}(?:match|blog|feed|post|"
    r"update|ticker|entry|event|stream|report)|(?:^|\s)live(?=\s|$)|(?:news|match|game)-?ticker|minute-by-minute|more-?(?:from|stories)|recommend(?:ed|"
    r"ations)|testimonial|carousel|(?:^|[\s_-])(?:swiper|slick|owl)-|(?:^|[\s_-])(?:events|termine|veranstaltungen|eventi|eventos|agenda|kalender|calendar|schedule|vacancies|"
    r"jobs|history|revisions?|changelog|versions?)(?=$|[\s_-])"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class NameWords(NamedTuple):
    """What a name says: `strength` with which it calls something comments, `weak` where it names something else."""

    strength: int = 0
    weak: bool = False


@lru_cache(16_384)  # a page repeats the same few names on thousands of elements
def words_of(name: str | None) -> NameWords:
    """Return what a class, or an id, says."""
    if not name:
        return NameWords()
    parted = part_words(name).lower()
    strength = STRONG if _STRONG.search(parted) else MEDIUM if _MEDIUM.search(parted) else 0
    return NameWords(strength, bool(_WEAK.search(parted)))


REPLY_LIST = re.compile(
    r"(?:^|[\s_-])(?:children|child|repl(?:y|ies)|indented|indent|nested|nest|answers?|responses?|antworten|"
    r"reponses?|"
    r"respuestas?|risposte|subcomments?|sub|thread|kids|follow-?ups?|reacties|svar|odpowiedzi|odpovedi|descendants)"
    r"(?=[\s_-]|\d|$)",
    re.IGNORECASE,
)
REPLY_BLOCK = re.compile(
    r"(?:^|[\s_-])(?:repl(?:y|ies|ied)|indented?|nested|child|answer|antwort|response|sub-?comment|"
    r"second(?:ary)?-?level|"
    r"reponse|respuesta|risposta|svar|odpowiedz|odpoved|reaction-reply)(?=[\s_-]|$)",
    re.IGNORECASE,
)
LEVEL = re.compile(
    r"(?:^|[\s_-])(?:c?lvl|level|depth|indent|tier|nest(?:ed|ing)?(?:-?level)?|einzug|ebene|niveau|nivel|livello|"
    r"tabbed|ml|pl)[-_]{0,2}(\d{1,3})(?=[\s_-]|$)",
    re.IGNORECASE,
)
TO_REPLY = re.compile(
    r"\b(?:in (?:reply|response|answer) to|replying to|replied to(?: a)?(?: comment from)?|"
    r"reply to|(?:als )?antwort (?:auf|an)|"
    r"en réponse [àa]|"
    r"en respuesta a|em resposta a|in risposta a|als reactie op|reactie op|w odpowiedzi (?:do|na)|в ответ|ответ на|"
    r"som svar|svar (?:på|til|till)|vastaus|odpověď na|odpoveď na|válasz|răspuns|yanıt|σε απάντηση|у відповідь|"
    r"відповідь|в отговор|odgovor na|vastuseks)(?!\w)|返信先|回复|回覆|回復|답글|ردا على|בתגובה",
    re.IGNORECASE,
)


@lru_cache(16_384)
def part_words(names: str) -> str:
    """Return names with a hyphen before each capital letter: "replyTreeLevel2" as "reply-Tree-Level2"."""
    return _CAMEL.sub("-", names)


@lru_cache(16_384)
def is_called_reply(class_: str) -> bool:
    """Whether a class calls a comment a reply: "comment-reply", "comReply"."""
    return REPLY_BLOCK.search(part_words(class_)) is not None
