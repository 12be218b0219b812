"""Words that support what a document shows by itself: small, multilingual, and never the only evidence for a comment."""

import re
from functools import lru_cache

_COMMENT = (
    r"comments?|kommentare?n?|commentaires?|comentarios?|comentários?|comentaris?|comentarii|commenti|commento|reacties?|"
    r"opmerking(?:en)?|komentar\w*|komentář\w*|kommentt?i\w*|kommentar\w*|kommentaar\w*|hozzászólás\w*|megjegyzés\w*|yorum\w*|σχόλι\w*|"
    r"коммента\w*|отзыв\w*|комента\w*|коментар\w*|コメント|件のコメント|评论|評論|留言|回复|回應|댓글|의견|تعليق\w*|تعليقات|ردود|"
    r"תגוב\w*|bình luận|ความคิดเห็น|repl(?:y|ies)|respon[sc]es?|thoughts?|answers?|antworten|antwort|réponses?|réactions?|respuestas?|"
    r"rispost[ae]|respostas?|odpowied\w*|odpověd\w*|응답|생각|ответ\w*|відповід\w*|svar|reaktion\w*|mielipide\w*|opini\w*|ideas?|pensieri|pensieros?|"
    r"gedanken?|pensées?|gedachten?|pensamientos?|talkback|discussions?|diskussion\w*|discussione|myśl\w*|názor\w*|dyskusja|readers|leserbriefe|lesermeinung\w*"
)
_COUNTED = re.compile(
    rf"(?<![\w.,])(\d{{1,3}}(?:[.,\u00a0 ]\d{{3}})*|\d+|one|ein[e]?|un[ae]?|uno|um|één|een|jeden|один)\s+(?:[^\W\d_]{{2,12}}\s+)?(?:{_COMMENT})(?!\w)"
    rf"|(?:{_COMMENT})[^\d\n.!?]{{0,12}}[\s:(\[]+(\d{{1,6}})\s*[)\]]?(?:\s|$)"
    rf"|(\d{{1,6}})\s?(?:件の)?(?:コメント|评论|評論|댓글|条评论|則留言|개의 댓글|comments)",
)
_NAMED = re.compile(rf"(?:^|[\s\W])(?:{_COMMENT})(?!\w)|コメント|评论|評論|댓글")
_FORM = re.compile(
    r"\b(?:leave|post|add|write|submit|make|schreibe?n?|verfassen?|hinterlass\w*|abgeben|laissez|laisser|poster|publier|écrire|ajouter|"
    r"dej[ae]r?|escrib[ae]|publicar|lascia|scrivi|rispondi|invia|geef|laat|plaats|deixe|escreva|dodaj|zostaw|napisz|skomentuj|"
    r"добавить|оставить|оставьте|написать|skriv|lämna|kirjoita|vastaa|jätä|yorum yap|bir cevap|cancel|abbrechen|annuler|"
    r"your e-?mail|e-?mail address|e-mail-adresse|adresse e?-?mail|adresse de messagerie|correo electrónico|indirizzo email|"
    r"e-mailadres|adres e-?mail|required fields?|erforderliche felder|champs obligatoires|logged in to|log in to|login to|sign in to|"
    r"angemeldet|connecté pour|iniciar sesión|эл\.? почт|email не будет|メールアドレス|コメントを残す|コメントする|发表评论|發表)\b|留下|댓글 남기기|اترك|השאר|コメントを",
)
_CLOSED = re.compile(
    r"comments? (?:are|is|have been|has been|for this \w+ are)?\s*(?:now |currently )?(?:closed|disabled|turned off|locked)|"
    r"comments? (?:off|closed)\b|no longer (?:accept|open)\w* .*comment|commenting (?:is|has been) (?:closed|disabled)|"
    r"kommentar\w*\s+(?:\w+\s+){0,5}(?:geschlossen|deaktiviert|gesperrt|beendet|lukket|stängd|inaktiverad)|"
    r"(?:commentaires?|réactions) (?:sont |est )?(?:fermés?|désactivés?|clos)|comentarios? (?:est[áa]n? )?(?:cerrados?|desactivados?)|"
    r"comentários? (?:est[ãa]o )?(?:fechados?|encerrados?|desativados?)|commenti (?:sono )?(?:chiusi|disabilitati)|"
    r"reacties? (?:zijn |is )?(?:gesloten|uitgeschakeld)|(?:komentowanie|komentarze|możliwość komentowania)\b.*(?:wyłączon\w+|zamknięt\w+)|"
    r"(?:комментарии|комментирование) (?:\w+ )?(?:закрыт\w*|отключен\w*)|обсуждение закрыто|komment\w+ (?:on|är|er) (?:suljettu|stängda?|lukket|avstengt)|"
    r"yorumlar (?:kapalı|kapatıl)|komentáře jsou (?:uzavřeny|vypnuty)|コメントは(?:受け付け|停止)|コメントを受け付けて|评论(?:已)?关闭|댓글이? 닫|التعليقات مغلقة",
)
_ELSEWHERE = re.compile(
    r"\b(?:recent|latest|newest|popular|top|most|related|trending|see also|read (?:more|also|next)|more (?:from|stories|news|on)|you (?:may|might)|"
    r"recommended|neueste|letzte|aktuelle|ähnliche|verwandte|mehr zum|lesen sie auch|auch interessant|meist|beliebt\w*|derniers|récents|à lire|articles?|"
    r"últimos|recientes|relacionad\w+|recenti|ultimi|correlati|leggi anche|recente|laatste|gerelateerd\w*|ostatnie|najnowsze|powiązane|"
    r"последние|похожие|свежие|читайте|senaste|seneste|siste|viimeisimmät|son|最近|最新|関連|相关|categor\w+|kategori\w+|archiv\w*|tags?|schlagw\w+|ingredients?|zutaten|faq)\b|最近の|最新の|関連",
)
_SAYS = frozenset(
    "say|says|said|wrote|writes|replied|replies|commented|sagt|sagte|schreibt|schrieb|meint|meinte|antwortet|antwortete|dit|a dit|a écrit|écrit|répond|"
    "dice|dijo|escribió|comentó|ha detto|ha scritto|scrive|scrisse|commenta|schreef|schrijft|zegt|zei|reageerde|disse|diz|escreveu|comentou|pisze|"
    "napisał|napisała|napisał(a)|powiedział|powiedział(a)|mówi|пишет|говорит|написал|написала|написал(а)|сказал|сказала|сказал(а)|каже|пише|сказа|рече|"
    "skriver|skrev|säger|sa|sier|siger|sanoo|kirjoitti|sanoi|diyor ki|dedi ki|yazdı|říká|napsal|napsala|napsal(a)|píše|hovorí|napísal|napísala|szerint|"
    "mondja|írta|spune|a spus|λέει|λέει|είπε|έγραψε|γράφει|казва|kaže|piše|diu|ha dit|berkata|nói|viết|يقول|كتب|אומר|כתב|כתבה|says:|より|のコメント|说|說|"
    "说道|說道|님의 말|님의 댓글|말하길|kirjutas|ütles|sako|rašo|saka|teica".split("|")
)
_SAYS_IN_ONE = re.compile(r"\s*(?:さんのコメント|のコメント|님의 말|님의 댓글|より|说道|說道|说|說)\s*[:：]?$")
_BY = re.compile(
    r"^(?:(?:comments? |posted |written |submitted |kommentar |geschrieben |gepostet |commentaire |publié |écrit |comentario |publicado |enviado |"
    r"commento |scritto |inviato |comentário |geplaatst |reactie |komentarz |комментарий |skrivet |kommentar )?"
    r"(?:by|von|par|de|da|por|door|от|av|af|autor|author|przez)\b:?\s+)",
    re.IGNORECASE,
)
_LINKING = re.compile(
    r"(?:[\s,|·•:/()\[\]@#–—-]|\b(?:on|at|am|um|the|le|el|il|op|den|om|à|in|dne|dnia|w dniu|vom|date|posted|published|says|comment|permalink|link|edit|"
    r"reply|registered|author|mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|[^\W\d_]+day|[^\W\d_]+tag|samstag|mittwoch|"
    r"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo|"
    r"lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|пн|вт|ср|чт|пт|сб|вс)\b\.?)*",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"(?:in (?:reply|response) to|replying to|(?:als )?antwort (?:auf|an)|en réponse à|en respuesta a|em resposta a|in risposta a|als reactie op|"
    r"w odpowiedzi (?:do|na)|в ответ|som svar|svar til|svar till|vastaus)\b",
    re.IGNORECASE,
)
_REPLY = frozenset(
    "reply|antworten|antwort|répondre|responder|rispondi|reageer|reageren|beantwoorden|odpowiedz|ответить|відповісти|svara|svar|besvara|vastaa|"
    "yanıtla|cevapla|odpovědět|odpovedať|válasz|răspunde|απάντηση|отговор|返信|返信する|回复|回復|回覆|답글|답글 달기|رد|الرد|השב|הגב|respon|balas|"
    "trả lời|quote|zitieren|citer|citar|report|report abuse|flag|melden|signaler|denunciar|segnala|permalink|link|share|teilen|like|gefällt mir|"
    "j'aime|me gusta|mi piace|edit|bearbeiten|modifier|editar|modifica|log in to reply|log in to leave a comment|zum antworten anmelden|"
    "connectez-vous pour répondre|accede para responder|accedi per rispondere|log in om te reageren|odgovori|odgovor|отвечать|цитировать|ссылка|"
    "пожаловаться|#|link to this|link to this comment|reply to this comment|reply to this|up|down|vote up|vote down|vastaa kommenttiin|"
    "comentar|comment|delete|loading...|show replies|hide replies|view replies|zaloguj się, aby odpowiedzieć|войдите, чтобы ответить".split("|")
)
_MORE = re.compile(
    r"(?:\[(?:…|\.\.\.)\]|(?:…|\.\.\.)?\s*[\[(]?(?:…|\.\.\.|\b)\s*(?:read (?:the )?(?:more|rest)|(?:show|see|view) (?:more|full comment)|continue reading|"
    r"weiterlesen|mehr anzeigen|lire la suite|voir plus|afficher plus|leer más|ver más|mostrar más|continua a leggere|leggi tutto|mostra altro|lees meer|"
    r"meer weergeven|ler mais|ver mais|czytaj (?:dalej|więcej)|pokaż więcej|читать (?:далее|дальше|полностью)|показать полностью|läs mer|visa mer|les mer|läs hela|もっと見る|続きを読む|阅读更多|更多)"
    r"\s*(?:…|\.\.\.|»|→|›)?[\])]?)\s*$",
    re.IGNORECASE,
)
_NAMED_AVATAR = re.compile(r"(.{1,60}?)(?:['’]s)? (?:avatar|gravatar)|(?:avatar|gravatar|avatar image) (?:of|for|von|de|di|van|til|av) (.{1,60})", re.IGNORECASE)
_WAITING = re.compile(
    r"your comment is awaiting moderation|(?:dein|ihr) kommentar (?:wartet|muss noch)|votre commentaire est en attente|"
    r"tu comentario está pendiente|il tuo commento è in attesa|je reactie wacht|(?:twój )?komentarz oczekuje|ваш комментарий ожидает|"
    r"seu comentário está aguardando|din kommentar (?:väntar|afventer|venter)",
    re.IGNORECASE,
)
_CLOSERS = " .…»→›])"
_MORE_ENDS = tuple(
    "more|rest|comment|reading|weiterlesen|anzeigen|suite|plus|más|leggere|tutto|altro|meer|weergeven|mais|dalej|więcej|далее|дальше|полностью|mer|hela|"
    "見る|読む|更多".split("|")
)
_PICTURES = ("avatar", "image", "photo", "picture", "bild", "foto", "pic", "icon", "imagen", "immagine", "аватар", "アバター", "头像", "頭像")
_AVATAR = re.compile(
    r"(?:(?:user |profile |profil)?(?:avatar|gravatar|photo|picture|image|icon|bild|foto|pic)(?: (?:of|for|von|de|image|photo|picture)\b.*)?|"
    r".{1,60}(?:['’]s? )?(?:avatar|gravatar|profile (?:photo|picture|image)|profilbild|アバター|的头像|的頭像)|(?:avatar|аватар|imagen|photo|image|foto|bild|immagine) (?:of|for|von|de|di|van|du|da|для|til|av|by)\b.{1,60})$",
    re.IGNORECASE,
)
_PINGBACK = re.compile(r"(?:\d+ )?(?:ping-?backs?|track-?backs?|rückverweis|pingbacks?|retro(?:lien|enlace)|ピンバック|トラックバック|уведомление|引用通告)\b\s*(?:[:：–-]|$|by |von )", re.IGNORECASE)

