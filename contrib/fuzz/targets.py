"""All that is tried, by name."""

import choosing
import keeping
import reading
import sending
import times

TARGETS = reading.TARGETS | choosing.TARGETS | sending.TARGETS | keeping.TARGETS | times.TARGETS
