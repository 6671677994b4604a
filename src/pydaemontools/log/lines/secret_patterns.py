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
_PASS = rb"""[pP](?<![A-Za-z0-9].)(?i:ass)(?=\\{0,15}["']?\s*=|\\{0,15}["']\s*:)"""
_COOKIE = rb"[cC](?i:ookie)"
# Quotes may be those of a JSON text within JSON within JSON, and Python's bytes have a b before.
_OPEN = rb"""[bBuU]?\\{0,15}(?P<q>["'])(?P<secret>(?:(?!(?P=q))[^\\]|\\.)+)"""
_END = rb"""\\{0,15}["']?\s*"""
_IS = rb"[=:]{1,2}+>?+"  # Ruby, Perl and PHP have =>, Go :=
# A value in quotes, then one without quotes, to the next blank or &, but for what closes a list
# or a call. JSON's own words are no secrets. Where an object or a list ends no expression knows:
# all that follows is masked. In an address within an address = is %3D.
_QUOTED = _END + _IS + rb"\s*" + _OPEN
_BARE = (
    _END + rb"(?:" + _IS + rb"""|%3[dD])\s*(?![bBuU]?\\{0,15}["']"""
    rb"""|(?:null|true|false|None|True|False)\b)"""
    rb"""(?i:(?:bearer|basic|digest|token|apikey|negotiate|ntlm)\s+)?"""
    rb"""(?P<secret>[{\[].*+|[\w.]++\([^()]*+\)|[^\s&"']*[^\s&"',;)\]}])"""
)
# The next word behind an option, and the next element of the list that a command is.
_OPTION = rb"-(?<![\w-]-)-?(?=[\w.-]{0,32}%b)[\w.-]{1,64}+"
_NEXT_QUOTED = rb"""(?:\\{0,15}["'](?:\s*,\s*|\s+)|\s+)""" + _OPEN
_NEXT_BARE = rb"""\s+(?!-)(?P<secret>[^\s"'\\]+)"""
# Two elements of a tuple, the name and the value of an object or a tag, and what a tag holds.
_PAIR = rb"""["'],\s*""" + _OPEN + rb"(?P=q)\)"
_VALUE = (
    rb"""\\{0,15}["'](?:\s*,\s*|\s+)\\{0,15}["']?[vV](?:alue|ALUE)\\{0,15}["']?\s*[:=]\s*""" + _OPEN
)
_TAG = rb">(?P<secret>[^<>]++)<"


def _of(word: bytes) -> tuple[bytes, ...]:
    """Patterns for whatever holds a value of which WORD is part of the name."""
    named, option = word + _REST, _OPTION % word
    keys = named + _QUOTED, named + _BARE, named + _VALUE, named + _PAIR, named + _TAG
    return *keys, option + _NEXT_QUOTED, option + _NEXT_BARE


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
_PARAMETER = rb"""[\w-]++=(?:"[^"]*+"|[^\s,"']*+)"""
_AUTHORIZATION = rb"[aA](?i:uthorization)\s*:\s*[A-Za-z][\w-]{1,30}\s+(?P<secret>%b(?:,\s*%b)*)" % (
    _PARAMETER,
    _PARAMETER,
)
_COOKIES = rb"""\s*[:=]\s*(?P<secret>[^\s;,"'=]++=[^\s;,"']*+(?:;\s*[^\s;,"']++)*)"""
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
        (_KEY, (_AUTHORIZATION, *_of(_KEY))),
        (
            # The letter that is seldom there.
            rb"[kK](?<=[cC][oO][oO][kK])(?i:ie)",
            (_COOKIE + _QUOTED, _COOKIE + _PAIR, _COOKIE + _COOKIES),
        ),
        (
            b"",
            (
                rb"[bB](?i:earer|asic)\s+(?P<secret>[\w.~+/=-]{8,})",
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
                rb"[pP](?i:assword)\s+" + _OPEN,
            ),
        ),
        (
            b"",
            (
                rb"[iI](?i:dentified\s+by)\s+" + _OPEN,
                b"://" + _USER,
                rb":\\/\\/" + _USER,
                _ENCODED_URL,
            ),
        ),
    ),
}
