"""For a process from which graders' workers are forked: an app has less time to answer for the first time.

Some attacks keep a processor busy until that time is over. What becomes of them does not depend on how long that takes.
"""

from grader.collect.start import launching

launching.START_SECONDS = 4.0
