"""A worker for the test of the barrier: publishes to every topic in turn, whether or not anybody wants it.

Each event says which of its calls for that topic it was, when that call began and when the one before began, so that a
reader can tell whether it should have got the one before.
"""

import sys
import time

import zevi

runtime_dir, *topics = sys.argv[1:]
before = dict.fromkeys(topics, 0)
call = 0
with zevi.Publisher(runtime_dir=runtime_dir, full="wait", wait_max=60) as publisher:
    while True:
        call += 1
        suppressed = publisher.statistics.suppressed
        for topic in topics:
            now = time.monotonic_ns()
            params = {"call": call, "begun_ns": now, "before_ns": before[topic], "suppressed": suppressed}
            publisher.publish(topic, params)
            before[topic] = now
            time.sleep(0.001)  # calls at all times, and no more than a reader on a busy machine can take
