"""What programs print when they crash, or fail with nobody to log it: rows as in line_formats.py.

All of it is the message, so none has a rest.
"""

from .level_words import PHP
from .levels import CRIT, ERR
from .line_format import LineFormat

SCRIPT_FILE = r"(?:(?<=\.js)|(?<=\.ts)|(?<=\.mjs)|(?<=\.cjs)|(?<=\.jsx)|(?<=\.tsx))"
SIGNALLED = (
    "Segmentation fault|Aborted|Killed|Bus error|Illegal instruction|Floating point exception|"
    "Trace/breakpoint trap|Stack overflow"
)
HEAP = (
    r"free\(\)|malloc\(\)|realloc\(\)|munmap_chunk\(\)|malloc_consolidate\(\)|"
    r"double free or corruption|corrupted size vs\. prev_size|corrupted double-linked list"
)


def _words(level: int, *words: str) -> dict[bytes, int]:
    return {word.replace("\\", "").lower().encode(): level for word in words}


def _row(  # noqa: PLR0917 - in the order of a row
    name: str,
    title: str,
    where: tuple[str, ...],
    sample: bytes,
    words: dict[bytes, int],
    goes_on: str,
    level: int = CRIT,
) -> LineFormat:
    """Return the format NAME, whose SAMPLE has LEVEL and is all message."""
    whole = sample, level, sample
    return LineFormat(name, title, where, whole, words=words, rest=None, goes_on=goes_on)


