# What CPython's signal module is made of: the links import it without the enums around it.
from signal import *  # noqa: F403
