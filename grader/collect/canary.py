"""Looks for the key that an app was given, the canary, in whatever leaves the app."""

import base64


class CanarySearch:
    """Where the canary was seen, a sentence each, in order. It is looked for as it is, in hexadecimal, and in base64."""

    def __init__(self, canary: str) -> None:
        self._forms = forms(canary)
        self.seen: list[str] = []

    def look(self, where: str, *texts: str) -> None:
        """Note the place, if the canary is in one of the texts."""
        if any(form in text for text in texts for form in self._forms):
            self.note(where)

    def note(self, where: str) -> None:
        """Note a place, once."""
        if where not in self.seen:
            self.seen.append(where)

    def hide(self, text: str) -> str:
        """The text without it."""
        for form in self._forms:
            text = text.replace(form, "(the key)")
        return text

    @property
    def sought(self) -> tuple[bytes, ...]:
        """What the app must not print."""
        return tuple(form.encode() for form in self._forms)


def forms(canary: str) -> tuple[str, ...]:
    """The canary as it may be written: as it is, in hexadecimal, and in base64, wherever in a longer text it begins."""
    plain = canary.encode()
    encoded = []
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + plain).decode().rstrip("=")
        # the first and the last characters hold bits of what is beside it
        encoded.append(whole[4 if before else 0 : -4])
    return (canary, plain.hex(), *encoded)
