"""A crash's traceback is waited for, though a server's own news of its start comes in between."""

from grader.collect.exchange.last_words import printed_since

STARTED = "INFO:     Application startup complete.\n"
CRASH = [
    "ERROR:    Exception in ASGI application\n",
    "Traceback (most recent call last):\n",
    "KeyError: 'x'\n",
]


class Printing:
    """Prints one piece whenever it is looked at."""

    def __init__(self, *pieces):
        self.pieces, self.text = list(pieces), ""

    @property
    def printed(self):
        self.text += self.pieces.pop(0) if self.pieces else ""
        return len(self.text)

    def log_since(self, start):
        return self.text[start:]


def test_the_traceback_is_waited_for_and_whole():
    assert printed_since(Printing("", STARTED, *CRASH), 0, crashed=True) == STARTED + "".join(CRASH)


def test_an_answer_that_is_no_crash_is_not_waited_for():
    assert printed_since(Printing(STARTED), 0, crashed=False) == ""


def test_an_app_that_prints_nothing_is_not_waited_for_long():
    assert printed_since(Printing(), 0, crashed=True) == ""
