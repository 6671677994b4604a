"""The formats that programs give their lines: a row each, which is all there is to one."""

from .crash_formats import CRASHES
from .daemon_formats import DAEMONS
from .general_format import GENERAL
from .level_words import (
    ERLANG,
    LETTERS,
    MYSQL,
    PHP,
    POSTGRES,
    REDIS,
    RUBY,
    WORDS,
)
from .levels import CRIT, DEBUG, ERR, INFO, NOTICE, WARNING
from .line_format import LineFormat
from .service_formats import SERVICES
from .tool_formats import TOOLS
from .variant_formats import VARIANTS

PHP_HEAD = (
    r"PHP {level=(?:Recoverable fatal|Fatal|Parse|Core|Compile) error|"
    r"(?:Core )?Warning|Deprecated|Notice|Strict Standards}:  "
)
# Its end would name the place.
PHP_OPEN = r"(?=Uncaught )(?![^\n]*:[0-9]{1,9}\Z)"

FORMATS = (
    LineFormat(
        "nginx",
        "nginx, error log",
        r"{when} \[{word}\] [0-9]++#",
        (
            b"2026/11/29 13:16:38 [error] 712#712: *1 open() failed (2: No such file)",
            ERR,
            b"open() failed (2: No such file)",
        ),
        rest=r"[0-9]++: (?:\*[0-9]++ )?",
    ),
    LineFormat(
        "apache",
        "Apache httpd, error log",
        r"{when} \[(?:[a-z_0-9]++|-)?:{word}[0-9]?\] \[pid ",
        (
            b"[Sun Nov 29 13:16:38.123456 2026] [core:error] [pid 9:tid 7] [client ::1:5] x",
            ERR,
            b"[client ::1:5] x",
        ),
        rest=r"[^\]]*+\] ",
    ),
    LineFormat(
        "gunicorn",
        "gunicorn, hypercorn",
        r"{when} \[[0-9]++\] \[{CAPS}\] ",
        (
            b"[2026-11-29 13:16:38 +0000] [712] [ERROR] Worker (pid:713) was sent SIGKILL!",
            ERR,
            b"Worker (pid:713) was sent SIGKILL!",
        ),
    ),
    LineFormat(
        "celery",
        "celery",
        r"{when}: {CAPS}/(?=[A-Za-z])",
        (
            b"[2026-11-29 13:16:38,123: WARNING/MainProcess] the task was lost",
            WARNING,
            b"the task was lost",
        ),
        rest=r"[^\]]*+\] ",
    ),
    LineFormat(
        "loguru",
        "loguru",
        r"{when} \| {CAPS} *+\| (?=\S)",
        (
            b"2026-11-29 13:16:38.123 | SUCCESS  | __main__:<module>:3 - it is done",
            NOTICE,
            b"it is done",
        ),
        rest=r"[^ ]++ - ",
    ),
    LineFormat(
        "python",
        "Python logging, `asctime - name - levelname - message`",
        r"{when} - (?>(?:(?!{caps} )[^\s]++(?: \([^\(\)\n]{1,64}+\))? - ){0,3}){CAPS} - ",
        (b"2026-11-29 13:16:38,123 - app.db - CRITICAL - no more", CRIT, b"no more"),
    ),
    *SERVICES,
    LineFormat(
        "structlog",
        "structlog, console",
        r"{when} \[{word} *+\] ",
        (
            b"2026-11-29 13:16:38 [warning  ] slow query   seconds=3",
            WARNING,
            b"slow query   seconds=3",
        ),
    ),
    LineFormat(
        "postgresql",
        "PostgreSQL",
        r"{when} \[[0-9-]++\](?::(?: \[[0-9-]++\])?)? "
        r"(?:[a-z]{1,12}+=[^\n\"']{0,200}? |[^\s]++ )?(?:\[[^\]]*+\] )?"
        r"{level=PANIC|FATAL|ERROR|WARNING|NOTICE|INFO|LOG|DEBUG|"
        r"DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION|BACKTRACE}[0-9]?:  ",
        (
            b"2026-11-29 13:16:38.123 UTC [712] LOG:  database system is ready",
            INFO,
            b"database system is ready",
        ),
        words=POSTGRES,
    ),
    LineFormat(
        "mysql",
        "MySQL, MariaDB",
        r"{when} [0-9]++ \[{level=System|ERROR|Warning|Note}\] ",
        (
            b"2026-11-29T13:16:38.123456Z 0 [System] [MY-010116] [Server] mysqld starting",
            NOTICE,
            b"mysqld starting",
        ),
        words=MYSQL,
        goes_on="text",
        rest=r"(?:\[MY-[0-9]++\] \[[A-Za-z]++\] )?",
    ),
    LineFormat(
        "redis",
        "Redis, Valkey",
        r"[0-9]++:[XCSM] {when} {level=[#*.-]} ",
        (
            b"712:M 29 Nov 2026 13:16:38.123 * Ready to accept connections",
            NOTICE,
            b"Ready to accept connections",
        ),
        words=REDIS,
    ),
    LineFormat(
        "elasticsearch",
        "Elasticsearch, OpenSearch",
        r"{when}\[{CAPS} *+\]\[",
        (
            b"[2026-11-29T13:16:38,123][WARN ][o.e.b.Bootstrap  ] [node-1] no swap",
            WARNING,
            b"no swap",
        ),
        rest=r"[^\]]*+\] ?(?:\[[^\]]*+\] )?",
    ),
    LineFormat(
        "spring",
        "Spring Boot",
        r"{when} {1,2}{CAPS} [0-9]++ --- ",
        (
            b"2026-11-29T13:16:38.123Z ERROR 712 --- [app] [main] o.s.b.App : Run failed",
            ERR,
            b"Run failed",
        ),
        rest=r"(?>(?:\[[^\]]*+\] )*)[^ ]++ *+: ",
    ),
    LineFormat(
        "log4j",
        "log4j, logback, Kafka's and others of Java",
        r"{when} (?:\[[^\]]*+\] )?{CAPS} {1,2}(?:\[[^\]]*+\] )?"
        r"(?=[A-Za-z_][A-Za-z0-9_.$\[\]]*+(?::[0-9]++)? - )",
        (b"13:16:38.123 [main] WARN  com.example.App - low on heap", WARNING, b"low on heap"),
        rest=r"[^ ]++ - ",
    ),
    LineFormat(
        "tomcat",
        "Tomcat, java.util.logging in one line",
        r"{when} {level=SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST} (?=\[)",
        (
            b"29-Nov-2026 13:16:38.123 SEVERE [main] org.apache.catalina.core.C.start no port",
            ERR,
            b"org.apache.catalina.core.C.start no port",
        ),
        rest=r"\[[^\]]*+\] (?=[A-Za-z_$][A-Za-z0-9_$]*+\.)",
    ),
    LineFormat(
        "ruby",
        "Ruby's Logger, Rails",
        r"[A-Z], \[[^\]]*+\] {1,4}{level=DEBUG|INFO|WARN|ERROR|FATAL|ANY} -- ",
        (
            b"E, [2026-11-29T13:16:38.123456 #712] ERROR -- app: no such row",
            ERR,
            b"no such row",
        ),
        words=RUBY,
        rest=r"[^:]*+: ",
    ),
    LineFormat(
        "php-uncaught",
        "PHP, what nobody caught, with a message of several lines",
        (
            r"{when}(?: [A-Z][A-Za-z_]++/[A-Za-z_/+-]++\])? PHP {level=Fatal error}:  " + PHP_OPEN,
            r"PHP {level=Fatal error}:  " + PHP_OPEN,
            r"{level=Fatal error}: " + PHP_OPEN,
        ),
        (
            b"PHP Fatal error:  Uncaught Exception: one",
            CRIT,
            b"Uncaught Exception: one",
        ),
        words=PHP,
        goes_on="java+",
    ),
    LineFormat(
        "php",
        "PHP, the command line's and php-fpm's",
        (r"{when}(?: [A-Z][A-Za-z_]++/[A-Za-z_/+-]++\])? " + PHP_HEAD, PHP_HEAD),
        (
            b"PHP Fatal error:  Uncaught Exception: x in /a.php:3",
            CRIT,
            b"Uncaught Exception: x in /a.php:3",
        ),
        words=PHP,
        goes_on="php",
    ),
    LineFormat(
        "monolog",
        "monolog",
        r"{when} [A-Za-z0-9_-]++\.{CAPS}: ",
        (b"[2026-11-29T13:16:38.123456+00:00] app.ERROR: no mail [] []", ERR, b"no mail [] []"),
    ),
    LineFormat(
        "twisted",
        "Twisted's new logger",
        r"{when} \[[A-Za-z0-9_.]++#{word}\] ",
        (
            b"2026-11-29T13:16:38+0000 [twisted.web#critical] Unhandled Error",
            CRIT,
            b"Unhandled Error",
        ),
    ),
    LineFormat(
        "tornado",
        "Tornado, Jupyter",
        r"\[{letter} (?=[0-9])",
        (
            b"[E 261129 13:16:38 web:1871] Uncaught exception GET /",
            ERR,
            b"Uncaught exception GET /",
        ),
        words=LETTERS,
        rest=r"[^\]]*+\] ",
    ),
    LineFormat(
        "klog",
        "klog, glog, Abseil",
        r"{level=[IWEF]}(?:[0-9]{2}){2,4} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]++ ++",
        (b"E1129 13:16:38.123456     712 server.go:88] no route", ERR, b"no route"),
        words=LETTERS,
        rest=r"[^\]]*+\] ",
    ),
    LineFormat(
        "rust",
        "Rust's env_logger",
        r"{when} {1,2}{CAPS} {1,2}[A-Za-z_][A-Za-z0-9_:]*+\] ",
        (b"[2026-11-29T13:16:38Z WARN  app::db] the pool is full", WARNING, b"the pool is full"),
    ),
    LineFormat(
        "logrus",
        "logrus on a terminal",
        r"{level=PANI|FATA|ERRO|WARN|INFO|DEBU|TRAC}\[[0-9]++\] ?",
        (
            b"WARN[0012] it grows                       size=10",
            WARNING,
            b"it grows                       size=10",
        ),
        words=WORDS | {b"pani": CRIT, b"fata": CRIT, b"debu": DEBUG},
    ),
    LineFormat(
        "zerolog",
        "zerolog's console, Traefik, Serilog",
        r"{when} \[?{level=TRC|VRB|DBG|INF|WRN|ERR|FTL|PNC}\]? ",
        (b"1:16PM WRN no route retry=3", WARNING, b"no route retry=3"),
        words=WORDS | {b"pnc": CRIT},
    ),
    LineFormat(
        "zap",
        "zap's console, Caddy",
        r"{when}\t{word}\t",
        (b"2026-11-29T13:16:38.123Z\tERROR\tapp/main.go:7\tno route", ERR, b"no route"),
        rest=r"(?:[A-Za-z0-9_./-]++(?::[0-9]++)?\t)?",
    ),
    LineFormat(
        "dotnet",
        ".NET, the simple console",
        r"{level=trce|dbug|info|warn|fail|crit}: (?=[A-Za-z_][A-Za-z0-9_.`+]*+\[[0-9]++\])",
        (b"fail: Microsoft.Hosting[0] no port", ERR, b"Microsoft.Hosting[0] no port"),
    ),
    LineFormat(
        "pino",
        "pino-pretty",
        r"{when} {CAPS} \([0-9]++(?: on [^)]++)?\): ",
        (b"[13:16:38.123] WARN (712): low on memory", WARNING, b"low on memory"),
    ),
    LineFormat(
        "bunyan",
        "bunyan's command",
        r"{when} +{CAPS}: [^\s]++ on [^\s:]++: ",
        (
            b"[2026-11-29T13:16:38.123Z]  WARN: app/712 on box: low on memory",
            WARNING,
            b"low on memory",
        ),
    ),
    LineFormat(
        "npm",
        "npm",
        r"npm {level=ERR!|WARN|error|warn|notice|info|verb|http} ",
        (b"npm ERR! code E404", ERR, b"code E404"),
        words=WORDS | {b"err!": ERR, b"verb": DEBUG, b"http": DEBUG},
    ),
    LineFormat(
        "erlang",
        "Erlang's reports",
        r"={level=ERROR|CRASH|SUPERVISOR|WARNING|INFO|PROGRESS} REPORT={4} ",
        (
            b"=ERROR REPORT==== 29-Nov-2026::13:16:38.123456 ===",
            ERR,
            b"29-Nov-2026::13:16:38.123456 ===",
        ),
        words=ERLANG,
        goes_on="text",
    ),
    LineFormat(
        "dmesg",
        "dmesg -x",
        (
            r"[a-z]{3,6}+ *+:{level=emerg|alert|crit|err|warn|notice|info|debug} *+: (?=\[)",
            r"authpriv:{level=emerg|alert|crit|err|warn|notice|info|debug} *+: (?=\[)",
            r"local[0-9]:{level=emerg|alert|crit|err|warn|notice|info|debug} *+: (?=\[)",
        ),
        (b"kern  :err   : [    1.234567] ata1: link is slow", ERR, b"ata1: link is slow"),
        rest=r"\[[^\]]*+\] ",
    ),
    LineFormat(
        "openssh",
        "OpenSSH, its debug lines",
        r"{level=debug}[0-9]: ",
        (
            b"debug1: Reading configuration data /etc/ssh/ssh_config",
            DEBUG,
            b"Reading configuration data /etc/ssh/ssh_config",
        ),
    ),
    LineFormat(
        "rfc5424",
        "syslog's own lines with a time",
        r"{when} (?:[A-Za-z0-9_.-]++ )?[A-Za-z0-9_./-]++(?:\[[0-9]++\])?: {word}: ",
        (
            b"Nov 29 13:16:38 box postfix/smtp[712]: warning: no route",
            WARNING,
            b"no route",
        ),
    ),
    LineFormat(
        "jul",
        "java.util.logging, the second of its two lines",
        r"{level=SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST}: ",
        (b"SEVERE: no port", ERR, b"no port"),
    ),
    LineFormat(
        "named",
        "a program's name, then its level",
        (
            (
                r"[a-z][a-z0-9_+./-]{0,31}+(?:\[[0-9]++\])?: (?:{level=fatal|critical|error|"
                r"warning|notice|Fatal|Critical|Error|Warning|Notice})(?: error)?: "
            ),
            r"runsv [^\s:]{1,64}+: {level=fatal|warning}: ",
        ),
        (b"mkfs: error: no such device", ERR, b"no such device"),
    ),
    *DAEMONS,
    *VARIANTS,
    *TOOLS,
    *CRASHES,
    LineFormat(
        "supervisord",
        "supervisord",
        r"{when} {level=CRIT|ERRO|WARN|INFO|DEBG|TRAC|BLAT} ",
        (b"2026-11-29 13:16:38,123 ERRO pool ran out of tries", ERR, b"pool ran out of tries"),
    ),
    LineFormat(
        "general",
        "a date or time, a few fields of a word, then a level; or a level, then a time",
        GENERAL,
        (b"Nov 29 13:16:38 box app[712]: ERROR no route", ERR, b"no route"),
        rest=r"[ \t]*+[\])>:|,;-]{0,2}+[ \t]*+",
    ),
)
