r"""How records of several lines go on: what a line at the margin may be in each of them.

A record is on a course. A line that begins with a blank goes on with any record; of those at the
margin, each step says what one may be, as a regular expression, and what course the record is on
then. `text` is the course behind a line that is nothing of these and has no head of its own;
without it such a line begins another record. `frames` is the course behind a line that begins with
a blank, if that is another. `classes` says that the name of a class is to come, which may look
like a head (`Error: x`).

Nothing that repeats may be repeated here either: no line may take long.
"""

# The name of a class with its modules, as Python and others write it, also in other letters.
NAME = r"[A-Za-z_$\x80-\xff][A-Za-z0-9_$\x80-\xff]*+"
CLASS = rf"(?>(?:{NAME}\.|<locals>\.)*){NAME}"
# What a program says of itself before a level is no class.
RAISED = rf"(?![a-z][a-z0-9_-]*+: (?:fatal|critical|error|warning|notice): ){CLASS}(?::[ \t]|:?\Z)"
FAILURE = r"[A-Za-z0-9_]*(?:Exception|Error|Throwable|Failure|Fault)(?:\$[A-Za-z0-9_$]++)?"
JAVA = rf"(?>(?:[a-z_][a-z0-9_]*+\.)+)[A-Z]{FAILURE}(?::[ \t]|:?\Z)"
SCRIPT = (
    rf"[A-Z]{FAILURE}(?:(?: \[[A-Z0-9_]++\])?: |\[)"  # JavaScript's, and others without modules
)
BETWEEN = (
    r"(?:During handling of the above exception, another exception occurred:"
    r"|The above exception was the direct cause of the following exception:)\Z"
)
TRACEBACK = r"Traceback \(most recent call last\):"
GROUP = b"+ Exception Group Traceback (most recent call last):"  # behind blanks
# main.(*T).f(0x1, {...})
GO_CALL = (
    r"[A-Za-z_][A-Za-z0-9_./%~\x80-\xff-]*+"
    r"(?>(?:\(\*[A-Za-z0-9_\[\].]++\)[A-Za-z0-9_.]*+|\[\.\.\.\][A-Za-z0-9_.]*+)*)"
    r"\([^\n]*+(?<=\))\Z"
)
PATH = r"[A-Za-z0-9_./+-]++"  # of a file, or a program's name
# What asyncio, and aiohttp, tell of below a message.
ABOUT = (
    r"(?:future|task|handle|protocol|transport|socket|server_socket|asyncgen|executor|"
    r"client_session|connector|connections|source_traceback): (?=[<\[(]|Object created at )"
)
TAGS = r"(?>(?:\[[^\[\]\n]{1,128}+\] ){0,8})"  # that Rails has on each line
GEM = r"[a-z][A-Za-z0-9_-]*+ \([0-9][^()\s]*+\) "  # before a file of it
RUBY = rf"(?:{TAGS}(?:{GEM})?{PATH}:[0-9]++:in [`']|<internal:)"
# As Rails logs what was raised: the class, then the message, maybe of several lines.
RAILS = (
    rf"{TAGS}(?:(?>(?:[A-Z][A-Za-z0-9_]*+::)+)[A-Z][A-Za-z0-9_]*+"
    r"|[A-Z][A-Za-z0-9_]*+(?<=Error)|[A-Z][A-Za-z0-9_]*+(?<=Exception)) \("
)

CAUSES = rf"(?:Caused by|Suppressed|Wrapped by): |\.\.\. [0-9]|Caused by:\Z|{JAVA}"
THROWN = rf"{SCRIPT}|\[?{CLASS}(?: \[[A-Z0-9_]++\])?[:\]]|Uncaught|\(Use `node|Thrown at:"
NODE = r"[\]})]++,?\Z|[\]}] |Node\.js v|\(Use `node|Thrown at:|Caused by"

Steps = tuple[tuple[str, str], ...]


class Course:
    """What STEPS a record may take, and whether TEXT, FRAMES or CLASSES may come."""

    __slots__ = ("classes", "frames", "steps", "text")

    def __init__(
        self, *steps: tuple[str, str], text: str = "", frames: str = "", classes: bool = False
    ) -> None:
        self.steps: Steps = steps
        self.text = text
        self.frames = frames
        self.classes = classes


