"""Someone at a browser, without the browser: forms with the word of the page that they are on."""

import html
import re

import httpx

from tests.proxy.conftest import PASSWORD

CODE = "lesson"


class Visitor:
    """Keeps cookies, and says where its forms come from, as browsers do."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx.Client(base_url=url, headers={"origin": url}, follow_redirects=True)

    def get(self, path: str, **options) -> httpx.Response:
        return self.client.get(path, **options)

    def send(self, path: str, fields: dict[str, str] | None = None, **options) -> httpx.Response:
        return self.client.post(path, data=fields or {}, **options)

    def word(self, path: str) -> str:
        """What the forms of a page bring."""
        return re.search(r'name="word" value="([0-9a-f]{64})"', self.get(path).text)[1]

    def close(self) -> None:
        self.client.close()


def joined(url: str, code: str = CODE, **fields: str) -> Visitor:
    visitor = Visitor(url)
    answer = visitor.send(f"/join/{code}", fields)
    assert answer.status_code == 200, answer.text
    assert "What is left" in answer.text
    return visitor


def instructor(url: str) -> Visitor:
    visitor = Visitor(url)
    answer = visitor.send("/admin/sign-in", {"password": PASSWORD})
    assert answer.status_code == 200, answer.text
    assert "Make an event" in answer.text
    return visitor


def seen(answer: httpx.Response) -> str:
    """The text of a page, without its tags."""
    return html.unescape(re.sub(r"<[^>]*>", " ", answer.text))
