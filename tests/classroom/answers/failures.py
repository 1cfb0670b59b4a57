"""Notebook 06."""

import threading
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

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


def with_sleep_by_name(call):
    from time import sleep

    pauses = iter((0.2, 0.4, 0.8))
    while True:
        try:
            return call()
        except openai.RateLimitError:
            if (pause := next(pauses, None)) is None:
                raise
            sleep(pause)


class Patience:
    """A class, and waits that are never the same."""

    def __call__(self, call):
        return self.tried(call, [0.3, 0.9, 2.7])

    def tried(self, call, pauses):
        import random
        import time

        try:
            return call()
        except openai.RateLimitError:
            if not pauses:
                raise
        time.sleep(pauses[0] + random.random() / 5)
        return self.tried(call, pauses[1:])


def with_an_event(call):
    """It waits, and not by time.sleep."""
    for pause in (0.1, 0.2, 0.4):
        try:
            return call()
        except openai.RateLimitError:
            threading.Event().wait(pause)
    return call()


def never_stops(call):
    import time

    while True:
        try:
            return call()
        except openai.RateLimitError:
            time.sleep(0.01)


def failures():
    price_in, price_out = Decimal("0.75"), Decimal("4.5")
    return {
        "06.1": (
            [
                patiently(0.1, 0.2, 0.4, None),
                patiently(1, 2, 4, 8, 16, None),
                recursive,
                by_while,
                with_sleep_by_name,
                Patience(),
                with_an_event,
            ],
            [
                (lambda call: None, "It returns nothing so far"),
                (lambda call: call(), "RateLimitError"),
                (lambda call: "an answer", "never calls"),
                (patiently(0, 0, 0, None), "does not wait longer"),
                (patiently(0.5, 0.5, 0.5, None), "does not wait longer"),
                (patiently(2, 1, 0.5, None), "does not wait longer"),
                (patiently(0.1, 0.2, 0.4, None, everything=True), "wrong in itself"),
                (patiently(0.1, 0.2, 0.4, None, hide=True), "hides"),
                (patiently(*[0.1] * 50), "Give up"),
                (never_stops, "Give up"),
            ],
        ),
        "06.2": (
            [
                lambda given, made: (given * price_in + made * price_out) / 1_000_000,
                lambda given, made: float(given * price_in + made * price_out) / 1e6,
                lambda given, made: Decimal(given) / 1_000_000 * price_in + made * price_out / 1_000_000,
                lambda given, made: Fraction(given * 3, 4_000_000) + Fraction(made * 9, 2_000_000),
                lambda given, made: round((given * 0.75 + made * 4.5) / 1_000_000, 6),
                lambda given, made: (given * 0.75 + made * 4.5) / 1_000_000,
                lambda given, made: given / 1e6 * 0.75 + made / 1e6 * 4.5,
                lambda given, made: sum(n * p for n, p in ((given, 0.75e-6), (made, 4.5e-6))),
            ],
            [
                (lambda given, made: None, "It returns nothing so far"),
                (lambda given, made: print(given * 0.75 / 1_000_000), "It prints something"),
                (lambda given, made: given * 0.75 + made * 4.5, "another price"),
                (lambda given, made: (given + made) * 0.75 / 1_000_000, "is each used for its own?"),
                (lambda given, made: (given * 4.5 + made * 0.75) / 1_000_000, "is each used for its own?"),
                (lambda given, made: round((given * 0.75 + made * 4.5) / 1_000_000, 2), "rounded too much"),
                (lambda given, made: (given * 0.75 + made * 4.5) / 1_000, "for a million tokens"),
                (lambda given, made: 0.002475, "another price"),
                (lambda given, made: f"${(given * 0.75 + made * 4.5) / 1_000_000}", "no number"),
                (lambda given, made: (given * 0.75 + made * 4.5) // 1_000_000, "another price"),
                (lambda given: given * 0.75 / 1_000_000, "TypeError"),
            ],
        ),
    }
