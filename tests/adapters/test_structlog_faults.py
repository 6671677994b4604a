"""structlog: what a program gives, however, is said, and goes where the program wants it."""

import pytest

IMPORTS = "import structlog\n"


def test_the_event_may_be_named(said):
    """As structlog's parameter is; of two, one is a field."""
    text = """
log.install()
say = structlog.get_logger()
say.info(event="started", port=1)
say.info("one", event="two")
say.exception(event="three")
say.exception("four", event="five")
"""
    assert said(IMPORTS + text) == [
        "info: started port=1",
        "info: one field_event=two",
        "error: three",
        "error: four field_event=five",
    ]


@pytest.mark.parametrize("kind", ["dict", "collections.OrderedDict"])
def test_an_event_for_a_formatter_is_one_in_any_class(said, kind):
    """The program's context_class makes no difference."""
    text = f"""
import collections
structlog.configure(
    processors=[structlog.stdlib.add_log_level,
                structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger, context_class={kind})
log.install()
structlog.get_logger("a").error("hello", user=7)
"""
    assert said(IMPORTS + text) == ["error: hello user=7"]
