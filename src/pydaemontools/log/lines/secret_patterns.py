r"""What the presets of `--redact` look for: `:password`, `:token`, `:card`, `:email`.

Those of one name are tried in the lines where that is found. Each goes on by steps that do not
repeat one another, so that its time grows with the line and no faster; what is masked is `secret`.
"""

# Names of what is secret, in words of which one may be a part (DB_PASSWORD, userPassword2).
# A lower-case first letter or a capital, spelled out: re then looks for nothing but these.
_PASSWORD = rb"[pPsS](?i:(?<=p)(?:ass(?:word|wd|phrase)|wd)|(?<=s)ecret)"
_KEY = (
    rb"[tTaApP](?i:(?<=t)oken(?!s)|(?<=a)(?:pi[_-]?key|ccess[_-]?key|uthorization)"
    rb"|(?<=p)rivate[_-]?key)"
)
_REST = rb"[\w.-]{0,32}+"
# Pass is a word of English too: by itself, and with = or as a quoted key.
_PASS = rb"""[pP](?<![A-Za-z0-9].)(?i:ass)(?=\\{0,15}["']?[\]}]?\s*:?=|\\{0,15}["']\s*:)"""
_COOKIE = rb"[cC](?i:ookie)"
# A blank may be \n or \t of a text in JSON.
_BLANK = rb"(?>\s*(?:\\{1,15}[tnr]\s*)*)"
_GAP = rb"(?=\s|\\{1,15}[tnr])" + _BLANK
# Quotes may be those of a JSON text within JSON within JSON, and have a letter before, as Python's
# bytes and SQL's N'x'. Such a text ends with the \ that it began with; SQL has '' for ' in another.
_MARK = rb"""\\{0,15}["']"""
_BEFORE = rb"[bBuUnNeE]?"
# A quote behind \n, or before what JSON goes on with, is the end of a text: "Password:", "a":
_QUOTE = rb"""(?!(?:(?<=\\[tnr])|(?<=\\\\[tnr])\\)"|(?<=\\[tnr])'[\s,;:)\]}+])""" + (
    rb"""(?P<e>\\{1,15})?(?P<q>["'])(?!\s*(?:[}\]]+%b$|(?:[}\]]+%b|(?:[}\]]+%b)?,\s*[{\[]*)(?P=e)?(?P=q)))"""
    % (_BLANK, _BLANK, _BLANK)
)
_CLOSE = rb"(?:(?(e)(?P=e))(?P=q))"
_IN = rb"(?:(?!(?P=q))[^\\]|(?!(?P=e)(?P=q))(?(e)\\++|\\).|%b{2})+" % _CLOSE
_OPEN = _BEFORE + _QUOTE + rb"(?P<secret>" + _IN + rb")"
# Names may stand in brackets, user[password]= and config["password"] =, in braces or in backticks.
_INDEX = rb"\[(?:%b)?[\w.-]{0,32}+(?:%b)?\]" % (_MARK, _MARK)
_END = (
    rb"""\\{0,15}(?:["']|`(?=\s*=))?(?:(?:[\]}](?:%b){0,3}|\[\d{0,9}+\])(?:%b|(?=\s*:?=(?!=))))?"""
    % (_INDEX, _MARK)
    + _BLANK
)
_IS = rb"[=:]{1,2}+>?+"  # Ruby, Perl and PHP have =>, Go :=
# A value in quotes, then one without quotes, to the next blank or &, but for what closes a list
# or a call. JSON's own words are no secrets. Where an object or a list ends no expression knows:
# all that follows is masked. In an address within an address = is %3D.
_QUOTED = _END + _IS + _BLANK + _OPEN
_WORDS = rb"(?:null|true|false|None|True|False)\b"
_SCHEME = rb"(?i:bearer|basic|digest|token|apikey|negotiate|ntlm)"
_BARE = (
    _END
    + rb"(?:%b|%%3[dD])%b(?!%b%b|%b)(?:%b%b)?"
    % (*(_IS, _BLANK, _BEFORE, _MARK, _WORDS, _SCHEME, _GAP),)
    + rb"""(?P<secret>[{\[].*+|[\w.]++\([^()]*+\)|[^\s&"']*[^\s&"',;)\]}\\])"""
)
# The next word behind an option, and the next element of the list that a command is.
_OPTION = rb"-(?<![\w-]-)-?(?=[\w.-]{0,32}%b)[\w.-]{1,64}+"
_NEXT_QUOTED = rb"""(?:%b(?:\s*,\s*|\s+)|%b)""" % (_MARK, _GAP) + _OPEN
_NEXT_BARE = _GAP + rb"""(?!-)(?P<secret>(?:[^\s"'\\]|\\(?!%b))+)""" % _MARK
# Two elements of a tuple, or of a list in a list; the name and the value of an object or a tag, in
# either order, also with others between; and what a tag holds.
_PAIR = _MARK + rb"\s*,\s*" + _OPEN + _CLOSE + rb"(?:\)|\]\s*(?:,\s*)?[\[\]])"
_COMMA = rb"(?:\s*,\s*|\s+)"
_MARKED = rb"(?:%b)?" % _MARK
_VALUE = rb"[vV](?:alue|ALUE)%b\s*[:=]\s*" % _MARKED
_ITS_VALUE = _MARKED + rb"\w{0,16}" + _VALUE
_NAME = rb"[nNkK](?i:(?<=n)ame|(?<=k)ey)%b\s*[:=]\s*" % _MARKED
_OTHERS = rb"(?:(?!%b)%b[\w-]{1,32}+%b\s*[:=]\s*(?:%b[^\"'\\]{0,64}+%b|[\w.-]{1,32}+)%b){0,3}" % (
    *(_ITS_VALUE, _MARKED, _MARKED, _MARK, _MARK, _COMMA),
)
_IN_VALUE = _MARK + _COMMA + _ITS_VALUE + _OPEN
_NO_TEXT = rb"(?!%b)(?P<secret>[{\[].*+|[\w.+-]++)" % _WORDS


