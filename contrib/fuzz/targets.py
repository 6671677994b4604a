"""All that is tried, by name."""

import choosing
import reading

TARGETS = reading.TARGETS | choosing.TARGETS
