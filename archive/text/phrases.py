"""Words that pages put around comments, in many languages, and never the only evidence for a comment.

Plain lists are in phrases.toml; what needs a pattern is here.
"""

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files

_WORDS: dict[str, list[str]] = tomllib.loads(files(__package__).joinpath("phrases.toml").read_text("utf-8"))

COMMENT = (
    r"comments?|kommentare?n?|commentaires?|comentarios?|comentários?|comentaris?|comentarii|commenti|commento|"
    r"reacties?|"
    r"opmerking(?:en)?|komentar\w*|komentář\w*|kommentt?i\w*|kommentar\w*|kommentaar\w*|hozzászólás\w*|"
    r"megjegyzés\w*|yorum\w*|σχόλι\w*|"
    r"коммента\w*|отзыв\w*|комента\w*|коментар\w*|コメント|件のコメント|评论|評論|留言|回复|回應|댓글|의견|تعليق\w*|"
    r"تعليقات|ردود|"
    r"תגוב\w*|bình luận|ความคิดเห็น|repl(?:y|ies)|respon[sc]es?|thoughts?|answers?|antworten|antwort|réponses?|"
    r"réactions?|respuestas?|"
    r"rispost[ae]|respostas?|odpowied\w*|odpověd\w*|응답|생각|ответ\w*|відповід\w*|svar|reaktion\w*|mielipide\w*|"
    r"opini\w*|ideas?|pensieri|pensieros?|"
    r"gedanken?|pensées?|gedachten?|pensamientos?|talkback|discussions?|diskussion\w*|discussione|myśl\w*|názor\w*|"
    r"dyskusja|readers|leserbriefe|lesermeinung\w*"
)
# Words for readers' comments that name nothing else on a page.
COMMENT_ALONE = re.compile(
    r"(?:comment|kommentar|kommentt?i|kommentaar|comentari|comentári|commenti|reactie|opmerking|komentar|komentář|"
    r"hozzászólás|yorum|σχόλι|коммента|комента|коментар|talkback|leserbrief|lesermeinung|bình luận|تعليق|תגוב)|"
    r"コメント|评论|評論|留言|댓글",
)
COUNTED = re.compile(
    rf"(?<![\w.,])(\d{{1,3}}(?:[.,\u00a0 ]\d{{3}})*|\d+|one|ein[e]?|un[ae]?|uno|um|één|een|jeden|"
    rf"один)\s+(?:[^\W\d_]{{2,12}}\s+)?(?:{COMMENT})(?!\w)"
    rf"|(?:{COMMENT})\W{{1,3}}(?:[^\W\d_]{{2,12}}\s+)?\d[\d.,]*\s?[-–—]\s?\d[\d.,]*\s+(?:of|von|sur|de|di|van|z|из|av|af)"
    r"\s+(\d{1,3}(?:[.,]\d{3})+|\d+)(?!\w)"
    rf"|(?:{COMMENT})[^\d\n.!?]{{0,12}}[\s:(\[]+(\d{{1,6}})\s*[)\]]?(?:\s|$)"
    rf"|(\d{{1,6}})\s?(?:件の)?(?:コメント|评论|評論|댓글|条评论|則留言|개의 댓글|comments)"
    r"|(?:댓글|コメント|评论|評論)[\s:：(（]*(\d{1,6})"
    r"|(\d{1,6}|en|ett|une|uma|μία)\s+"
    r"(?:tank(?:ar|er|e) om|réflexions? sur|ideias? sobre|σκέψ\w+ (?:σχετικά|για|στο))\b"
    r"|üzerine\s+(\d{1,6}|bir)\s+(?:düşünce|yorum)"
    r"|(\d{1,6})\s?(?:件のフィードバック|[个個]想法|[条條]回[应應]|개의 (?:생각|응답))",
)
_COUNTED_OTHERWISE = (
    *("tankar om", "tanker om", "tanke om", "réflexion", "ideia", "σκέψ", "üzerine", "フィードバック"),
    *("想法", "回应", "回應", "생각", "응답", "评论", "評論"),
)


