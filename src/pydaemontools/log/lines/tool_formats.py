"""What compilers, build tools and commands print: rows as in line_formats.py.

Where a place in a file stands before the level, or the name of what failed, all is the message.
"""

from .level_words import LETTERS, WORDS
from .levels import CRIT, ERR, INFO, WARNING
from .line_format import LineFormat

FILE = r"[A-Za-z0-9_./+-]++"
WINDOWS = r"[A-Za-z]:\\[^:*?\"<>|\(\n]{1,300}"
AT = r"[0-9]++(?:[.:][0-9]++)?(?:-[0-9]++)?"  # a line, maybe a column in it
COMPILER = r"{level=fatal error|Fatal error|error|Error|ERROR|warning|Warning|WARNING|note|remark}"
CODE = r"(?=[A-Z]{1,8}[0-9]{3,6}: )"
CODED = r"{level=fatal error|error|warning|info}"
COMPILED = WORDS | {b"fatal error": CRIT, b"remark": INFO}
APT_ERROR = (
    "Unable to |Could not |Couldn't |Failed to fetch |Sub-process |The repository '|Package '|"
    "Version '|dpkg was interrupted|Unmet dependencies|Some index files |Some packages could |"
    "Malformed |Invalid operation |Release file for |Type '|Broken packages|Command line option |"
    "Internal Error|The package |There were unauthenticated packages|This command can only "
)
APT_WARNING = (
    "GPG error: |Failed to fetch |Some index files |Conflicting distribution: |The repository '|"
    "Target |Download is performed unsandboxed |An error occurred |Possible missing firmware |"
    "Skipping acquire |https?://|APT had planned |Unable to |Could not "
)
RICH = r"(?>(?:─){1,400})"
PLACE = r"(?=[^\n]* at [^\s]++ line [0-9])"  # of Perl's

