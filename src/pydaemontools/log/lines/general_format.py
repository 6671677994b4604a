"""The shape that most formats have: a time, a few fields, a level. As a row of line_formats.py."""

# What stands between two fields. A field is in brackets, or a word that is more than letters.
BETWEEN_FIELDS = (
    r"(?:[ \t]++(?:[-|:;,]{1,2}+[ \t]++)?|[|,;:]{1,2}+[ \t]*+|(?=\[)|(?<=[\])>])(?=[A-Z]))"
)
FIELD = (
    r"(?:[\[\(<{][^\[\]\(){}<>\n\"]{0,64}+[\])>}]:?|\[[^\[\]<>{}\n\"]{0,64}+\]:?|\[\[[^\[\]\n\"]{0,64}+\][^\[\]\n\"]{0,64}+\]|"
    r"(?=[A-Za-z]*+[0-9_./#@$:*+\[-])[^\s\"'|=\[\]\(),;]{1,64}+(?:\[[^\s\]]{1,32}+\]:?)?)"
)
FIELDS = rf"(?:{FIELD}{BETWEEN_FIELDS})"
WORD = rf"(?:[A-Za-z]{{1,32}}+{BETWEEN_FIELDS})"  # a host, or a thread; only one
BEHIND_TIME = r"(?=[^0-9A-Za-z]|\Z)"
LEVEL = r"(?:{CAPS}(?=[ \t:|\],;)>]|\Z)|[\[\(<|][ ]*+{word}[ ]*+[\])>|])"
GENERAL = (
    rf"{{when}}{BETWEEN_FIELDS}{FIELDS}{{0,7}}?{LEVEL}",
    rf"{{when}}{BETWEEN_FIELDS}{FIELDS}{{0,4}}?{WORD}{FIELDS}{{0,3}}?{LEVEL}",
    rf"{{when}}{BETWEEN_FIELDS}(?:{WORD}?{FIELDS}{{1,4}}?)??(?!config:){{word}}:(?=[ \t]|\Z)",
    rf"{{word}}(?![A-Za-z])[ \t]*+[-|:]?[ \t]*+[\[\(]?{{when}}{BEHIND_TIME}",
    rf"\( *+{{word}} *+\)[ \t]*+[-|:]?[ \t]*+[\[\(]?{{when}}{BEHIND_TIME}",
    r"\[ *+{word} *+\]",
    r"{CAPS} ++:(?=[ \t]|\Z)",
)
