# What the stand-in for zdaemon uses of ZConfig, which has no types of its own.
from collections.abc import Sequence
from typing import Any

from .matcher import SectionValue

class ConfigurationError(Exception): ...

def loadConfig(
    schema: Any, url: str, overrides: Sequence[str] = ()
) -> tuple[SectionValue, Any]: ...
