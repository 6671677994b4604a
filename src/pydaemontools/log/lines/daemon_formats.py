"""More rows of line_formats.py: what daemons print, and machines that run others' programs."""

from .level_words import LETTERS, WORDS
from .levels import CRIT, DEBUG, EMERG, ERR, INFO, WARNING
from .line_format import LineFormat

D2 = "[0-9]{2}"
ANDROID = LETTERS | {b"f": CRIT, b"s": INFO}
DATED = rf"[0-9]{{4}}-{D2}-{D2}[ T]{D2}:{D2}:{D2}(?=[ .,Z])"
# Beego's time, since a letter in brackets behind any other may be what became of a file.
BEHIND = rf"(?<=/{D2} {D2}:{D2}:{D2}"
SLASHED = rf"(?:{BEHIND} \[[A-Z]\] )|{BEHIND}\.[0-9]{{3}} \[[A-Z]\] ))"

DAEMONS = (
    LineFormat(
        "android",
        "Android's logcat: brief, tag, time, threadtime, long",
        (
            r"{when} {1,3}[0-9]++ {1,8}[0-9]++ {level=[VDIWEFS]} (?=[^\n]{1,128}?: )",
            (
                r"{when} (?:[0-9]++-[0-9]++/[A-Za-z0-9_.?]{1,128}+ )?{level=[VDIWEFS]}/"
                r"(?=[^\n]{1,128}?(?:\( *[0-9]++\))?: )"
            ),
            r"{level=[VDIWEFS]}/(?=[^\n]{1,128}?\([ 0-9]{4,8}[0-9]\): )",
        ),
        (
            b"11-29 13:16:38.123  712  713 E AndroidRuntime: FATAL EXCEPTION: main",
            ERR,
            b"FATAL EXCEPTION: main",
        ),
        words=ANDROID,
        rest=r"[^\n]{1,128}?: ",
    ),
    LineFormat(
        "dovecot",
        "Dovecot",
        r"{when} [a-z0-9-]++(?:\([^\(\)\n]{0,128}+\))?(?>(?:<[^<>\n]{0,128}+>){0,2}): "
        r"{level=Panic|Fatal|Error|Warning|Info|Debug}: ",
        (b"Nov 29 13:16:38 imap(bob)<7><x>: Error: no such box", ERR, b"no such box"),
    ),
    LineFormat(
        "busybox",
        "BusyBox's syslogd, OpenWrt's logread",
        r"{when}(?: [0-9]{4})?(?: [A-Za-z0-9_.-]++)? [a-z]{3,8}[0-9]?\."
        r"{level=emerg|alert|crit|err|warn|notice|info|debug} "
        r"(?=[A-Za-z0-9_./-]{1,64}+(?:\[[0-9]++\])?: )",
        (b"Nov 29 13:16:38 box daemon.err app[712]: no route", ERR, b"no route"),
        rest=r"[^\s:]++: ",
    ),
    LineFormat(
        "fern",
        "Rust's fern",
        r"\[[0-9]{4}-[0-9]{2}-[0-9]{2}\]\[[0-9:.]{5,18}+\]"
        r"(?:\[[^\]\n]{1,64}+\]){0,2}?\[{CAPS} *\] ",
        (b"[2026-11-29][13:16:38][app::db][ERROR] no route", ERR, b"no route"),
    ),
    LineFormat(
        "cups",
        "CUPS",
        r"{level=[XACEWNIDd]} \[{when}\] ",
        (b"E [29/Nov/2026:13:16:38 +0000] Unable to bind", ERR, b"Unable to bind"),
        words=LETTERS | {b"x": EMERG},
    ),
    LineFormat(
        "letters",
        "one letter, then a date and a time; or behind a time, before a place in a file",
        (
            rf"{{level=[CEWID]}} (?={DATED}){{when}}",
            r"{when} {level=[CEWID]} (?=[A-Za-z0-9_-]{1,64}+\.[a-z]{1,4}:[0-9])",
        ),
        (b"E 2026-11-29 13:16:38,123 app: no route", ERR, b"app: no route"),
        words=LETTERS,
        rest="[])]?[:,]? ?",
    ),
    LineFormat(
        "nats",
        "NATS",
        r"\[[0-9]++\] {when} \[{level=FTL|ERR|WRN|INF|DBG|TRC}\] ",
        (b"[1] 2026/11/29 13:16:38.123456 [ERR] no route", ERR, b"no route"),
    ),
    LineFormat(
        "cassandra",
        "Cassandra",
        r"{CAPS} {1,2}\[[^\]\n]{1,64}+\] {when} (?=[A-Za-z0-9_$]++\.)",
        (b"ERROR [Repair-Task-1] 2026-11-29 13:16:38,123 X.java:3 - no host", ERR, b"no host"),
        rest=r"[^ ]++ - ",
    ),
    LineFormat(
        "mosquitto",
        "Mosquitto",
        r"[0-9]{10}: {level=Error|Warning|Notice|Information|Debug}: ",
        (b"1795960000: Error: Address already in use", ERR, b"Address already in use"),
    ),
    LineFormat(
        "prosody",
        "Prosody",
        r"{when} [A-Za-z0-9_.:-]++ *\t{level=error|warn|info|debug}\t",
        (b"Nov 29 13:16:38 mod_bosh\terror\tno host", ERR, b"no host"),
    ),
    LineFormat(
        "openvpn",
        "OpenVPN",
        (
            r"{when}(?: [0-9]{4})?(?: us=[0-9]++)?(?: [^\s]++:[0-9]++)? TLS {level=Error}: ",
            r"{when} {level=DEPRECATION}: ",
            r"{when} \*{7} {level=WARNING} \*{7}: ",
            r"Options {level=error|warning}: ",
        ),
        (b"Mon Nov 29 13:16:38 2026 TLS Error: no key", ERR, b"no key"),
        words=WORDS | {b"deprecation": WARNING},
    ),
    LineFormat(
        "fatal",
        "a time, then `fatal error`, as chrony, Unbound, Varnish have it",
        r"{when} (?:[A-Za-z0-9_.-]++(?:\[[0-9:]++\])? )?{level=fatal error|Fatal error} ?: ",
        (b"2026-11-29T13:16:38Z Fatal error : no socket", CRIT, b"no socket"),
        words={b"fatal error": CRIT},
    ),
    LineFormat(
        "rack",
        "Puma, of an application that raised",
        r"{when} {level=Rack} app \((?=\")",
        (
            b'2026-11-29 13:16:38 +0000 Rack app ("GET /" - (::1)): #<RuntimeError: no>',
            ERR,
            b'2026-11-29 13:16:38 +0000 Rack app ("GET /" - (::1)): #<RuntimeError: no>',
        ),
        words={b"rack": ERR},
        rest=None,
    ),
    LineFormat(
        "twisted-failure",
        "Twisted's old logger, of what nobody caught",
        r"{when} \[[^\]\n]{1,128}+\] {level=Unhandled Error|Unhandled error in Deferred}:?\Z",
        (
            b"2026-11-29 13:16:38+0000 [-] Unhandled Error",
            CRIT,
            b"2026-11-29 13:16:38+0000 [-] Unhandled Error",
        ),
        words=dict.fromkeys((b"unhandled error", b"unhandled error in deferred"), CRIT),
        rest=None,
    ),
    LineFormat(
        "jvm-log",
        "Java's machine, its own log, and SLF4J's",
        (
            r"\[[0-9]++[.,]?[0-9]*+m?s\]\[{word} *\]\[",
            r"OpenJDK [A-Za-z0-9 -]{1,40} {level=warning}: ",
            r"Java HotSpot\(TM\) [A-Za-z0-9 -]{1,40} {level=warning}: ",
            r"SLF[0-9]J\({level=[EWID]}\): ",
            r"{CAPS} StatusLogger ",
        ),
        (b"[0.005s][warning][cds] no archive", WARNING, b"no archive"),
        words=WORDS | {letter: LETTERS[letter] for letter in (b"e", b"w", b"i", b"d")},
        rest=r"(?:[a-z0-9,]++\s*\] ?)?",
    ),
    LineFormat(
        "xorg",
        "X.Org",
        (r"\({level=EE|WW|II|NI}\) ", r"\[ *[0-9]++\.[0-9]++\] \({level=EE|WW|II|NI}\) "),
        (b"[    12.345] (EE) no screens found", ERR, b"no screens found"),
        words={b"ee": ERR, b"ww": WARNING, b"ii": INFO, b"ni": WARNING},
    ),
    LineFormat(
        "minio",
        "MinIO",
        r"{level=ERROR|FATAL} (?=Unable to )",
        (
            b"FATAL Unable to initialize backend: no drive",
            CRIT,
            b"Unable to initialize backend: no drive",
        ),
    ),
    LineFormat(
        "servicing",
        "Windows, how it is serviced",
        r"{when}, {level=Error|Warning|Info|Perf} {2}",
        (b"2026-11-29 13:16:38, Error                 CBS    no file", ERR, b"CBS    no file"),
        words=WORDS | {b"perf": DEBUG},
    ),
    LineFormat(
        "prefixed",
        "a name in brackets, then a level",
        r"\[(?!{caps}\])(?=[0-9]*+[A-Za-z])[A-Za-z0-9_.:/-]{1,64}+\] {CAPS}: ",
        (b"[web] ERROR: no route", ERR, b"no route"),
    ),
    LineFormat(
        "tensorflow",
        "TensorFlow",
        r"{when}: {level=[IWEF]} (?:[A-Z]:)?[A-Za-z0-9_./\\+-]{1,200}+:[0-9]++\] ",
        (b"2026-11-29 13:16:38.123456: E tensorflow/x.cc:5] no device", ERR, b"no device"),
        words=LETTERS,
    ),
    LineFormat(
        "logback-status",
        "logback, of itself",
        r"{when} (?: {1,40})?(?:\|-|\+ ){level=ERROR|WARN|INFO} in (?=[A-Za-z_])",
        (b"13:16:38,123 |-ERROR in ch.qos.logback.X@5:12 - no action", ERR, b"no action"),
        rest=r"[^ ]++ - ",
    ),
    LineFormat(
        "beego",
        "Beego, Gitea before 1.9",
        rf"{{when}} \[{{level=[MACEWNIDT]}}\] {SLASHED}",
        (b"2026/11/29 13:16:38.123 [E] [router.go:5] no route", ERR, b"no route"),
        words=LETTERS | {b"m": EMERG},
        rest=r" *+(?:\[[^\]\s:]++:[0-9]++\] ++)?",
    ),
    LineFormat(
        "gitea",
        "Gitea",
        r"{when} [A-Za-z0-9_./-]{1,200}+:[0-9]++:[^\s\[\]]{1,200}+(?<=\)) \[{level=[FCEWIDT]}\] ",
        (b"2026/11/29 13:16:38 cmd/web.go:242:runWeb() [E] no route", ERR, b"no route"),
        words=LETTERS,
    ),
    LineFormat(
        "pytorch",
        "PyTorch",
        r"(?:\[rank[0-9]++\]:)?\[{level=[IWEF]}(?:[0-9]{3,4} [0-9:.]{8,18}+)? "
        r"[A-Za-z0-9_./-]{1,200}+:[0-9]++\] ",
        (b"[W1129 13:16:38.123 socket.cpp:697] no peer", WARNING, b"no peer"),
        words=LETTERS,
    ),
)
