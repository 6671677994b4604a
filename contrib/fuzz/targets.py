"""All that is tried, by name."""

import choosing
import keeping
import reading
import sending

TARGETS = reading.TARGETS | choosing.TARGETS | sending.TARGETS | keeping.TARGETS
