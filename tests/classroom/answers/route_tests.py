"""Notebook 10: tests of a route."""

import contextlib

PATH = "/v1/texts"


def route_tests():
    return {"10.4": (_tests(), _wrong_tests())}


def _tests():
    def plain(client, openai_mock):
        answer = client.post(PATH, json={"prompt": "three gulls"})
        assert answer.status_code == 201
        assert openai_mock.calls[-1].body["input"] == "three gulls"
        assert answer.json()["text"].encode() == openai_mock.calls[-1].outputs[0].content
        assert client.post(PATH, json={"prompt": "  "}).status_code == 422
        assert len(openai_mock.calls) == 1
        openai_mock.fail(status=429)
        assert client.post(PATH, json={"prompt": "three gulls"}).status_code == 429

    def with_a_reply(client, openai_mock):
        openai_mock.reply("tides", text="High and low.")
        answer = client.post(PATH, json={"prompt": "a poem on tides"})
        assert (answer.status_code, answer.json()) == (201, {"text": "High and low."})
        before = len(openai_mock.calls)
        for blank in ("", " ", "\n"):
            assert client.post(PATH, json={"prompt": blank}).status_code == 422, blank
        assert len(openai_mock.calls) == before
        openai_mock.fail(code="rate_limit_exceeded", times=1)
        assert client.post(PATH, json={"prompt": "tides"}).status_code == 429

    def in_another_order(client, openai_mock):
        openai_mock.fail(status=429, times=1)
        busy = client.post(PATH, json={"prompt": "owls"})
        blank = client.post(PATH, json={"prompt": "   "})
        calls = len(openai_mock.calls)
        good = client.post(PATH, json={"prompt": "owls"})
        assert [busy.status_code, blank.status_code, good.status_code] == [429, 422, 201]
        assert calls == 1
        last = openai_mock.calls[-1]
        assert last.mentions("owls")
        assert good.json()["text"] == last.outputs[0].content.decode()

    class Suite:
        def __call__(self, client, openai_mock):
            for name in ("happy", "blank", "busy"):
                openai_mock.reset()
                getattr(self, name)(client, openai_mock)

        def happy(self, client, openai_mock):
            text = client.post(PATH, json={"prompt": "a quiz"})
            [call] = openai_mock.calls
            assert text.status_code == 201
            assert call.body["input"] == "a quiz"
            assert text.json()["text"].startswith(call.outputs[0].content.decode())

        def blank(self, client, openai_mock):
            assert client.post(PATH, json={"prompt": "\t"}).status_code == 422
            assert not list(openai_mock.calls)

        def busy(self, client, openai_mock):
            openai_mock.fail(status=429)
            assert client.post(PATH, json={"prompt": "a quiz"}).status_code == 429

    def collected(client, openai_mock):
        wrong = []
        answer = client.post(PATH, json={"prompt": "P and Q"})
        if answer.status_code != 201 or "P and Q" not in str(openai_mock.calls[-1].body):
            wrong.append("happy")
        if answer.json().get("text") != openai_mock.calls[-1].outputs[0].content.decode():
            wrong.append("text")
        if client.post(PATH, json={"prompt": ""}).status_code != 422 or len(openai_mock.calls) != 1:
            wrong.append("blank")
        openai_mock.fail(status=429)
        if client.post(PATH, json={"prompt": "again"}).status_code != 429:
            wrong.append("busy")
        if wrong:
            raise AssertionError(wrong)

    def by_table(
        client, openai_mock, rows=(("gulls", None, 201, 1), (" ", None, 422, 1), ("gulls", 429, 429, 2))
    ):
        texts = []
        for prompt, trouble, status, calls in rows:
            if trouble:
                openai_mock.fail(status=trouble)
            answer = client.post(PATH, json={"prompt": prompt})
            assert answer.status_code == status
            assert len(openai_mock.calls) == calls
            texts.append(answer.json().get("text"))
        first = openai_mock.calls[0]
        assert first.body["input"] == "gulls"
        assert first.outputs[0].content == texts[0].encode()

    async def later(client, openai_mock):
        plain(client, openai_mock)

    def says(prompt, words):
        def check_texts(client, openai_mock):
            scripted = openai_mock.reply(prompt, text=words) if words else None
            answer = client.post(PATH, json={"prompt": prompt})
            assert answer.status_code == 201
            assert openai_mock.calls[-1].body["input"] == prompt
            assert answer.json()["text"].encode() == openai_mock.calls[-1].outputs[0].content
            assert scripted is None or answer.json() == {"text": words}
            before = len(openai_mock.calls)
            assert client.post(PATH, json={"prompt": " "}).status_code == 422
            assert len(openai_mock.calls) == before
            openai_mock.fail(status=429)
            assert client.post(PATH, json={"prompt": prompt}).status_code == 429

        return check_texts

    hello = [says("Say hello.", ""), says("Say hello.", "Hello!"), says("a", "Abba"), says("What", "aha")]
    return [plain, with_a_reply, in_another_order, Suite(), collected, by_table, later, *hello]


def _wrong_tests():
    right = _tests()[0]

    def happy_only(client, openai_mock):
        answer = client.post(PATH, json={"prompt": "gulls"})
        assert answer.status_code == 201
        assert openai_mock.calls[-1].body["input"] == "gulls"
        assert answer.json()["text"].encode() == openai_mock.calls[-1].outputs[0].content

    def status_only(client, openai_mock):
        assert client.post(PATH, json={"prompt": "gulls"}).status_code == 201
        assert client.post(PATH, json={"prompt": " "}).status_code == 422
        assert len(openai_mock.calls) == 1
        openai_mock.fail(status=429)
        assert client.post(PATH, json={"prompt": "gulls"}).status_code == 429

    def swallowed(client, openai_mock):
        with contextlib.suppress(AssertionError):
            right(client, openai_mock)

    def never_asserts(client, openai_mock):
        return client.post(PATH, json={"prompt": "gulls"}).status_code == 201

    def no_money_counted(client, openai_mock):
        happy_only(client, openai_mock)
        assert client.post(PATH, json={"prompt": " "}).status_code == 422
        openai_mock.fail(status=429)
        assert client.post(PATH, json={"prompt": "gulls"}).status_code == 429

    def any_error(client, openai_mock):
        happy_only(client, openai_mock)
        assert client.post(PATH, json={"prompt": " "}).status_code == 422
        assert len(openai_mock.calls) == 1
        openai_mock.fail(status=429)
        assert client.post(PATH, json={"prompt": "gulls"}).status_code >= 400

    def wrong_expectation(client, openai_mock):
        assert client.post(PATH, json={"prompt": "gulls"}).status_code == 200

    def wrong_path(client, openai_mock):
        assert client.post("/texts", json={"prompt": "gulls"}).status_code == 201

    return [
        (happy_only, "It does not notice when"),
        (status_only, "It does not notice when"),
        (swallowed, "It does not notice when"),
        (never_asserts, "It does not notice when"),
        (no_money_counted, "refused only after OpenAI was asked"),
        (any_error, "an OpenAI that is busy is answered with 50"),
        (wrong_expectation, "AssertionError"),
        (wrong_path, "AssertionError"),
        (lambda client, openai_mock: None, "It sends no request"),
    ]
