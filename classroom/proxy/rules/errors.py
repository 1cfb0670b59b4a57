"""Exceptions for the instructor, with messages that say what to do."""


class ProxyError(Exception):
    """The message says what was wrong, and what to do."""


class EventError(ProxyError):
    """An event, an attendee, a time or an amount that makes no sense."""


class UpstreamError(ProxyError):
    """The upstream is not set up."""


class DatabaseError(ProxyError):
    """The database can't be used."""
