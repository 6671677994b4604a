"""How programs spell severities beside the words of levels.NAMES, in lower case."""

from .levels import ALERT, CRIT, DEBUG, ERR, INFO, NAMES, NOTICE, WARNING

WORDS = NAMES | {
    b"panic": CRIT,
    b"dpanic": CRIT,
    b"ftl": CRIT,
    b"crt": CRIT,
    b"severe": ERR,
    b"erro": ERR,
    b"eror": ERR,
    b"fail": ERR,
    b"warnin": WARNING,
    b"wrn": WARNING,
    b"success": NOTICE,
    b"ntc": NOTICE,
    b"note": INFO,
    b"information": INFO,
    b"informational": INFO,
    b"inf": INFO,
    b"config": INFO,
    b"dbug": DEBUG,
    b"debg": DEBUG,
    b"dbg": DEBUG,
    b"fine": DEBUG,
    b"finer": DEBUG,
    b"finest": DEBUG,
    b"verbose": DEBUG,
    b"blather": DEBUG,
    b"blat": DEBUG,
    b"trce": DEBUG,
    b"trac": DEBUG,
    b"trc": DEBUG,
    b"vrb": DEBUG,
}
# Where one letter is a level.
LETTERS = {
    b"f": CRIT,
    b"c": CRIT,
    b"a": ALERT,
    b"e": ERR,
    b"w": WARNING,
    b"n": NOTICE,
    b"i": INFO,
    b"d": DEBUG,
    b"t": DEBUG,
    b"v": DEBUG,
}
# What some programs mean by words, or signs, that are theirs.
SAME = -1  # that of the line before, of which this one tells more
POSTGRES = (
    WORDS
    | {b"log": INFO}
    | dict.fromkeys(b"detail hint context statement query location backtrace".split(), SAME)
)
MYSQL = WORDS | {b"system": NOTICE}
REDIS = {b"#": WARNING, b"*": NOTICE, b"-": INFO, b".": DEBUG}
RUBY = WORDS | {b"any": NOTICE}
ERLANG = WORDS | {b"crash": ERR, b"supervisor": ERR, b"progress": DEBUG}
CAPNSLOG = WORDS | {
    letter: LETTERS[letter] for letter in (b"c", b"e", b"w", b"n", b"i", b"d", b"t")
}
CRON = WORDS | {b"death": CRIT}
SQLITE = {b"parse error": ERR, b"runtime error": ERR}
# What Django says of a status: of 500 and more, and of others.
DJANGO = dict.fromkeys((b"internal server error", b"service unavailable"), ERR) | dict.fromkeys(
    (b"not found", b"bad request", b"forbidden", b"unauthorized", b"method not allowed"), WARNING
)
PHP = {
    b"fatal error": CRIT,
    b"parse error": CRIT,
    b"recoverable fatal error": CRIT,
    b"core error": CRIT,
    b"compile error": CRIT,
    b"warning": WARNING,
    b"core warning": WARNING,
    b"deprecated": NOTICE,
    b"notice": NOTICE,
    b"strict standards": NOTICE,
}
# Words that a line in a format may begin with, beside those for levels.
HEADS = (
    *WORDS,
    *b"jan feb mar apr may jun jul aug sep oct nov dec mon tue wed thu fri sat sun".split(),
    *b"php npm thread unhandled exception segmentation aborted killed terminate".split(),
    *b"uncaught pani fata debu goroutine traceback process task future fatal libc node".split(),
    *b"caused suppressed wrapped stack last state location sigquit sigsegv sigabrt sigbus".split(),
    *b"bus illegal floating out double free malloc realloc pure assertion memory parse".split(),
    *b"munmap corrupted during the trace internal service not bad forbidden unauthorized".split(),
    *b"method runtime deprecation raft criti warni postgres psql lua luajit callstack".split(),
    *b"hascallstack make gmake cmake failed failure can use died global begin execution".split(),
    *b"syntax undefined argument odd curl rsync unable cannot options openjdk java ssh".split(),
    *b"csc link msbuild deprecated strict recoverable runsv".split(),
    *b"kern user mail daemon auth syslog lpr news uucp cron authpriv ftp".split(),
)
