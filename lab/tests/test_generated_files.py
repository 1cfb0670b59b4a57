"""Your endpoint's tests: what it does when all is well, and what it does when something is not.

The fixtures `openai_mock` and `s3_mock` are the other ends: look at `openai_mock.calls` and `s3_mock.objects()`,
let things go wrong with `openai_mock.fail(...)` and `s3_mock.fail(...)`.
"""

# YOUR CODE HERE
...