def _named(word: bytes) -> tuple[bytes, ...]:
    """Patterns for the value beside a name of which WORD is part."""
    name = _NAME + rb"%b(?=[\w./-]{0,64}%b)[\w./-]{1,128}+%b" % (_MARK, word, _MARK)
    value = rb"(?:%b)?(?P<secret>(?(q)(?>%b)|[\w.+-]{1,64}+))(?(q)%b)" % (_QUOTE, _IN, _CLOSE)
    behind = name + _COMMA + _OTHERS + _ITS_VALUE
    before = _VALUE + rb"(?!%b)" % _WORDS + value + _COMMA + _OTHERS + _MARKED + rb"\w{0,16}" + name
    return behind + _OPEN, behind + _NO_TEXT, before


_TAG = rb">(?P<secret>[^<>]++)<"


def _of(word: bytes) -> tuple[bytes, ...]:
    """Patterns for whatever holds a value of which WORD is part of the name."""
    named, option = word + _REST, _OPTION % word
    keys = named + _QUOTED, named + _BARE, named + _IN_VALUE, named + _PAIR, named + _TAG
    return *keys, *_named(word), option + _NEXT_QUOTED, option + _NEXT_BARE


_CARD16 = (
    rb"[2-6](?<![\w.][2-6])(?:(?<=4)[0-9]{3}|(?<=5)[1-5][0-9]{2}|(?<=2)[2-7][0-9]{2}"
    rb"|(?<=6)(?:011|[45][0-9]{2}))(?:[ -]?[0-9]{4}){3}(?![0-9])"
)
# From the beginning of a word on, or each of its letters would be tried as one. Bytes above 127
# are letters of some name or domain.
_LETTER = rb"[\w.%+\x80-\xff-]"
_HOST = rb"[\w\x80-\xff-]++"
_EMAIL = rb"%b(?<!%b%b)%b*+@%b(?:\.%b)+" % (*[_LETTER] * 4, _HOST, _HOST)
# What HTTP has behind the scheme: Digest username="bob", response="...".
_PARAMETER = rb"""[\w-]++=(?:\\{0,15}"[^"]*+"|[^\s,"']*+)"""
_AUTHORIZATION = rb"[aA](?i:uthorization)\s*:%b[A-Za-z][\w-]{1,30}%b(?P<secret>%b(?:,%b%b)*)" % (
    *(_BLANK, _GAP, _PARAMETER, _BLANK, _PARAMETER),
)
_CRUMB = rb"""[^\s;,"'=]{1,256}+=(?:\\{0,15}"[^\s;,"\\]++%b|(?:[^\s;,"'\\]|\\(?!%b))*)""" % (
    *(_MARK, _MARK),
)
_COOKIES = rb"""\s*[:=]%b(?P<secret>%b(?:;\s*[^\s;,"']++)*)""" % (_BLANK, _CRUMB)
# Headers as Node and Go have them: a list of one or more, or each name before its value.
_NEXT = rb"\s*,\s*"
_LISTED = rb"%b%b(?P<secret>%b(?:%b%b%b%b%b)*)" % (
    *(_BEFORE, _QUOTE, _IN, _CLOSE, _NEXT, _BEFORE, _CLOSE, _IN),
)
_COOKIE_MORE = (
    rb"s?" + _END + _IS + rb"\s*\[\s*" + _LISTED,
    rb"s?" + _END + _IS + rb"\s*(?P<secret>(?:\[\s*)?\{\s*%b%b.*+)" % (_BEFORE, _MARK),
    rb"""s?:\[(?P<secret>[^\]\["'{=]{1,256}+=[^\]\["']*+)\]""",
    _MARK + _NEXT + rb"(?=%b%b%b)" % (_BEFORE, _MARK, _CRUMB) + _OPEN,
)
_SCHEMED = _MARK + _NEXT + rb"(?=%b%b%b\s)" % (_BEFORE, _MARK, _SCHEME) + _OPEN
# But not behind what lists the names of headers.
_RAW = rb"""(?<!ers",)(?<!ers", )(?<!ers',)(?<!ers', )["'](?=[\w-]{0,32}%b)[\w-]{1,64}+""" % _KEY
_IDENTIFIED = (
    rb"[iI](?i:dentified%b(?:by|(?:with|via)%b\S{1,64}%b(?:by|as|using))%b(?:password\s*\(?\s*)?)"
    % (_GAP, _GAP, _GAP, _BLANK)
)
_USER = rb"""[^\s/:@"']*:(?P<secret>[^\s/"']+)@"""
_ENCODED_URL = (
    rb"""%3[aA]%2[fF]%2[fF](?:(?!%3[aA]|%40)[^\s&"']){0,64}%3[aA]"""
    rb"""(?P<secret>(?:(?!%40)[^\s&"']){1,256})%40"""
)
# By preset: what a line has to have, if that is found faster, and what is looked for there.
PRESETS: dict[bytes, tuple[tuple[bytes, tuple[bytes, ...]], ...]] = {
    # 16 digits as Visa, Mastercard and Discover have them, 15 of Amex; blanks or - between.
    b"card": ((b"", (_CARD16, rb"3(?<![\w.]3)[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}(?![0-9])")),),
    b"email": ((b"", (_EMAIL,)),),
    # What is behind Authorization, a key's value; cookies; what follows Bearer or Basic; JSON
    # web tokens; what GitHub, Slack, AWS, Stripe and others begin their keys with.
    b"token": (
        (_KEY, (_AUTHORIZATION, _KEY + _SCHEMED, *_of(_KEY))),
        (b"rawHeaders", (_RAW + _MARK + _NEXT + _OPEN,)),
        (
            # The letter that is seldom there.
            rb"""[kK](?<=[cC][oO][oO][kK])(?i:ies?)(?=\s*[:=,"'\\\[\]}`])""",
            (
                *(_COOKIE + one for one in (*_COOKIE_MORE, _QUOTED, _PAIR, _COOKIES)),
                *_named(_COOKIE),
            ),
        ),
        (
            b"",
            (
                # But no basic authentication.
                rb"[bB](?i:earer|asic(?!%b[A-Za-z][a-z]++(?![\w.~+/=%%-])))%b"
                rb"(?P<secret>(?:[\w.~+/=%%-]|\\{1,15}/){8,})" % (_GAP, _GAP),
                rb"eyJ(?<![\w-]...)[\w-]{8,}+\.[\w-]{4,}+(?:\.[\w-]*+)?",
                rb"gh[pousr]_\w{16,}",
                rb"github_pat_\w{16,}",
                rb"glpat-[\w-]{16,}",
                rb"xox[abeoprs]-[\w-]{8,}",
                rb"[sr]k(?<![A-Za-z0-9]..)[_-](?=[\w-]{16})[\w-]+",
                rb"A(?:KIA|SIA)[A-Z0-9]{16}",
            ),
        ),
    ),
    # A key's value, and what SQL has behind the word; what stands before the @ of an address,
    # scheme://user:password@host, also where / is \\/ or all is written with %.
    b"password": (
        (
            rb"[pPsS](?i:(?<=p)(?:ass|wd)|(?<=s)ecret)",
            (
                *_of(_PASSWORD),
                _PASS + _QUOTED,
                _PASS + _BARE,
                rb"[pP](?i:assword)%b(?:(?i:for)\s[^=]{1,128}+=\s*(?:\w{1,32}\()?)?" % _GAP + _OPEN,
            ),
        ),
        (
            b"",
            (
                _IDENTIFIED + _OPEN,
                rb"""\*\*\*["']%b(?i:replace)%b""" % (_GAP, _GAP) + _OPEN,
                b"://" + _USER,
                rb":\\{1,15}/\\{0,15}/" + _USER,
                _ENCODED_URL,
            ),
        ),
    ),
}
