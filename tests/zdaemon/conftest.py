"""What the tests of the stand-in for zdaemon share."""

from tests.zdaemon.managing import managers  # noqa: F401 - a fixture
from tests.zdaemon.typing_in import typed  # noqa: F401 - a fixture