_STOP = frozenset(
    "the a an is are was were am be been i i'm i’m you he she it it's we they this that these those and or but of to in on for with not so if as at by from "
    "my your his her its our their what how who why when where there here no yes have has had do does did don't don’t can can't will would just "
    "about more very too all me him them us than then ist sind war ich du er sie es wir ihr und oder aber nicht ein eine der die das den dem zu "
    "auf für mit von wie was wer warum so auch nur noch schon ja nein mein dein le la les un une des est sont je tu il elle nous vous ils et ou "
    "mais pas ne de du en pour avec que qui ce cette c'est el los las una es son yo tú él y o pero no del por con que esto muy il lo gli uno è "
    "sono io e ma non di per che questo os um uma é são eu mas não do da em het een zijn ik jij hij wij en maar niet van op voor met dat dit "
    "jest są nie to się i w na z że и в не на я что он она это как но а с по".split()
)
_EXCLAIMED = frozenset(
    "yes no yep nope ok okay lol haha hahaha agreed exactly thanks thank amen wow nice great good this true right wrong sad well hello hi hey "
    "really indeed same bravo ja nein doch danke genau super oui non merci sí gracias si grazie bravo nee dank bedankt tak nie dzięki да нет "
    "спасибо beautiful awesome excellent congrats congratulations absolutely please sorry why what disgusting brilliant perfect interesting".split()
)


