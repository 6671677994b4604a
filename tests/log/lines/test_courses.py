"""Records of several lines, as programs print them: their levels, their ends, their exceptions."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.log.lines import continuation, levels
from pydaemontools.log.lines.borders import unended
from pydaemontools.log.lines.courses import COURSES, NUMBERS
from pydaemontools.log.lines.exceptions import exception_of, last_exception
from pydaemontools.log.lines.forms import Forms
from pydaemontools.log.lines.records import RecordReader, fold
from pydaemontools.log.lines.severity import SeverityReader
from pydaemontools.log.lines.shown import shown
from tests.log.conftest import patient
from tests.log.lines.test_severity import CAUSE, DURING, TRACE

CRIT, ERR, WARNING, INFO = 2, 3, 4, 6
HEAD = TRACE[:3]
NOTED = [*HEAD, b"ValueError: first", b"second", b"a note"]
GROUP = b"""\
  + Exception Group Traceback (most recent call last):
  |   File "x.py", line 7, in <module>
  |     raise ExceptionGroup("grp", [ValueError("v"), KeyError("k")])
  | ExceptionGroup: grp (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "x.py", line 5, in f
    | ValueError: v
    +---------------- 2 ----------------
    | KeyError: 'k'
    +------------------------------------""".split(b"\n")
COLOURED = b"""\
Traceback (most recent call last):
  File \x1b[35m"x.py"\x1b[0m, line \x1b[35m3\x1b[0m, in \x1b[35m<module>\x1b[0m
    raise \x1b[1;31mValueError\x1b[0m("x")
\x1b[1;35mValueError\x1b[0m: \x1b[35mx\x1b[0m""".split(b"\n")
FAULT = b"""\
Fatal Python error: Aborted

Current thread 0x00007f957d40eb80 (most recent call first):
  File "/srv/x.py", line 17 in <module>

Thread 0x00007f957d40eb81 [worker] (most recent call first):
  <no Python frame>

Extension modules: a.b (total: 1)""".split(b"\n")
JAVA = b"""\
Exception in thread "main" java.lang.RuntimeException: outer
second
\tat X.f(X.java:1)
\tSuppressed: java.lang.Error: supp
\t\t... 2 more
Caused by: java.lang.IllegalStateException: inner
\t... 2 more""".split(b"\n")
JUL = b"""\
Nov 29, 2026 3:56:07 PM org.x.Server run
WARNING: no port
java.lang.IllegalStateException: x
\tat X.main(X.java:1)""".split(b"\n")
NODE = b"""\
/srv/x.js:1
function f(){ const e=new TypeError("bad"); e.code='X'; throw e }
                                                        ^

TypeError: bad
line two
    at f (/srv/x.js:1:23)
    at node:internal/main/run_main_module:28:49 {
  code: 'X'
}

Node.js v20.20.2""".split(b"\n")
PHP = b"""\
PHP Fatal error:  Uncaught Exception: inner in /srv/x.php:1
Stack trace:
#0 /srv/x.php(1): f()
#1 {main}

Next RuntimeException: outer in /srv/x.php:1
Stack trace:
#0 {main}
  thrown in /srv/x.php on line 1""".split(b"\n")
RUBY = b"""\
x.rb:1:in `rescue in f': outer (RuntimeError)
\tfrom x.rb:2:in `<main>'
x.rb:1:in `f': inner (ArgumentError)
\tfrom x.rb:2:in `<main>'""".split(b"\n")
RAILS = b"""\
F, [2026-11-29T13:16:38.123456 #712] FATAL -- : \x20\x20
NoMethodError (undefined method `x' for nil):
 \x20
    1: def x
app/models/x.rb:65:in `x'
actionpack (7.1.0) lib/action_controller/metal.rb:12:in `call'""".split(b"\n")
RAILS_TAGGED = b"""\
F, [2026-11-29T13:16:38.123456 #712] FATAL -- : [0b8c-11] [::1] \x20\x20
[0b8c-11] [::1] ActionController::RoutingError (No route matches [GET] "/x"):
[0b8c-11] [::1] \x20\x20
[0b8c-11] [::1] app/x.rb:28:in `call'""".split(b"\n")
RAILS_LINES = b"""\
F, [2026-11-29T13:16:38.123456 #712] FATAL -- : [0b8c-11] \x20\x20
[0b8c-11] ActiveRecord::StatementInvalid (PG::UndefinedTable: ERROR:  no relation "x"
LINE 1: SELECT "x".* FROM "x"
                          ^
):
[0b8c-11] \x20\x20
[0b8c-11] Causes:
[0b8c-11] PG::UndefinedTable (ERROR:  no relation "x")
[0b8c-11] \x20\x20
[0b8c-11] app/models/x.rb:65:in 'X#x'""".split(b"\n")
RAILS_MORE = [line.decode() for line in RAILS_LINES[2:4]] + [""]
PHP_LINES = b"""\
PHP Fatal error:  Uncaught RuntimeException: inner
second line in /srv/p.php:2
Stack trace:
#0 /srv/p.php(3): f()
#1 {main}
  thrown in /srv/p.php on line 3""".split(b"\n")
JAVA_LINES = b"""\
java.util.concurrent.ExecutionException: java.lang.IllegalStateException: no
\tat J.main(J.java:10)
Caused by: java.lang.IllegalStateException: no
second line
\tat J.f(J.java:4)
\t... 7 more""".split(b"\n")
NODE_MARGIN = b"""\
/srv/x.js:6
throw new MyError("custom");
^

MyError: custom
    at Object.<anonymous> (/srv/x.js:6:7)

Node.js v20.20.2""".split(b"\n")
NODE_REQUIRED = b"""\
Error: Cannot find module 'x'
Require stack:
- /srv/a.js
    at Module._resolveFilename (node:internal/modules/cjs/loader:1207:15) {
  code: 'MODULE_NOT_FOUND'
}""".split(b"\n")
NEVER_RETRIEVED = b"""\
2026-11-30 01:50:29,550 ERROR asyncio Task exception was never retrieved
future: <Task finished name='Task-2' coro=<g() done, defined at x.py:19> exception=OSError()>
Traceback (most recent call last):
  File "x.py", line 19, in g
FileNotFoundError: [Errno 2] no""".split(b"\n")
RACE = b"""\
WARNING: DATA RACE
Write at 0x00c0000b4010 by goroutine 7:
  main.main.func1()

Previous write at 0x00c0000b4010 by main goroutine:
  main.main()

Goroutine 7 (running) created at:
  main.main()
==================""".split(b"\n")
RUSTC = b"""\
error[E0425]: cannot find value `w` in this scope
 --> bad.rs:1:72
  |
1 | fn main(){ println!("{}", w); }
  |                           ^
help: a local variable with a similar name exists
  |
1 - fn main(){ println!("{}", w); }
1 + fn main(){ println!("{}", x); }
  |""".split(b"\n")
RUSTC_WARNING = b"""\
warning: unused variable: `x`
 --> bad.rs:1:17
  |
1 |     let x = 3
  |         ^""".split(b"\n")
GCC = b"""\
warn.c:3:75: error: expected ';' before '}' token
    3 | int main(void){ return f() }
      |                           ^~""".split(b"\n")
CMAKE = b"""\
CMake Error at lib/x.cmake:3 (message):
  no
Call Stack (most recent call first):
  CMakeLists.txt:4 (f)""".split(b"\n")
RICH = """\
╭──────────────── Traceback (most recent call last) ─────────────────╮
│ /srv/x.py:3 in <module>                                            │
│ ❱ 3 f()                                                            │
╰────────────────────────────────────────────────────────────────────╯
ZeroDivisionError: division by zero""".encode().split(b"\n")
RICH_BOX = """\
╭─ Error ────────────────────────────────────────────────────────────╮
│ No such option: --x                                                │
╰────────────────────────────────────────────────────────────────────╯""".encode().split(b"\n")
TERRAFORM = """\
│ Error: Unsupported argument
│  1
│   on main.tf line 3, in resource "x" "y":
╵""".encode().split(b"\n")
DOTNET_PRINTED = b"""\
System.InvalidOperationException: no
 ---> System.ArgumentException: inner
   at A.B()
   --- End of inner exception stack trace ---
   at A.C()""".split(b"\n")
RUST = b"""\
thread 'main' (28025) panicked at src/main.rs:2:5:
index out of bounds: the len is 1 but the index is 5
stack backtrace:
   0: rust_begin_unwind
             at /rustc/5980/library/std/src/panicking.rs:689:5
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.""".split(
    b"\n"
)
GO = b"""\
panic: runtime error: index out of range [5] with length 3 [recovered]
\tpanic: again
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48]

goroutine 1 [running]:
main.(*T).f(0x1, {0xc000, 0x3})
\t/srv/main.go:5 +0x1d
main.main()
\t/srv/main.go:9 +0x1d
created by net/http.(*Server).Serve in goroutine 1
\t/usr/lib/go/src/net/http/server.go:3285 +0x4b4
exit status 2""".split(b"\n")
DOTNET = b"""\
Unhandled exception. System.InvalidOperationException: no
 ---> System.IO.IOException: inner
   --- End of inner exception stack trace ---
   at Program.Main(String[] args) in /srv/Program.cs:line 3""".split(b"\n")
ELIXIR = b"""\
13:16:38.123 [error] GenServer #PID<0.105.0> terminating
** (RuntimeError) boom
    (app 0.1.0) lib/app.ex:7: App.handle_call/3
Last message (from #PID<0.99.0>): :x
State: %{}
Client #PID<0.99.0> is alive
""".split(b"\n")[:-1]
LUA = b"""\
lua: app.lua:3: attempt to index a nil value (global 'y')
stack traceback:
\tapp.lua:3: in main chunk
\t[C]: in ?""".split(b"\n")
HASKELL = b"""\
CallStack (from HasCallStack):
  error, called at libraries/base/GHC/List.hs:1646:3 in base:GHC.List
  errorEmptyList, called at app.hs:3""".split(b"\n")
ERLANG = b"""\
=ERROR REPORT==== 29-Nov-2026::13:16:38.123456 ===
** Generic server app terminating
** Last message in was x
** Reason for termination ==
** {badarith,[{app,f,1,[{file,"app.erl"},{line,7}]}]}""".split(b"\n")
MYSQL = b"""\
2026-11-29T13:16:38.123456Z 0 [ERROR] [MY-012592] [InnoDB] Operating system error number 2.
InnoDB: The error means the system cannot find the path specified.
stack_bottom = 0 thread_stack 0x100000
/usr/sbin/mysqld(my_print_stacktrace+0x41) [0x55d5]""".split(b"\n")
POSTGRES = b"""\
2026-11-29 13:36:40.629 UTC [18363] ERROR:  duplicate key value violates unique constraint "a"
2026-11-29 13:36:40.629 UTC [18363] DETAIL:  Key (i)=(1) already exists.
2026-11-29 13:36:40.629 UTC [18363] STATEMENT:  insert into a
\tvalues(1)""".split(b"\n")
SANITIZER = b"""\
==712==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000011 at pc 0x55
READ of size 1 at 0x602000000011 thread T0
    #0 0x556976ce41d6 in main /srv/san.c:2

0x602000000011 is located 1 bytes inside of 4-byte region [0x602000000010,0x602000000014)
freed by thread T0 here:
    #0 0x7fe61f6b76a8 in __interceptor_free
SUMMARY: AddressSanitizer: heap-use-after-free /srv/san.c:2 in main
Shadow bytes around the buggy address:
=>0x0c047fff8000: fa fa[fd]fa
==712==ABORTING""".split(b"\n")
LOGURU = b"""\
2026-11-29 16:42:39.147 | ERROR    | __main__:<module>:10 - caught
Traceback (most recent call last):

> File "/srv/lg.py", line 9, in <module>
    try: f(1)
         \xe2\x94\x94 <function f at 0x7f8e6dd604a0>

  File "/srv/lg.py", line 4, in f
    def f(a): return a/0

ZeroDivisionError: division by zero""".split(b"\n")
LOGGED = b"2026-11-29 13:16:38,123 - app - ERROR - job failed"
# What is printed, its level, and its exception.
RECORDS = {
    "a traceback": (TRACE, ERR, ("ZeroDivisionError", "division by zero")),
    "a class in small letters": ([*HEAD, b"boom: x"], ERR, ("boom", "x")),
    "a class alone": ([*HEAD, b"boom"], ERR, ("boom", "")),
    "a class in other letters": (
        [*HEAD, "böse.Übel: x".encode()],
        ERR,
        ("böse.Übel", "x"),
    ),
    "notes, and several lines": (NOTED, ERR, ("ValueError", "first\nsecond\na note")),
    "a chain": (
        [*NOTED, b"", DURING, b"", *TRACE, b"", CAUSE, b"", *HEAD, b"KeyError: 'k'"],
        ERR,
        ("KeyError", "'k'"),
    ),
    "a cause without a traceback": (
        [b"ERROR:root:x", *TRACE, CAUSE, b"KeyError: 'k'"],
        ERR,
        ("KeyError", "'k'"),
    ),
    "a group": (GROUP, ERR, ("ExceptionGroup", "grp (2 sub-exceptions)")),
    "a group that has a cause": (
        [*NOTED, b"", CAUSE, b"", *GROUP],
        ERR,
        ("ExceptionGroup", "grp (2 sub-exceptions)"),
    ),
    "a group behind a head": (
        [b"crit: x", *GROUP],
        CRIT,
        ("ExceptionGroup", "grp (2 sub-exceptions)"),
    ),
    "colours": (COLOURED, ERR, ("ValueError", "x")),
    "logging": ([LOGGED, *NOTED], ERR, ("ValueError", "first\nsecond\na note")),
    "logging's default": (
        [b"WARNING:root:x", *NOTED],
        WARNING,
        ("ValueError", "first\nsecond\na note"),
    ),
    "multiprocessing": (
        [b"Process ForkProcess-1:", *TRACE],
        CRIT,
        ("ZeroDivisionError", "division by zero"),
    ),
    "a process of a process": ([b"Process Process-1:2:", *TRACE], CRIT, None),
    "a thread": ([b"Exception in thread Thread-1 (f):", *TRACE], ERR, None),
    "what nobody raised": ([b"Exception ignored in: <function f>", *TRACE], ERR, None),
    "a task": ([b"Task exception was never retrieved", b"future: <Task x>", *TRACE], ERR, None),
    "logging's own": (
        [
            b"--- Logging error ---",
            *TRACE,
            b"Call stack:",
            b"  File",
            b"Message: x",
            b"Arguments: ()",
        ],
        ERR,
        ("ZeroDivisionError", "division by zero"),
    ),
    "loguru": (LOGURU, ERR, ("ZeroDivisionError", "division by zero")),
    "loguru's own": (
        [
            *(b"--- Logging error in Loguru Handler #2 ---", b"Record was: {'elapsed': 1}"),
            *(*TRACE, b"--- End of logging error ---"),
        ],
        ERR,
        ("ZeroDivisionError", "division by zero"),
    ),
    "old Elasticsearch": (
        [
            b"[2016-05-25 12:39:04,744][WARN ][action.bulk              ] [Set] failed",
            b"MapperParsingException[Field name [events.created] cannot contain '.']",
            b"    at org.elasticsearch.index.mapper.object.parse(ObjectMapper.java:273)",
        ],
        WARNING,
        None,
    ),
    "Go's server": (
        [
            b"2019/01/15 07:48:05 http: panic serving [::1]:54143: test panic",
            *(b"goroutine 24 [running]:", b"net/http.(*conn).serve.func1(0xc00007eaa0)"),
            *(b"\t/usr/lib/go/src/net/http/server.go:1746 +0xd0", b"panic(0x12459c0, 0x12e8600)"),
            b"\t/usr/lib/go/src/runtime/panic.go:513 +0x1b9",
        ],
        ERR,
        None,
    ),
    "Lua": (LUA, CRIT, None),
    "Haskell": (HASKELL, CRIT, None),
    "faulthandler": (FAULT, CRIT, ("Fatal Python error", "Aborted")),
    "Java": (JAVA, ERR, ("java.lang.RuntimeException", "outer")),
    "java.util.logging": (JUL, WARNING, ("java.lang.IllegalStateException", "x")),
    "Java behind a head": (
        [b"13:16:38.123 [main] WARN  c.App - low", *JUL[2:], *JAVA[5:]],
        WARNING,
        ("java.lang.IllegalStateException", "x"),
    ),
    "Node": (NODE, CRIT, ("TypeError", "bad")),
    "PHP": (PHP, CRIT, ("RuntimeException", "outer")),
    "Ruby": (RUBY, CRIT, ("RuntimeError", "outer")),
    "Rails": (RAILS, CRIT, ("NoMethodError", "undefined method `x' for nil")),
    "Rails with tags": (
        RAILS_TAGGED,
        CRIT,
        ("ActionController::RoutingError", 'No route matches [GET] "/x"'),
    ),
    "Rails, a message of several lines": (
        RAILS_LINES,
        CRIT,
        (
            "ActiveRecord::StatementInvalid",
            'PG::UndefinedTable: ERROR:  no relation "x"\n' + "\n".join(RAILS_MORE),
        ),
    ),
    "Ruby's Logger": (
        [b"E, [2026-11-29T13:16:38.1 #7] ERROR -- : no (RuntimeError)", b"x.rb:1:in `f'"],
        ERR,
        None,
    ),
    "Rust": (RUST, CRIT, ("panic", "index out of bounds: the len is 1 but the index is 5")),
    "Go": (GO, CRIT, ("panic", "runtime error: index out of range [5] with length 3")),
    ".NET": (DOTNET, CRIT, ("System.InvalidOperationException", "no")),
    "PHP, a message of several lines": (PHP_LINES, CRIT, None),
    "Java, a cause of several lines": (
        JAVA_LINES,
        ERR,
        (
            "java.util.concurrent.ExecutionException",
            "java.lang.IllegalStateException: no",
        ),
    ),
    "Node, thrown at the margin": (NODE_MARGIN, CRIT, ("MyError", "custom")),
    "Node, what required it": (NODE_REQUIRED, ERR, None),
    "asyncio": (NEVER_RETRIEVED, ERR, ("FileNotFoundError", "[Errno 2] no")),
    "Go's race detector": (RACE, WARNING, None),
    "rustc": (RUSTC, ERR, None),
    "rustc's warning": (RUSTC_WARNING, WARNING, None),
    "gcc": (GCC, ERR, None),
    "CMake": (CMAKE, ERR, None),
    "rich": (RICH, ERR, ("ZeroDivisionError", "division by zero")),
    "structlog with rich": (
        [b"2026-11-30 02:08:28 [error    ] oh    b=2", *RICH],
        ERR,
        ("ZeroDivisionError", "division by zero"),
    ),
    "a box of rich's": (RICH_BOX, ERR, None),
    "Terraform": (TERRAFORM, ERR, None),
    ".NET, printed": (
        DOTNET_PRINTED,
        ERR,
        ("System.InvalidOperationException", "no"),
    ),
    ".NET's console": ([b"fail: App[0]", b"      no port"], ERR, None),
    "C++": (
        [b"terminate called after throwing an instance of 'std::e'", b"  what():  boom"],
        CRIT,
        ("std::e", "boom"),
    ),
    "a sanitizer": (SANITIZER, CRIT, None),
    "Elixir": (ELIXIR, ERR, ("RuntimeError", "boom")),
    "Erlang": (ERLANG, ERR, None),
    "MySQL": (MYSQL, ERR, None),
    "PostgreSQL": (POSTGRES, ERR, None),
    "Tomcat": (
        [b"29-Nov-2026 13:16:38.223 SEVERE [main] org.apache.C.x failed", b"\tjava.lang.E: x"],
        ERR,
        None,
    ),
}
NEXT = [
    b"<6>next",
    b"[info] next",
    b"info: next",
    b"2026-11-29 13:16:38,123 - app - INFO - next",
    b'{"level":"info","msg":"next"}',
]


def read(lines):
    """The levels of LINES that are not empty, and their records."""
    text = shown(b"\n".join(line for line in lines if line))
    found = text.split(b"\n")
    levels, records = RecordReader(SeverityReader(forms=Forms())).route(text, found)
    return levels, fold(found, levels, records)


@pytest.mark.parametrize("before", [[], [b"info: before"], [b'{"level":"debug"}'], [b"<3>before"]])
@pytest.mark.parametrize("after", NEXT)
@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_records(record, before, after):
    """A record is one, has its own level and no one else's, and ends where another begins."""
    lines, level, exception = record
    if before == [b"<3>before"]:
        if continuation.joined(lines[0]):
            pytest.skip("it would go on with that")
        before = [b"<3>before", b"<5>x"]
    levels, found = read([*before, *lines, after])
    full = [line for line in lines if line]
    assert levels[len(before) : -1] == [level] * len(full)
    assert [shown(one.line) for one in found[len(before) : -1]] == [shown(b"\n".join(full))]
    if exception:
        names = "exception.type", "exception.message"
        assert found[-2].fields == dict(zip(names, exception, strict=True))
    assert (found[-1].level, found[-1].line) == (INFO, after)


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
@pytest.mark.parametrize("after", NEXT)
def test_a_record_that_was_cut_off(record, after):
    """Wherever it was cut, it ends where a line begins that has a head of its own."""
    lines = [line for line in record[0] if line]
    for end in range(1, len(lines)):
        levels, found = read([*lines[:end], after])
        assert (levels[-1], found[-1].line) == (INFO, after), lines[:end]


@pytest.mark.parametrize(
    "before",
    [b"hello", b"info: x", b"debug: x", b"notice: x", b'{"level":"crit"}', b"level=crit msg=x"],
)
@pytest.mark.parametrize("lines", [TRACE, GROUP], ids=["a traceback", "a group"])
def test_a_traceback_alone_has_its_own_level(lines, before):
    """Not that of a line that is whole, and less important, or a record of its own."""
    levels, found = read([before, *lines])
    assert levels[1:] == [ERR] * len(lines)
    assert len(found) == 2


ALONE = {
    b"Segmentation fault (core dumped)": CRIT,
    b"./run.sh: line 3:   712 Killed                  ./x": CRIT,
    b"Bus error": CRIT,
    b"free(): invalid pointer": CRIT,
    b"double free or corruption (fasttop)": CRIT,
    b"*** stack smashing detected ***: terminated": CRIT,
    b"fatal runtime error: stack overflow": CRIT,
    b"thread 'main' panicked at 'no', src/main.rs:2:5": CRIT,
    b"x: x.c:4: main: Assertion `c>5' failed.": CRIT,
    b"x: x.cc:4: void N::f(int): Assertion `c>5' failed.": CRIT,
    b"TypeError: x is not a function": ERR,
    b"java.io.IOException: no": ERR,
    b"** (RuntimeError) no": ERR,
    b"2026/11/29 13:16:38 http: panic serving 127.0.0.1:5: boom": ERR,
    b"x.c:3:5: runtime error: signed integer overflow: 2147483647 + 1": ERR,
    b"# A fatal error has been detected by the Java Runtime Environment:": CRIT,
    b"Fatal error: Uncaught Exception: x in /a.php:3": CRIT,
    b"goroutine 7 [running]:": CRIT,
    b"libc++abi: terminating due to uncaught exception of type int": CRIT,
}


@pytest.mark.parametrize(("line", "level"), ALONE.items(), ids=ALONE)
def test_crashes_in_a_line(line, level):
    """What is said of a crash has its level, again too, and the next line has not."""
    assert read([b"x", line, b"plain text", line, b"info: x"])[0] == [6, level, 6, level, 6]


NOTHING = [
    b"Process started:",
    b"Process 5 files:",
    b"Traceback of the parcel",
    b"Exception to the rule: none",
    b"Task 7 was done",
    b"goroutine pools are nice",
    b"/srv/x.js is loaded",
    b"/srv/x.rb:33 is here",
    b"# A comment",
    b"** bold **",
    b"Caused by: a storm",
    b"at night",
    b"org.example.App: started",
    b"thread 'main' is up",
    b"free as a bird",
    b"} else {",
    b"Stack of papers",
    b"}",
]


@pytest.mark.parametrize("line", NOTHING)
def test_no_crash(line):
    """What only begins like one has no level, alone and behind others like it."""
    assert read([b"x", line, line, b"y"])[0] == [6, 6, 6, 6]


@pytest.mark.parametrize(
    ("before", "belongs"),
    [
        ([LOGGED], True),
        ([b"ERROR:root:x"], True),
        ([b"error: x"], False),
        ([b"hello"], False),
        ([b"info: x"], True),
        ([], True),
    ],
)
def test_text_behind_an_exception(before, belongs):
    """It belongs to it where other lines would have a head, as far as that is known."""
    levels, found = read([*before, *TRACE, b"a note", b"  more"])
    assert levels[-2:] == ([ERR, ERR] if belongs else [INFO, INFO])
    assert found[-1].line.endswith(TRACE[-1] + b"\na note\n  more") == belongs


def test_text_of_rails():
    """A message has more lines where a logger gives each record a head, up to its end."""
    for first, belongs in ((RAILS_LINES[0], True), (b"error: x", False)):
        levels, _ = read([first, *RAILS_LINES[1:3], b"plain"])
        assert levels[1] == levels[0]
        assert (levels[2] == levels[0]) == belongs
    assert read([*RAILS, b"plain"])[0][-1] == INFO
    assert read([*RAILS[:2], b"plain"])[0][-1] == INFO


def test_text_without_end():
    """So many lines are no note: a program prints lines without a head."""
    levels, _ = read([*TRACE, *[b"line %d" % at for at in range(100)]])
    assert levels[len(TRACE) :].index(INFO) == continuation.TEXTS


def test_details_of_another_process():
    """PostgreSQL's line of one process tells more of the last one of that, not of any."""
    other = b"2026-11-29 13:36:40.629 UTC [99] LOG:  ready"
    levels, _ = read([POSTGRES[0], other, *POSTGRES[1:]])
    assert levels == [ERR, INFO, ERR, ERR, ERR]


def test_state_is_a_successors():
    """Wherever a reader ends, another one with its state goes on as it would have."""
    lines = [line for record, _, _ in RECORDS.values() for line in record if line]
    lines = shown(b"\n".join(lines)).split(b"\n")
    for end, line in enumerate(lines):
        if line.startswith((b"WARNING: no port", b"Traceback")) or b"DETAIL" in line:
            # These look back at lines.
            continue
        first, second = SeverityReader(forms=Forms()), SeverityReader(forms=Forms())
        first.route(lines[max(0, end - 20) : end])
        assert first.state < 1 << levels.BITS
        second.state = first.state
        if end < len(lines) and not any(b"STATEMENT" in one for one in lines[end : end + 1]):
            assert second.route([line]) == first.route([line]), line


def test_numbers():
    """What severity.py knows of courses is so."""
    assert NUMBERS["ended"] == levels.ENDED
    assert NUMBERS["text"] == levels.FRAMES
    assert len(COURSES) <= continuation.KINDS
    framed = {name for name, course in COURSES.items() if course.frames or name == "headline"}
    assert all((NUMBERS[name] > levels.FRAMES) == (name in framed) for name in COURSES)
    for course in COURSES.values():
        for where, to in course.steps:
            assert to in NUMBERS
            assert re.compile(where).groups == 0


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_record_is_waited_for(record):
    """Whoever prints it line by line has it in one block: no beginning goes without the rest."""
    lines = record[0]
    if record[1] in {ERR, CRIT} and any(one.startswith(b"Traceback") for one in lines):
        block = b"info: x\n"
        begin = len(block)
        started = False
        for line in lines[:-1]:
            block += line + b"\n"
            started = started or line.startswith((b"Traceback", b"Process", b"Exception in"))
            if started:
                assert unended(block) == begin, line
        assert unended(block + lines[-1] + b"\ninfo: y\n") == len(block + lines[-1]) + 9


def test_what_is_not_waited_for():
    """Lines that need no others are passed on at once."""
    for line in (b"error: x", b"plain", *NEXT, POSTGRES[0], MYSQL[0], b"Killed", b" more"):
        block = b"info: x\n" + line + b"\n"
        assert unended(block) == len(block)


@pytest.mark.parametrize(
    ("text", "expected"),
    {
        "KeyError: 'x'": ("KeyError", "'x'"),
        "\n  File\n    code\nerror": ("error", ""),
        "no exception at all": None,
        "": None,
        "ValueError:no": None,
        "ValueError: \nsecond": ("ValueError", "\nsecond"),
    }.items(),
)
def test_last_exception(text, expected):
    """It is the first line at the margin that is one, and its text may have more lines."""
    assert last_exception(text) == expected


@pytest.mark.parametrize(
    "piece", [b"x", b": ", b"a.b.", b"Error", b"(", b" (A", b"\n", b"':1:in `", b"\nA::B ("]
)
@pytest.mark.parametrize(
    "head",
    [
        b"x.rb:1:in `a': ",
        b"panic: ",
        b"Next A: ",
        b"thread 'a",
        b"a.b.C",
        b"Caused by: ",
        b"[a] A::B (",
    ],
)
def test_no_record_takes_long(head, piece):
    """One of a megabyte is looked at in a moment: what is not linear would never end."""
    text = head + piece * (1_000_000 // len(piece))
    exception_of(text.decode())
    for line in (text.split(b"\n")[0], text.replace(b"\n", b" ")):
        continuation.joined(line)
        continuation.of_course(line)
        for number in range(1, len(COURSES)):
            continuation.after(number, line)


LINE = st.sampled_from(
    [line for record, _, _ in RECORDS.values() for line in record if line] + NEXT + [b"x", b" y"]
)


@patient
@given(lines=st.lists(LINE, max_size=30), cut=st.integers(0, 30))
def test_batches_do_not_matter(lines, cut):
    """The levels are the same however lines are batched, but for a headline that stands alone."""
    lines = shown(b"\n".join(lines)).split(b"\n") if lines else []
    if any(continuation.headline(line) for line in lines):
        return
    whole, parts = SeverityReader(forms=Forms()), SeverityReader(forms=Forms())
    assert parts.route(lines[:cut]) + parts.route(lines[cut:]) == whole.route(lines)


@patient
@given(lines=st.lists(LINE, max_size=30))
def test_no_line_is_lost(lines):
    """The records have all of them, and each line of a record has its level."""
    lines = shown(b"\n".join(lines)).split(b"\n") if lines else []
    levels, records = RecordReader(SeverityReader(forms=Forms())).route(b"\n".join(lines), lines)
    found = fold(lines, levels, records)
    assert b"\n".join(record.line for record in found) == b"\n".join(lines)
    spread = [one.level for one in found for _ in one.line.split(b"\n")]
    assert spread == levels