CRASHES = (
    _row(
        "traceback",
        "a Python traceback that nobody logged",
        (r"{level=Traceback} \(most recent call last\):",),
        b"Traceback (most recent call last):",
        _words(ERR, "Traceback"),
        "python",
        ERR,
    ),
    _row(
        "python-fatal",
        "Python, faulthandler",
        (r"{level=Fatal Python error}: ",),
        b"Fatal Python error: Aborted",
        _words(CRIT, "Fatal Python error"),
        "fault",
    ),
    _row(
        "python-process",
        "a process, a thread or a task of Python's that failed",
        (
            r"{level=Process} [^\s]*?[A-Za-z_]-[0-9]++(?>(?::[0-9]++)*):\Z",
            r"{level=Exception in thread} (?=[^\"\n]*+(?<=:)\Z)",
            r"{level=Exception ignored} (?=in|on|while)",
            r"{level=Exception in callback|Exception in ASGI application}",
            r"{level=Task exception|Future exception} was never retrieved\Z",
            r"--- {level=Logging error} (?:in Loguru Handler #[0-9]++ )?---\Z",
        ),
        b"Process ForkProcess-1:",
        _words(CRIT, "Process")
        | _words(ERR, "Exception in thread", "Exception ignored", "Exception in callback")
        | _words(ERR, "Exception in ASGI application", "Task exception", "Future exception")
        | _words(ERR, "Logging error"),
        "process",
    ),
    _row(
        "java-thread",
        "Java, an exception that ended a thread",
        (r"{level=Exception in thread} (?=\")",),
        b'Exception in thread "main" java.lang.IllegalStateException: no',
        _words(ERR, "Exception in thread"),
        "java+",
        ERR,
    ),
    _row(
        "java",
        "Java, an exception that was printed",
        (
            (
                r"[a-z_][a-z0-9_]*+\.(?>(?:[a-z_][a-z0-9_]*+\.){1,9})"
                r"[A-Z][A-Za-z0-9_$]*?{level=Exception|Error|Throwable}(?=:[ \t]|\Z)"
            ),
        ),
        b"java.lang.IllegalStateException: no",
        _words(ERR, "Exception", "Error", "Throwable"),
        "java",
        ERR,
    ),
    _row(
        "jvm",
        "Java, the machine itself",
        (r"# {level=A fatal error has been detected|There is insufficient memory} (?=by|for)",),
        b"# A fatal error has been detected by the Java Runtime Environment:",
        _words(CRIT, "A fatal error has been detected", "There is insufficient memory"),
        "jvm",
    ),
    _row(
        "go",
        "Go, a panic",
        (
            r"{level=panic|fatal error}: ",
            r"{level=SIGQUIT|SIGSEGV|SIGABRT|SIGBUS}: (?=[a-z])",
            r"{level=goroutine} [0-9]++ (?:[^\[\n]{0,60}+)\[[^\]\n]*+\]:\Z",
        ),
        b"panic: runtime error: index out of range [5] with length 3",
        _words(CRIT, "panic", "fatal error", "SIGQUIT", "SIGSEGV", "SIGABRT", "SIGBUS")
        | _words(CRIT, "goroutine"),
        "go",
    ),
    _row(
        "go-http",
        "Go, a panic that net/http recovered from",
        (r"{when} http: {level=panic} serving ",),
        b"2026/11/29 13:16:38 http: panic serving 127.0.0.1:5: boom",
        _words(ERR, "panic"),
        "go",
        ERR,
    ),
    _row(
        "rust-panic",
        "Rust, a panic",
        (r"thread '[^']*+' (?:\([0-9]++\) )?{level=panicked} at (?=[^\n]*+(?<=:)\Z)",),
        b"thread 'main' panicked at src/main.rs:2:5:",
        _words(CRIT, "panicked"),
        "panicked",
    ),
    _row(
        "rust-abort",
        "Rust, an end without a place, or in one line",
        (
            r"thread '[^']*+' (?:\([0-9]++\) )?{level=panicked at|has overflowed its stack}",
            r"{level=fatal runtime error}: ",
            r"{level=thread caused non-unwinding panic}",
            r"{level=memory allocation} of [0-9]++ bytes failed",
        ),
        b"fatal runtime error: stack overflow",
        _words(CRIT, "panicked at", "has overflowed its stack", "fatal runtime error")
        | _words(CRIT, "thread caused non-unwinding panic", "memory allocation"),
        "rust",
    ),
    _row(
        "node",
        "Node, an exception that nobody caught",
        (
            rf"file://[A-Za-z0-9_./+-]++{SCRIPT_FILE}{{level=:}}[0-9]++\Z",
            rf"[A-Za-z0-9_./+-]++{SCRIPT_FILE}{{level=:}}[0-9]++\Z",
            r"node{level=:}[a-z_0-9/]++:[0-9]++\Z",
        ),
        b"/srv/app/index.js:3",
        {b":": CRIT},
        "thrown",
    ),
    _row(
        "javascript",
        "an error of JavaScript's, or another without a module",
        (
            r"{level=Uncaught} [A-Za-z]*(?=:)",
            (
                r"\(node:[0-9]++\) {level=UnhandledPromiseRejectionWarning|"
                r"Error|PromiseRejectionHandledWarning}: "
            ),
            r"[A-Z][A-Za-z0-9_]*?{level=Error|Exception}(?: \[[A-Z0-9_]++\])?: (?=\S)",
            r"[A-Z][A-Za-z0-9_]*?{level=Exception}\[(?=[A-Za-z])",
            r"\[[A-Za-z0-9_]*?{level=Error}: (?=\S)",
        ),
        b"TypeError: x is not a function",
        _words(CRIT, "Uncaught")
        | _words(ERR, "Error", "Exception", "UnhandledPromiseRejectionWarning")
        | _words(ERR, "PromiseRejectionHandledWarning"),
        "node",
        ERR,
    ),
    _row(
        "php-display",
        "PHP, as it is displayed",
        (
            r"{level=Fatal error|Parse error}: ",
            (
                r"{level=Deprecated|Strict Standards|Recoverable fatal error}: "
                r"(?=[^\n]* on line [0-9]++\Z)"
            ),
        ),
        b"Fatal error: Uncaught Exception: x in /a.php:3",
        PHP,
        "php",
    ),
    _row(
        "ruby-exception",
        "Ruby, an exception that nobody caught",
        (
            (
                r"[A-Za-z0-9_./+-]++:[0-9]++{level=:in} [`'][^'\n]*+': "
                r"(?=[^\n]*\([A-Z][A-Za-z0-9_:]*+\)\Z|unhandled exception)"
            ),
            r"#<Thread:0x[^>\n]++> {level=terminated with exception}",
            r"[A-Za-z0-9_./+-]++:[0-9]++: \[{level=BUG}\] ",
        ),
        b"app.rb:1:in `f': no (RuntimeError)",
        _words(CRIT, ":in", "BUG") | _words(ERR, "terminated with exception"),
        "ruby",
    ),
    _row(
        "dotnet-exception",
        ".NET, an exception that nobody caught",
        (r"{level=Unhandled exception|Unhandled Exception}[:.] ",),
        b"Unhandled exception. System.InvalidOperationException: no",
        _words(CRIT, "Unhandled exception"),
        "dotnet",
    ),
    _row(
        "dotnet-printed",
        ".NET, an exception that was printed",
        (
            (
                r"[A-Z][A-Za-z0-9_]*+\.(?>(?:[A-Z][A-Za-z0-9_]*+\.){0,9})"
                r"[A-Za-z0-9_`]*?{level=Exception}(?=: )"
            ),
        ),
        b"System.InvalidOperationException: no",
        _words(ERR, "Exception"),
        "dotnet",
        ERR,
    ),
    _row(
        "lua",
        "Lua, an error that nobody caught",
        (r"{level=luajit|lua}[0-9.]{0,5}: [^\s:]{1,200}+:[0-9]++: (?=\S)",),
        b"lua: x.lua:3: attempt to call a nil value",
        _words(CRIT, "luajit", "lua"),
        "calls",
    ),
    _row(
        "haskell",
        "Haskell, an error that nobody caught",
        (
            r"{level=CallStack} \(from HasCallStack\):\Z",
            r"{level=HasCallStack backtrace}:\Z",
            r"[A-Za-z0-9_./+-]++: {level=Uncaught exception} (?=[A-Za-z])",
        ),
        b"app: Uncaught exception ghc-internal:GHC.Internal.Exception.ErrorCall:",
        _words(CRIT, "CallStack", "HasCallStack backtrace", "Uncaught exception"),
        "calls",
    ),
    _row(
        "elixir",
        "Elixir, Erlang, an exit",
        (r"{level=\*\*} \((?=[A-Za-z][A-Za-z0-9_. #<>]*+\) )",),
        b"** (RuntimeError) no route",
        {b"**": ERR},
        "elixir",
        ERR,
    ),
    _row(
        "sanitizer",
        "sanitizers, of C and others",
        (
            r"==[0-9]++=={level=ERROR|WARNING}: (?=[A-Z])",
            r"[A-Za-z0-9_./+-]++:[0-9]++:[0-9]++: {level=runtime error}: ",
        ),
        b"==712==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010",
        _words(CRIT, "ERROR", "WARNING") | _words(ERR, "runtime error"),
        "sanitizer",
    ),
    _row(
        "heap",
        "the C library, memory that was spoiled",
        (
            r"\*\*\* {level=stack smashing detected|buffer overflow detected} \*\*\*",
            rf"{{level={HEAP}}}(?=: [a-z]| \([a-z!]| while |\Z)",
            r"\*\*\* {level=SIGSEGV|SIGABRT|SIGBUS|SIGFPE|SIGILL|Aborted at} (?=[\(@0-9])",
        ),
        b"free(): invalid pointer",
        _words(CRIT, *HEAP.split("|"), "stack smashing detected", "buffer overflow detected")
        | _words(CRIT, "SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "Aborted at"),
        "allocator",
    ),
    _row(
        "crash",
        "what a shell, C and C++ say of a program that crashed",
        (
            rf"{{level={SIGNALLED}}}(?: \(core dumped\))?\Z",
            rf"[A-Za-z0-9_./+-]++: line [0-9]++: ++[0-9]++ {{level={SIGNALLED}}} ",
            r"{level=Out of memory}: Killed process ",
            r"{level=terminate called} (?=after|without|recursively)",
            r"{level=libc\+\+abi}: ",
            r"{level=pure virtual method called}\Z",
            r"{level=Assertion failed}: ",
            (
                r"[A-Za-z0-9_./+-]++: [A-Za-z0-9_./+-]++:[0-9]++: [^\n:]{1,200}+"
                r"(?>(?:::[^\n:]{1,200}+){0,9}): {level=Assertion} [`'\(]"
            ),
            r"[A-Za-z0-9_./+-]++: [A-Za-z0-9_./+-]++:[0-9]++: {level=Assertion} [`'\(]",
        ),
        b"Segmentation fault (core dumped)",
        _words(CRIT, *SIGNALLED.split("|"), "Out of memory", "terminate called", r"libc\+\+abi")
        | _words(CRIT, "pure virtual method called", "Assertion failed", "Assertion"),
        "ended",
    ),
)