_AROUND_BUTTONS = " \u00a0↓↩→↳»›«|·•()[]0123456789.,:+-"


@lru_cache(1024)
def stated_count(text: str) -> int | None:
    """The number of comments that a heading states."""
    if len(text) > 200:
        return None
    found = _COUNTED.search(text.casefold())
    if not found:
        return None
    digits = "".join(ch for ch in found[1] or found[2] or found[3] if ch.isdecimal())
    return int(digits) if digits else 1


@lru_cache(1024)
def is_heading(text: str) -> bool:
    """Whether a short line may stand over a comment section."""
    return len(text) <= 160 and bool(_NAMED.search(text.casefold())) and not text.endswith((".", "!")) and not is_form(text)


@lru_cache(1024)
def is_form(text: str) -> bool:
    """Whether a line invites to write, as comment forms do."""
    return len(text) <= 200 and bool(_FORM.search(text.casefold()))


_BREAK = re.compile(
    r"[←→«»]|\b(?:share|teilen|partager|compartir|condividi|delen|udostępnij|поделиться|tweet|facebook|twitter|whatsapp|tags?|tagged|filed|posted in|"
    r"categor\w+|next|previous|older|newer|sort(?:ed)? by|oldest|newest|print|subscribe|page \d|sponsored|advertisement|anzeige|werbung|publicité)\b",
)


