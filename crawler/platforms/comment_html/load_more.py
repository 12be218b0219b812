"""Buttons and links that lead to more comments of a thread, in some twenty languages."""

import re
from functools import lru_cache

LOAD_MORE = re.compile(
    r"^\W*(?:(?:load|show|view|see|read|expand|display)\s+(?:(?:the|all|\d[\d.,]*|next|previous|older|newer|more|"
    r"other|remaining|full|"
    r"earlier)\s+){1,3}(?:comments?|repl(?:y|ies)|responses?|answers?|messages?|discussion|conversation|posts?|"
    r"thread)|"
    r"(?:load|show)\s+more|\d[\d.,]*\s+(?:more|other|further|older)\s+(?:comments?|repl(?:y|ies)|responses?)|"
    r"more\s+(?:comments?|repl(?:y|ies))|(?:older|newer|previous|next|earlier)\s+comments?|all comments|"
    r"(?:weitere|mehr|alle|\d[\d.,]*\s+weitere|ältere|neuere|vorherige|nächste)\s+(?:\d[\d.,]*\s+)?(?:kommentare?|"
    r"antworten|beiträge|"
    r"leserkommentare|meinungen|postings|laden|anzeigen)|(?:kommentare|antworten)\s+(?:laden|anzeigen)|weitere laden|"
    r"(?:voir|afficher|charger|lire)\s+(?:(?:plus|tou(?:s|tes)|les?|la|de|d['’]|\d[\d.,]*|autres|"
    r"suite)\s*){1,4}(?:commentaires?|"
    r"réponses?|réactions?|avis)|plus de (?:commentaires|réponses)|commentaires (?:précédents|suivants|plus)|"
    r"(?:ver|mostrar|cargar|carregar|leer)\s+(?:(?:más|mais|todos|todas|los|las|os|as|\d[\d.,]*|otros|outros|"
    r"anteriores)\s+){1,3}"
    r"(?:comentarios?|comentários?|respuestas?|respostas?|opiniones)|(?:ver|mostrar|cargar|carregar) (?:más|mais)|"
    r"(?:mostra|carica|vedi|leggi|visualizza)\s+(?:(?:altri|altre|tutti|tutte|i|le|gli|più|"
    r"\d[\d.,]*)\s+){1,3}(?:commenti|risposte)|"
    r"(?:toon|laad|bekijk|lees)\s+(?:(?:meer|alle|de|oudere|\d[\d.,]*|overige)\s+){1,3}(?:reacties?|antwoorden|"
    r"opmerkingen)|meer reacties|"
    r"(?:pokaż|załaduj|wczytaj|zobacz)\s+(?:(?:więcej|wszystkie|kolejne|starsze|"
    r"\d[\d.,]*)\s+){1,3}(?:komentarz\w*|odpowied\w*|opini\w*)|"
    r"(?:показать|загрузить|ещё|еще|читать)\s+(?:(?:ещё|еще|все|\d[\d.,]*|больше|другие|"
    r"следующие)\s+){0,3}(?:комментари\w*|ответ\w*|отзыв\w*)|"
    r"(?:показати|завантажити)\s+(?:\w+\s+){0,2}(?:коментар\w*|відповід\w*)|"
    r"(?:visa|ladda|vis|last|hent|näytä|lataa)\s+(?:(?:fler|flere|alla|alle|inn|lisää|kaikki|"
    r"\d+)\s+){1,2}(?:kommentar\w*|svar|kommentt\w*|vastau\w*)|"
    r"(?:daha fazla|tüm|diğer|önceki)\s+(?:yorum\w*|yanıt\w*|cevap\w*)|(?:další|zobrazit|načíst|více|ďalšie|"
    r"starší)\s+(?:\w+\s+)?(?:komentář\w*|"
    r"komentár\w*|odpověd\w*|příspěv\w*|názor\w*)|(?:több|további|korábbi)\s+(?:hozzászólás\w*|komment\w*|válasz\w*)|"
    r"(?:mai multe|vezi toate)\s+(?:comentarii\w*|răspunsuri)|"
    r"(?:もっと(?:見る|読む)|(?:コメント|返信)を(?:もっと|さらに|すべて)(?:見る|表示)|他\d+件)|"
    r"(?:查看|加载|載入|显示|顯示|展开|展開)?(?:更多|全部|剩余|其他)\d*[条條則则]?(?:评论|評論|回复|回覆|留言)|(?:댓글|답글)\s*(?:더\s*보기|더보기|모두\s*보기)|"
    r"(?:عرض|تحميل)\s+(?:المزيد|كل)\s+\S*(?:التعليقات|الردود))",
    re.IGNORECASE,
)
# A browser presses what says more; behind these is a form.
SIGN_IN = re.compile(
    r"\W*(?:(?:log|sign)[ -]?(?:in|up)|register|subscribe|join)\s+(?:to|and)\s+(?:see|view|read|show|load)\s+"
    r"(?:(?:the|all|more|\d[\d.,]*|other|remaining|full)\s+){1,3}(?:comments?|repl(?:y|ies)|responses?|discussion)|"
    r"\W*(?:anmelden|einloggen|registrieren)\W+um\s+(?:(?:alle|weitere|mehr|\d[\d.,]*)\s+){1,2}(?:kommentare|antworten)\s+"
    r"(?:zu )?(?:sehen|lesen)|"
    r"\W*(?:connectez-vous|inscrivez-vous)\s+pour\s+(?:voir|lire)\s+(?:\w+\s+){0,3}(?:commentaires|réponses)",
    re.IGNORECASE,
)
LOADER_NAME = re.compile(
    r"(?:load|show|view|see)-?_?(?:more|all|older)|more-?_?comments|comment-?_?loader", re.IGNORECASE
)


@lru_cache(4_096)
def says_more(line: str) -> bool:
    """Whether a button or link leads to comments of this thread that the page does not show."""
    return len(line) <= 80 and LOAD_MORE.match(line) is not None


@lru_cache(4_096)
def leads_to_more(line: str) -> bool:
    """Whether a link or button says that there are more comments, be it for those alone who have an account."""
    return says_more(line) or (len(line) <= 80 and SIGN_IN.match(line) is not None)