def _beginnings(pattern: str) -> Iterator[str]:
    """Yield the beginnings of the words of a pattern, up to the first character that may be absent."""
    for word in re.sub(r"\([^()]*\)", "(", pattern).split("|"):
        match = re.match(r"[^\W_]+(?![?*])", word)
        assert match is not None
        yield match[0]


# Nothing is COUNTED or NAMED in a text that holds none of these.
_ALL_WORDS = {*_beginnings(COMMENT), *_COUNTED_OTHERWISE}
COMMENT_WORDS = tuple(sorted(word for word in _ALL_WORDS if not any(other in word for other in _ALL_WORDS - {word})))
NAMED = re.compile(rf"(?:^|[\s\W])(?:{COMMENT})(?!\w)|コメント|评论|評論|댓글")
FORM = re.compile(
    r"\b(?:leave|post|add|write|submit|make|schreibe?n?|verfassen?|hinterlass\w*|abgeben|laissez|laisser|poster|"
    r"publier|écrire|ajouter|"
    r"dej[ae]r?|escrib[ae]|publicar|lascia|scrivi|rispondi|invia|geef|laat|plaats|deixe|escreva|dodaj|zostaw|napisz|"
    r"skomentuj|"
    r"добавить|оставить|оставьте|написать|skriv|lämna|kirjoita|vastaa|jätä|yorum yap|bir cevap|cancel|abbrechen|"
    r"annuler|"
    r"your e-?mail|e-?mail address|e-mail-adresse|adresse e?-?mail|adresse de messagerie|correo electrónico|"
    r"indirizzo email|"
    r"e-mailadres|adres e-?mail|required fields?|erforderliche felder|champs obligatoires|logged in to|log in to|"
    r"login to|sign in to|"
    r"angemeldet|connecté pour|iniciar sesión|эл\.? почт|email не будет|メールアドレス|コメントを残す|コメントする|"
    r"(?:your|ihr|ihren|dein|deinen|votre|ton|tu|su|tuo|je|uw|twój|ваш|seu|teu|din|ditt) (?:comment|kommentar|"
    r"commentaire|comentario|comentário|commento|reactie|komentarz|комментарий)|"
    r"发表评论|發表)\b|留下|댓글 남기기|"
    r"اترك|השאר|コメントを",
)
CLOSED = re.compile(
    r"comments? (?:are|is|have been|has been|for this \w+ are)?\s*(?:now |currently )?(?:closed|disabled|turned off|"
    r"locked)|"
    r"comments? (?:off|closed)\b|no longer (?:accept|open)\w* .*comment|commenting (?:is|has been) (?:closed|disabled)|"
    r"kommentar\w*\s+(?:\w+\s+){0,5}(?:geschlossen|deaktiviert|gesperrt|beendet|lukket|stängd|inaktiverad)|"
    r"(?:commentaires?|réactions) (?:sont |est )?(?:fermés?|désactivés?|clos)|"
    r"comentarios? (?:est[áa]n? )?(?:cerrados?|desactivados?)|"
    r"comentários? (?:est[ãa]o )?(?:fechados?|encerrados?|desativados?)|commenti (?:sono )?(?:chiusi|disabilitati)|"
    r"reacties? (?:zijn |is )?(?:gesloten|uitgeschakeld)|(?:komentowanie|komentarze|"
    r"możliwość komentowania)\b.*(?:wyłączon\w+|zamknięt\w+)|"
    r"(?:комментарии|комментирование) (?:\w+ )?(?:закрыт\w*|отключен\w*)|обсуждение закрыто|komment\w+ (?:on|är|"
    r"er) (?:suljettu|stängda?|lukket|avstengt)|"
    r"yorumlar (?:kapalı|kapatıl)|komentáře jsou (?:uzavřeny|vypnuty)|コメントは(?:受け付け|停止)|"
    r"コメントを受け付けて|评论(?:已)?关闭|댓글이? 닫|"
    r"التعليقات مغلقة",
)
ELSEWHERE = re.compile(
    r"\b(?:recent|latest|newest|popular|top|most|related|trending|see also|read (?:more|also|next)|more (?:from|"
    r"stories|news|on)|you (?:may|might)|"
    r"recommended|neueste|letzte|aktuelle|ähnliche|verwandte|mehr zum|lesen sie auch|auch interessant|meist|"
    r"beliebt\w*|derniers|récents|à lire|articles?|"
    r"últimos|recientes|relacionad\w+|recenti|ultimi|correlati|leggi anche|recente|laatste|gerelateerd\w*|ostatnie|"
    r"najnowsze|powiązane|"
    r"последние|похожие|свежие|читайте|senaste|seneste|siste|viimeisimmät|son|最近|最新|関連|相关|categor\w+|"
    r"kategori\w+|"
    r"archiv\w*|tags?|schlagw\w+|ingredients?|zutaten|faq)\b|最近の|最新の|関連|"
    r"(?<!\d )\b(?:new comments|neue kommentare|nouveaux commentaires|nuevos comentarios|novos comentários|"
    r"nuovi commenti|nieuwe reacties|nowe komentarze|новые комментарии|nya kommentarer|nye kommentarer)\b",
)
SAYS = frozenset(_WORDS["says"])
SKIP_LINKS = tuple(_WORDS["skip_links"])
SAYS_SUFFIX = re.compile(r"\s*(?:さんのコメント|のコメント|님의 말|님의 댓글|より|说道|說道|说|說)\s*[:：]?$")
BY_WORDS = ("by", "von", "par", "de", "da", "por", "door", "от", "av", "af", "autor", "author", "przez")
BY = re.compile(
    r"^(?:написал[аи]?|добавила?|опубликовала?|отправила?|оставила?|написав|написала|додав|додала|napisała?|dodała?|"
    r"napsala?|přidala?)\s*:?\s+|"
    r"^(?:(?:comments? |posted |written |submitted |kommentar |geschrieben |gepostet |commentaire |publié |écrit |"
    r"comentario |publicado |enviado |"
    r"commento |scritto |inviato |comentário |geplaatst |reactie |komentarz |комментарий |skrivet |"
    r"(?:in)?skickat |postat )?"
    rf"(?:{'|'.join(BY_WORDS)})\b:?\s+|(?:comment )?from:\s+)",
    re.IGNORECASE,
)
COMMENT_BY = re.compile(
    r"\s*(?:comm?ent|kommentar|coment[aá]ri|reactie|koment[aá][rř]|комм?ентари?)[^\W\d_]*\s+(?:[^\W\d_]+\s+)?"
    rf"(?:{'|'.join(BY_WORDS)}|di|od|του|της)(?!\w):?\s*",
    re.IGNORECASE,
)
LINKING = re.compile(
    r"(?:[\s,|·•:/()\[\]@#–—-]|\b(?:on|at|am|um|the|le|el|il|op|den|om|à|in|dne|dnia|w dniu|vom|date|posted|"
    r"published|says|comment|permalink|link|edit|"
    r"reply|registered|author|mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|mån|tis|ons|tors?|fre|lör|sön|man|lør|søn|[^\W\d_]+day|[^\W\d_]+tag|samstag|"
    r"mittwoch|"
    r"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo|"
    r"lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|"
    r"zondag|пн|вт|ср|чт|пт|сб|вс)\b\.?)*",
    re.IGNORECASE,
)
REFERENCE = re.compile(
    r"(?:in (?:reply|response) to|replying to|(?:als )?antwort (?:auf|an)|en réponse à|en respuesta a|em resposta a|"
    r"in risposta a|als reactie op|"
    r"w odpowiedzi (?:do|na)|в ответ|som svar|svar til|svar till|vastaus)\b",
    re.IGNORECASE,
)
REPLY = frozenset(_WORDS["reply"])
MORE = re.compile(
    r"(?:\[(?:…|\.\.\.)\]|(?:…|\.\.\.)?\s*[\[(]?(?:…|\.\.\.|\b)\s*(?:read (?:the )?(?:more|rest)|(?:show|see|"
    r"view) (?:more|full comment)|continue reading|"
    r"weiterlesen|mehr anzeigen|lire la suite|voir plus|afficher plus|leer más|ver más|mostrar más|"
    r"continua a leggere|leggi tutto|mostra altro|lees meer|"
    r"meer weergeven|ler mais|ver mais|czytaj (?:dalej|więcej)|pokaż więcej|читать (?:далее|дальше|полностью)|"
    r"показать полностью|läs mer|visa mer|les mer|läs hela|もっと見る|続きを読む|阅读更多|更多)"
    r"\s*(?:…|\.\.\.|»|→|›)?[\])]?)\s*$",
    re.IGNORECASE,
)
RATING = re.compile(
    r"\d(?:[.,]\d)?(?:\s?(?:/|out of|von|sur|de|su|z|из)\s?(?:5|6|10))?\s?"
    r"(?:stars?|sterne?|étoiles?|estrellas?|estrelas?|estels|stelle?|sterren|gwiazd\w*|звезд\w*|звёзд\w*|stjern\w*|"
    r"stjärn\w*|tähteä|yıldız|csillag|hvězd\w*|stele|αστέρι\w*)\.?|[★☆⭐]{2,10}",
    re.IGNORECASE,
)
NUMBER_MARK = re.compile(r"#\s?\d{1,9}(?:\.\d{1,4})*[.:)]?|\d{1,6}[:)]")
NAMED_AVATAR = re.compile(
    r"(.{1,60}?)(?:['’]s)? (?:avatar|gravatar)|(?:avatar|gravatar|avatar image) (?:of|for|von|de|di|van|til|"
    r"av) (.{1,60})",
    re.IGNORECASE,
)
WAITING = re.compile(
    r"your comment is awaiting moderation|(?:dein|ihr) kommentar (?:wartet|muss noch)|votre commentaire est en attente|"
    r"tu comentario está pendiente|il tuo commento è in attesa|je reactie wacht|(?:twój )?komentarz oczekuje|"
    r"ваш комментарий ожидает|"
    r"seu comentário está aguardando|din kommentar (?:väntar|afventer|venter)",
    re.IGNORECASE,
)
CLOSERS = " .…»→›])"
MORE_ENDS = tuple(_WORDS["more_ends"])
PICTURE = re.compile("avatar|image|photo|picture|bild|foto|pic|icon|imagen|immagine|аватар|アバター|头像|頭像")
AVATAR = re.compile(
    r"(?:(?:user |profile |profil)?(?:avatar|gravatar|photo|picture|image|icon|bild|foto|pic)(?: (?:of|for|von|de|"
    r"image|photo|picture)\b.*)?|"
    r".{1,60}(?:['’]s? )?(?:avatar|gravatar|profile (?:photo|picture|image)|profilbild|アバター|的头像|的頭像)|"
    r"(?:avatar|"
    r"аватар|imagen|photo|image|foto|bild|immagine) (?:of|for|von|de|di|van|du|da|для|til|av|by)\b.{1,60})$",
    re.IGNORECASE,
)
PINGBACK = re.compile(
    r"(?:\d+ )?(?:ping-?backs?|track-?backs?|rückverweis|pingbacks?|retro(?:lien|enlace)|ピンバック|トラックバック|"
    r"уведомление|"
    r"引用通告)\b\s*(?:[:：–-]|$|by |von |from |url\b)",
    re.IGNORECASE,
)
STOP = frozenset(_WORDS["stop"])
EXCLAIMED = frozenset(_WORDS["exclaimed"])
AROUND_BUTTONS = " \u00a0↓↩→↳»›«|·•()[]0123456789.,:+-"
BREAK = re.compile(
    r"[←→«»]|\b(?:share|teilen|partager|compartir|condividi|delen|udostępnij|поделиться|tweet|facebook|twitter|"
    r"whatsapp|tags?|tagged|filed|posted in|"
    r"categor\w+|next|previous|older|newer|sort(?:ed)? by|oldest|newest|print|subscribe|sign up|newsletter|page \d|"
    r"sponsored|advertisement|anzeige|werbung|publicité)\b",
)
FOOT = re.compile(
    r"^(?:©|\(c\)|copyright)|creative commons|\b(?:all rights reserved|alle rechte vorbehalten|tous droits réservés|"
    r"todos los derechos reservados|todos os direitos reservados|tutti i diritti riservati|alle rechten voorbehouden|"
    r"wszelkie prawa zastrzeżone|все права защищены)\b",
)
SENTENCES = re.compile(r"[^\W\d_]{4}[.!?] ")
COUNTED_OFF = re.compile(r"#?\d+[.)] ")