def _python(text: str) -> dict[str, Course]:
    """The courses of a traceback; their names end with TEXT if text may follow the exception."""
    return {
        # What is no exception may still be what stands in its place.
        "python" + text: Course(
            (BETWEEN, "between" + text),
            (RAISED, "raised" + text),
            (r"> File ", "python" + text),  # loguru marks a frame
            text="ended",
            classes=True,
        ),
        "raised" + text: Course(
            (BETWEEN, "between" + text),
            (r"Call stack:\Z", "call stack"),
            (r"--- End of logging error", "ended"),
            text="raised+" if text else "",
        ),
        # The one before had no traceback if the exception follows at once.
        "between" + text: Course(
            (BETWEEN, "between" + text),
            (TRACEBACK, "python" + text),
            (RAISED, "raised" + text),
            classes=True,
        ),
    }


COURSES = {
    "": Course(),
    # What has ended: only lines that begin with a blank go on.
    "ended": Course(),
    **_python(""),
    **_python("+"),
    "group": Course((BETWEEN, "between")),
    # logging's own trouble, behind a traceback.
    "call stack": Course((r"(?:Message|Arguments): ", "call stack")),
    # What Python says before a traceback: of a process, a thread, a task, or logging.
    "process": Course(
        (TRACEBACK, "python"),
        (rf"{ABOUT}|future: |handle: |protocol: |transport: |object |Record was: ", "process"),
    ),
    "fault": Course(
        (
            (
                r"(?:Current thread|Thread) 0x|Current thread's C stack|Stack \(most recent|"
                r"Extension modules: |Python runtime state: |Python path configuration:|"
                r"Enable tracemalloc|Debug memory|Timeout \(|<|[A-Za-z_]++Error: "
            ),
            "fault",
        )
    ),
    "go": Course(
        (
            r"goroutine |\[signal |\[recovered|created by |exit status |panic: |fatal error: |"
            r"runtime|\.\.\.|r[a-z0-9]{1,5} ++0x|[cefgs]s ++0x|PC=|sigcode=|SIG[A-Z]{2,8}+: |"
            + GO_CALL,
            "go",
        )
    ),
    # The message stands below the place, in a line or more.
    "panicked": Course(text="rust"),
    # Also of a compiler: the source that it shows, each with the number of its line; CMake's calls.
    "rust": Course(
        (
            (
                r"stack backtrace:|note: |Caused by:|Stack backtrace:|Location:|"
                r"[0-9]{1,6} +[|+~-](?: |\Z)|help: |\.\.\.\Z|Call Stack \(most recent"
            ),
            "rust",
        )
    ),
    # A message may have several lines, before the frames.
    "java": Course((r"Caused by: ", "java+"), (CAUSES, "java")),
    "jvm": Course((r"#", "jvm"), (r"\[error occurred", "jvm")),
    # The place where the exception was thrown, the line that stands there, then the exception.
    "thrown": Course((THROWN, "node+"), text="threw", classes=True),
    "threw": Course((r"\^++\Z", "threw"), (THROWN, "node+"), text="node", classes=True),
    "node": Course((NODE, "node")),
    "php": Course(
        (
            (
                r"(?:PHP )?Stack trace:|PHP +[0-9]++\. |#[0-9]++ |Call Stack:|\[stacktrace\]|"
                r"\[previous exception\]|Next [A-Z\\]|\"\}|thrown in "
            ),
            "php",
        )
    ),
    "ruby": Course(
        (
            (
                rf"{RUBY}|from |\.\.\. [0-9]|{TAGS}(?:\[[^\[\]\n]{{1,128}}+\]|Causes:)? *+\Z|"
                rf"{TAGS}Information for|{RAILS}[^\n]*+(?:(?<=\))|(?<=\):))\Z"
            ),
            "ruby",
        ),
        (RAILS, "ruby+"),
    ),
    "ruby+": Course((r"[^\n]*+(?<=\):)\Z", "ruby"), (RUBY, "ruby"), text="ruby+"),
    "dotnet": Course((r"--- End of |---> |at ", "dotnet")),
    # Of Lua and Haskell.
    "calls": Course(
        (r"stack traceback:\Z|(?:CallStack|HasCallStack backtrace)\b", "calls"),
    ),
    "elixir": Course(
        (
            (
                r"\*\* \(|\(stop\)|Client #PID|(?:Last message|State|Function|Args|Queue|Label|"
                r"Initial Call|Ancestors|Start Call|Message Queue|Neighbours)\b[^:]{0,80}+:|"
                r"\*\* "
            ),
            "elixir",
        )
    ),
    "sanitizer": Course(
        (
            (
                r"={10}|==[0-9]++==|(?:READ|WRITE) of size |0x[0-9a-f]++|freed by |previously |"
                r"allocated by |SUMMARY: |Shadow |=>|Thread T|Direct leak |Indirect leak |"
                r"Address 0x|HINT: |Goroutine [0-9]|"
                r"(?:Write|Read) at 0x|(?:Previous|Atomic) |Location is |Uninitialized "
            ),
            "sanitizer",
        )
    ),
    "allocator": Course(
        (r"======= |[0-9a-f]{6,16}-[0-9a-f]{6,16} |/[^\s]{1,400}+\)?\[0x", "allocator")
    ),
    # Of light lines, as rich and Terraform draw it.
    "box": Course(
        (r"\xe2\x94\x82|\xe2\x95[\xb0-\xb7\xad]", "box"),
        (rf"(?>(?:{NAME}\.)*){FAILURE}(?::[ \t]|:?\Z)|KeyboardInterrupt\Z", "raised"),
    ),
    # Where all lines have a head but those that go on.
    "text": Course(text="text"),
    # From here on lines that begin with a blank matter, too. Text may go on with the message, up to
    # the first frame.
    # java.util.logging: the line that has the level is to come.
    "java+": Course(
        (r"Caused by: ", "java+"),
        (CAUSES, "java"),
        (r"(?:PHP )?Stack trace:\Z", "php"),
        text="java+",
        frames="java",
    ),
    "node+": Course((NODE, "node"), text="node+", frames="node"),
    "headline": Course(),
}
NUMBERS = {name: number for number, name in enumerate(COURSES)}
# What joins a record that is a warning or worse, and had nothing of the kind yet.
JOINS: Steps = (
    (TRACEBACK, "python"),
    (rf"{JAVA}|Caused by: ", "java"),
    (SCRIPT, "node"),
    (r"goroutine [0-9]++ ", "go"),
    (r"(?:stack|Stack) backtrace:\Z|Caused by:\Z|Location:\Z", "rust"),
    (r"[0-9]{1,6} +\|(?: |\Z)", "rust"),
    (r"Require stack:\Z", "node+"),
    (ABOUT, "process"),
    (r"\xe2\x95\xad(?:\xe2\x94\x80){1,400} Traceback \(most recent", "box"),
    (r"(?:Write|Read) at 0x", "sanitizer"),
    (r"(?:PHP )?Stack trace:\Z|\[stacktrace\]\Z|#[0-9]++ (?=[/\[{A-Za-z])", "php"),
    (rf"{RUBY}|{RAILS}[^\n]*+(?<=\):)\Z", "ruby"),
    (RAILS, "ruby+"),
    (r"\*\* \((?=[A-Z])", "elixir"),
    (r"(?:Last message|State): ", "elixir"),
)
# What else begins a record that goes on (crash_formats.py).
BEGINNINGS = (
    r"Process [^\s]++(?<=:)\Z|Exception |Task exc|Future exc|--- Logging|Fatal Python|panic: |"
    r"fatal error: |thread '|Unhandled|==[0-9]|[A-Za-z0-9_./+-]++:[0-9]++(?::in [`']|\Z)|Uncaught|"
    r"terminate called|[A-Z][a-z]{2} [0-9]{1,2}, [0-9]{4}"
)
# What may be of any course, at the margin: nearly no line is.
ANY: Steps = (
    (
        "|".join(
            f"(?:{where})"
            for where, _ in (
                *JOINS,
                *(
                    step
                    for course in COURSES.values()
                    for step in course.steps
                    if step[0] is not RAISED
                ),
            )
        ),
        "ended",
    ),
    (BEGINNINGS, "ended"),
)
# What all have that begins a record of any of these, or crash_formats.py's, or goes on with one
# that is on no course yet, beside the words that level_words.HEADS has.
BEGINNING = (
    r"(?:[A-Z][A-Za-z0-9_]*?(?:Error|Exception|Throwable|Failure|Fault)(?![a-z])"
    r"|[a-z_][a-z0-9_]*+\.(?>(?:[a-z0-9_]++\.)*)[A-Z]|[A-Z][A-Za-z0-9_]*+(?:\.|::)[A-Z]"
    r"|\[[^\[\]\n]{1,128}+\] (?:\[[^\n]*?\] )?[A-Z][A-Za-z0-9_:]*+ \("
    rf"|{PATH}[:\(](?:[0-9]|(?<=:)(?: line [0-9]| {PATH}:[0-9]|//| Uncaught exc))"
    r"|#[0-9<]|# (?:A fa|There )|\*\*|--- L|\[stacktrace\]|\(node:)"
)