def is_break(text: str) -> bool:
    """Whether a line is one of those that stand between an article and what follows it."""
    return len(text) <= 200 and _BREAK.search(text.casefold()) is not None


@lru_cache(1024)
def is_closed(text: str) -> bool:
    return len(text) <= 200 and bool(_CLOSED.search(text.casefold()))


@lru_cache(1024)
def is_elsewhere(text: str) -> bool:
    """Whether a short heading announces something other than this article's comments."""
    return len(text) <= 60 and text.count(",") < 2 and bool(_ELSEWHERE.search(text.casefold()))


@lru_cache(4096)
def is_reply(text: str) -> bool:
    """Whether a line is a button below a comment."""
    if len(text) > 60:
        return False
    bare = text.casefold().strip(_AROUND_BUTTONS)
    if bare in _REPLY or bare.startswith(("reply to ", "log in to reply", "antworte auf ")):
        return True
    buttons = re.split(r"\s*[·•|/]\s*|\s{2,}", bare)
    return len(buttons) > 1 and all(button.strip(_AROUND_BUTTONS) in _REPLY for button in buttons if button)


def said(text: str) -> int | None:
    """Where the "says:" at the end of a name's line begins."""
    if len(text) > 120 or " " not in text and text.isascii():
        return None
    bare = text.rstrip(" :：….,\u00a0")
    for count in (2, 1):
        parts = bare.rsplit(maxsplit=count)
        if len(parts) > count and " ".join(parts[1:]).casefold() in _SAYS:
            return len(parts[0])
    found = _SAYS_IN_ONE.search(text) if not text.isascii() and text[-1] in ":：말글说說道" else None
    return found.start() if found and found.start() else None


def by(text: str) -> int:
    """How many characters of "Posted by " stand before a name."""
    found = _BY.match(text)
    return found.end() if found else 0