TOOLS = (
    LineFormat(
        "compiler",
        "gcc, clang, javac, mypy and others of `file:line: error:`",
        (
            rf"{FILE}:{AT}: {COMPILER}: ",
            rf"{WINDOWS}:{AT}: {COMPILER}: ",
            rf"{FILE}:{AT} - {CODED} {CODE}",
        ),
        (b"main.c:3:5: error: no such name", ERR, b"main.c:3:5: error: no such name"),
        words=COMPILED,
        rest=None,
        goes_on="rust",
    ),
    LineFormat(
        "msbuild",
        "tsc, csc, MSVC and others of `file(line,column): error X1:`",
        (
            rf"{FILE}\([0-9]++(?:,[0-9]++){{0,3}}\) ?: {CODED} {CODE}",
            rf"{WINDOWS}\([0-9]++(?:,[0-9]++){{0,3}}\) ?: {CODED} {CODE}",
            *(rf"{one} : {CODED} {CODE}" for one in ("CSC", "LINK", "MSBUILD")),
            rf"{{level=error}} {CODE}",
        ),
        (b"a.ts(3,5): error TS2322: no", ERR, b"a.ts(3,5): error TS2322: no"),
        words=COMPILED,
        rest=None,
    ),
    LineFormat(
        "rustc",
        "rustc, an error that has a number",
        r"{level=error|warning}\[[A-Z]{1,3}[0-9]++\]: ",
        (b"error[E0308]: mismatched types", ERR, b"mismatched types"),
        goes_on="rust",
    ),
    LineFormat(
        "make",
        "make",
        (r"make(?:\[[0-9]++\])?: {level=\*\*\*} ", r"gmake(?:\[[0-9]++\])?: {level=\*\*\*} "),
        (
            b"make: *** [Makefile:2: all] Error 1",
            ERR,
            b"make: *** [Makefile:2: all] Error 1",
        ),
        words={b"***": ERR},
        rest=None,
    ),
    LineFormat(
        "cmake",
        "CMake",
        r"CMake {level=Internal Error|Error|Deprecation Warning|Deprecation Error|Warning}"
        r"(?: \(dev\))?(?: at |: | in )",
        (
            b"CMake Error at CMakeLists.txt:3 (message):",
            ERR,
            b"CMake Error at CMakeLists.txt:3 (message):",
        ),
        words={
            b"error": ERR,
            b"internal error": ERR,
            b"deprecation error": ERR,
            b"warning": WARNING,
            b"deprecation warning": WARNING,
        },
        rest=None,
        goes_on="rust",
    ),
    LineFormat(
        "failed",
        "what failed: ninja, pytest, unittest, Gradle, webpack, Ansible",
        (
            r"{level=FAILED}: (?=\S)",
            r"{level=FAILED} (?=\(\S|[A-Za-z0-9_./+-]++(?:::| - ))",
            r"{level=ERROR} (?=[A-Za-z0-9_./+-]++(?<=\.py)(?: - |::|\Z))",
            r"{level=FAILURE}: (?=Build )",
            r"{level=ERROR|WARNING} in (?=\./)",
            r"{level=failed}: (?=\[[^\]\n]{1,255}+\] )",
        ),
        (b"FAILED tests/test_x.py::test_a", ERR, b"FAILED tests/test_x.py::test_a"),
        words=dict.fromkeys((b"failed", b"failure", b"error"), ERR) | {b"warning": WARNING},
        rest=None,
    ),
    LineFormat(
        "pytest-log",
        "pytest, what was logged",
        r"{CAPS} {1,8}(?=[A-Za-z_][A-Za-z0-9_.]*+:[A-Za-z0-9_.-]++(?<=\.py):[0-9])",
        (b"WARNING  app.db:db.py:3 slow query", WARNING, b"slow query"),
        rest=r"[^ ]++ ",
    ),
    LineFormat(
        "kotlinc",
        "Kotlin's compiler",
        r"{level=e|w}: (?=file://|/)",
        (b"e: file:///x/a.kt:3:5 no such name", ERR, b"file:///x/a.kt:3:5 no such name"),
        words=LETTERS,
    ),
    LineFormat(
        "apt",
        "apt and apt-get",
        (rf"{{level=E}}: (?={APT_ERROR})", rf"{{level=W}}: (?={APT_WARNING})"),
        (b"E: Unable to locate package nosuch", ERR, b"Unable to locate package nosuch"),
        words=LETTERS,
    ),
    LineFormat(
        "commands",
        "dpkg, curl, rsync, ssh, Docker's and Kubernetes' commands, Ansible",
        (
            r"dpkg: {level=error|warning} (?=[a-z])",
            r"{level=curl}: \([0-9]",
            r"rsync {level=error|warning}: ",
            r"ssh: {level=connect to host|Could not resolve hostname} ",
            r"docker: {level=Error} response from daemon: ",
            r"{level=Error} (?=response from daemon: |from server(?: \([A-Za-z]{1,64}+\))?: )",
            r"{level=Unable to connect} to the server: ",
            r"{level=Cannot connect} to the Docker daemon at ",
            r"{level=ERROR}! (?=\S)",
            r"\[{level=DEPRECATION WARNING}\]: ",
            r"==> {level=Error|Warning}: ",
        ),
        (b"curl: (6) Could not resolve host: x", ERR, b"curl: (6) Could not resolve host: x"),
        words=WORDS
        | {b"deprecation warning": WARNING}
        | dict.fromkeys((b"curl", b"connect to host", b"could not resolve hostname"), ERR)
        | dict.fromkeys((b"unable to connect", b"cannot connect"), ERR),
        rest=None,
    ),
    LineFormat(
        "yarn",
        "yarn",
        (
            r"{level=error} (?=Command failed with |An unexpected error occurred: |Couldn't )",
            r"{level=warning} (?=package\.json: |[^\s]{1,200}+ > [^\s]{1,200}+@)",
        ),
        (b"error Command failed with exit code 1.", ERR, b"Command failed with exit code 1."),
    ),
    LineFormat(
        "terraform",
        "Terraform, and rich's boxes",
        (r"│ {level=Error|Warning}: ", rf"╭─ {{level=Error|Warning}} {RICH}╮\Z"),
        ("│ Error: no such file".encode(), ERR, "│ Error: no such file".encode()),
        rest=None,
        goes_on="box",
    ),
    LineFormat(
        "rich-traceback",
        "a Python traceback in a box of rich's",
        rf"╭{RICH} {{level=Traceback}} \(most recent call last\) {RICH}╮\Z",
        (
            "╭──── Traceback (most recent call last) ────╮".encode(),
            ERR,
            "╭──── Traceback (most recent call last) ────╮".encode(),
        ),
        words={b"traceback": ERR},
        rest=None,
        goes_on="box",
    ),
    LineFormat(
        "status",
        "systemd's status while it starts, GoogleTest",
        (
            r"\[ {0,2}{level=FAILED} {0,2}\] (?=\S)",
            r"\[ {2,7}{level=OK|PASSED} {1,2}\] (?=\S)",
            r"\[{level=DEPEND}\] (?=Dependency failed )",
            r"\[ {level=TIME} \] (?=Timed out )",
        ),
        (b"[FAILED] Failed to start x.", ERR, b"Failed to start x."),
        words=WORDS
        | dict.fromkeys((b"failed", b"depend", b"time"), ERR)
        | dict.fromkeys((b"ok", b"passed"), INFO),
    ),
    LineFormat(
        "perl",
        "Perl, what it says itself",
        (
            (
                r"{level=Can't|syntax error|Global symbol|Died|BEGIN failed|Undefined subroutine}"
                + PLACE
            ),
            rf"{{level=Use of uninitialized value|Argument \"|Odd number of elements}}{PLACE}",
            r"{level=Execution of} [^\s]++ aborted due to compilation errors\.",
            r"{level=Uncaught exception} from user code:\Z",
        ),
        (b"Died at x.pl line 3.", ERR, b"Died at x.pl line 3."),
        words=dict.fromkeys(
            (
                *(b"can't", b"syntax error", b"global symbol", b"died", b"begin failed"),
                *(b"undefined subroutine", b"execution of", b"uncaught exception"),
            ),
            ERR,
        )
        | dict.fromkeys(
            (b"use of uninitialized value", b'argument "', b"odd number of elements"), WARNING
        ),
        rest=None,
    ),
)
