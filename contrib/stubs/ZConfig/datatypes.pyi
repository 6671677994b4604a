from collections.abc import Callable

class Registry:
    def register(self, name: str, conversion: Callable[[str], object]) -> None: ...