@lru_cache(4096)
def is_linking(text: str) -> bool:
    """Whether nothing but linking words and weekdays stands there."""
    return _LINKING.fullmatch(text[:60]) is not None


def unlinked(text: str) -> str:
    """A text without the linking words at its end ("Joe on")."""
    parts = text.split()
    while len(parts) > 1 and is_linking(parts[-1]):
        parts.pop()
    return " ".join(parts) if parts and " ".join(parts) in text else text


def is_reference(text: str) -> bool:
    """Whether a line says which comment this one answers."""
    return _REFERENCE.match(text) is not None


def cut_marker(text: str) -> str | None:
    """The "... read more" at the end of a text that somebody cut."""
    if not text.rstrip(_CLOSERS).casefold().endswith(_MORE_ENDS) and not text.endswith(("…]", "...]")):
        return None
    found = _MORE.search(text[-60:])
    return found[0].strip() if found else None


def is_avatar(text: str) -> bool:
    """Whether a line is what stands for a picture of somebody."""
    folded = text.casefold() if len(text) <= 80 else ""
    return any(hint in folded for hint in _PICTURES) and _AVATAR.match(text) is not None


def avatar_name(text: str) -> str | None:
    """The name in "Joe Avatar" or "Avatar of Joe"."""
    found = _NAMED_AVATAR.fullmatch(text)
    return (found[1] or found[2]).strip() if found else None


def is_waiting(text: str) -> bool:
    """Whether a line says that a comment waits for its moderation."""
    return _WAITING.match(text) is not None


def is_pingback(text: str) -> bool:
    return _PINGBACK.match(text[:40]) is not None


_SENTENCES = re.compile(r"[^\W\d_]{4}[.!?] ")
_COUNTED_OFF = re.compile(r"#?\d+[.)] ")
_NO_NAME_ENDS = ",;:?]\"”»’"


def name_score(text: str) -> float:
    """How much a line by itself looks like a name (from +2) rather than the beginning of a text (to -3)."""
    words = text.split()
    if not words or text[0] == "@" or len(text) > 60 or len(words) > 6 or text[-1] in ",;:?)]\"”»" or text.startswith(("http", "www.", '"', "“", "(", "[")):
        return -3.0
    if not any(map(str.isalpha, text)) or _COUNTED_OFF.match(text) or (text[-1] == ")" and "(" not in text):
        return -2.0
    if text[-1] in ".!…。！？" and not (len(words) in (2, 3) and len(words[-1]) <= 3 and words[-1][0].isupper()):
        return -2.0
    if len(words) == 1:
        return _word_score(text)
    return _words_score(words, text)


def _word_score(word: str) -> float:
    if word.casefold() in _EXCLAIMED or word.casefold() in _STOP:
        return -1.0
    return 2.0 if len(word) <= 30 else -2.0


def _words_score(words: list[str], text: str) -> float:
    begin = sum(not word[0].islower() for word in words)
    common = sum(word.casefold() in _STOP for word in words[:-1]) + (len(words[-1]) > 1 and words[-1].casefold() in _STOP)
    if begin == len(words):
        parted = (", " in text and len(words) > 2) or _SENTENCES.search(text) is not None
        return (2.0 if len(words) <= 3 else 1.0 if len(text) <= 30 else 0.5) - common - 1.5 * parted
    if common and not (words[0][0].isupper() and words[-1][0].isupper() and len(words) <= 4):
        return -2.0
    if words[0].casefold() in _EXCLAIMED:
        return -1.0
    if len(words) == 2:
        return 1.0 if begin == 0 or len(words[1]) <= 2 else 0.5
    return 0.0 if words[-1][0].isupper() and len(words) <= 4 else -1.0


def is_handle(name: str) -> bool:
    """Whether a name is of the kind that only people on the web have: k2, bob e, DD_Austin, DavidinNorthBurnaby."""
    if len(name) > 30 or not name:
        return False
    inner = sum(ch.isupper() for ch in name[1:]) if " " not in name else 0
    mixed = 0 < inner < len(name) - 1 and "-" not in name and "'" not in name and not name.startswith(("Mc", "Mac", "De"))
    digits = any(ch.isdigit() for ch in name) and any(ch.isalpha() for ch in name) and " " not in name
    return "_" in name or digits or mixed or name[0].islower()
