"""Notebook 06."""

from contextlib import suppress

import openai


def patiently(*waits, hide=False, everything=False):
    """A retry by hand: right or wrong in one way."""
    import time

    caught = openai.APIError if everything else openai.RateLimitError

    def retry(call):
        for wait in waits:
            try:
                return call()
            except caught:
                if wait is None:
                    if hide:
                        return None
                    raise
                if wait:
                    time.sleep(wait)
        return None if hide else call()

    return retry


def recursive(call, tries=4):
    import time

    try:
        return call()
    except openai.RateLimitError as error:
        if tries == 1:
            raise
        time.sleep(int(error.response.headers.get("retry-after-ms", "100")) / 1000)
        return recursive(call, tries - 1)


def by_while(call):
    import time

    wait = 0.1
    while wait < 2:
        with suppress(openai.RateLimitError):
            return call()
        time.sleep(wait)
        wait *= 2
    return call()


def failures():
    return {
        "06.1": (
            [patiently(0.1, 0.2, 0.4, None), recursive, by_while],
            [
                (lambda call: None, "nothing"),
                (lambda call: call(), "RateLimitError"),
                (patiently(0, 0, 0, None), "Wait first"),
                (patiently(0.1, 0.1, 0.1, None, everything=True), "wrong in itself"),
                (patiently(0.1, 0.1, 0.1, None, hide=True), "hides"),
                (patiently(*[0.1] * 50), "does not stop"),
            ],
        ),
        "06.2": (
            [
                lambda given, made: (given * 0.75 + made * 4.5) / 1_000_000,
                lambda given, made: given / 1e6 * 0.75 + made / 1e6 * 4.5,
                lambda given, made: sum(n * p for n, p in ((given, 0.75e-6), (made, 4.5e-6))),
            ],
            [
                (lambda given, made: given * 0.75 + made * 4.5, "cost $"),
                (lambda given, made: (given + made) * 0.75 / 1_000_000, "cost $"),
                (lambda given, made: f"${given}", "not a number"),
            ],
        ),
    }
