"""Bugs to hunt, in notebooks 01, 02 and 04."""

import mimetypes
import re

from openai import AsyncOpenAI, OpenAI

from classroom.media.signatures import sniff

MODEL = "gpt-5.4-mini"


def further_hunts():
    return {"01.4": _lines(), "02.4": _creative(), "04.5": _files()}


def _lines():
    def by_loop(settings):
        line = "settings:"
        for name in settings:
            line += f" {name}"
        return line

    class Line:
        def __call__(self, settings):
            return f"{len(settings)} settings: {list(settings)}"

    async def later(settings):
        return ", ".join(settings.keys())

    def by_key_alone(settings):
        return str({name: "***" if name == "key" else value for name, value in settings.items()})

    def masked(settings):
        return ", ".join(f"{name}={value[:7]}…" for name, value in settings.items())

    def what_looks_like_a_key(settings):
        return re.sub(r"sk-[\w-]+", "sk-…", str(settings))

    return (
        [
            lambda settings: "starting with " + ", ".join(sorted(settings)),
            by_loop,
            lambda settings: "\n".join(f"{name}: set" for name in settings),
            lambda settings: "-".join(settings),
            lambda settings: str(dict.fromkeys(settings, "***")),
            lambda settings: "starting with {}".format(" and ".join(settings)),
            Line(),
            later,
            lambda settings: " ".join(
                f"{name} ({len(value)} characters)" for name, value in settings.items()
            ),
        ],
        [
            (lambda settings: None, "It returns nothing so far"),
            (lambda settings: print(sorted(settings)), "It prints something"),
            (lambda settings: f"starting with {settings}", "a value, or a part of one"),
            (lambda settings: sorted(settings), "It returns no text"),
            (lambda settings: "starting", "does not learn what is set"),
            (lambda settings: "starting with model, key", "does not learn what is set"),
            (by_key_alone, "a value, or a part of one"),
            (masked, "a part of one"),
            (what_looks_like_a_key, "a part of one"),
            (lambda settings: str(list(settings.values())), "a part of one"),
            (lambda settings: next(iter(settings)), "does not learn what is set"),
        ],
    )


def _creative():
    client = OpenAI()

    def answer_to(question, **options):
        return client.responses.create(model=MODEL, input=question, **options).output_text

    def by_ifs(question, creativity):
        if creativity > 2:
            creativity = 2
        elif creativity < 0:
            creativity = 0
        messages = [{"role": "user", "content": question}]
        made = client.chat.completions.create(model=MODEL, messages=messages, temperature=creativity)
        return made.choices[0].message.content

    async def later(question, creativity):
        async with AsyncOpenAI() as asking:
            answer = await asking.responses.create(
                model=MODEL, input=question, temperature=min(max(creativity, 0), 2)
            )
        return answer.output_text

    class Asker:
        least, most = 0.0, 2.0

        def __call__(self, question, creativity):
            return answer_to(question, temperature=self.bounded(float(creativity)))

        def bounded(self, number):
            return self.least if number < self.least else self.most if number > self.most else number

    def tries_first(question, creativity):
        for temperature in (creativity, 2 if creativity > 0 else 0):
            try:
                return answer_to(question, temperature=temperature)
            except Exception as error:
                last = error
        raise last

    def streamed(question, creativity):
        words = []
        with client.responses.stream(
            model=MODEL, input=question, temperature=sorted([0, creativity, 2])[1]
        ) as stream:
            words = [each.delta for each in stream if each.type == "response.output_text.delta"]
        return "".join(words)

    def swallows(question, creativity):
        try:
            return answer_to(question, temperature=creativity)
        except Exception:
            return None

    def without_when_wrong(question, creativity):
        return answer_to(question, temperature=creativity) if 0 <= creativity <= 2 else answer_to(question)

    return (
        [
            lambda question, creativity: answer_to(question, temperature=min(max(creativity, 0), 2)),
            by_ifs,
            later,
            Asker(),
            tries_first,
            streamed,
        ],
        [
            (lambda question, creativity: None, "It returns nothing so far"),
            (lambda question, creativity: print(answer_to(question)), "It prints something"),
            (lambda question, creativity: answer_to(question, temperature=creativity), "BadRequestError"),
            (lambda question, creativity: answer_to(question, temperature=2), "Another temperature"),
            (lambda question, creativity: answer_to(question), "No temperature was sent"),
            (
                lambda question, creativity: answer_to(question, temperature=min(creativity, 2)),
                "BadRequestError",
            ),
            (
                lambda question, creativity: answer_to(question, temperature=max(creativity, 0)),
                "BadRequestError",
            ),
            (
                lambda question, creativity: answer_to(question, temperature=creativity % 2),
                "Another temperature",
            ),
            (
                lambda question, creativity: answer_to(question, temperature=min(max(creativity, 0), 1)),
                "Another",
            ),
            (swallows, "Does each branch end with return"),
            (without_when_wrong, "No temperature was sent"),
            (lambda question, creativity: answer_to("Hello.", temperature=1), "did not reach OpenAI"),
            (lambda question, creativity: "A kite.", "did not ask OpenAI"),
        ],
    )


def _files():
    endings = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}

    def by_table(stem, content):
        kind = sniff(content)
        if kind not in endings:
            raise ValueError(f"{kind} is no picture")
        return stem + endings[kind], kind

    def by_bytes(stem, content):
        if content.startswith(b"\x89PNG"):
            ending = "png"
        elif content[:3] == b"\xff\xd8\xff":
            ending = "jpeg"
        elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            ending = "webp"
        else:
            raise ValueError("no picture")
        return [f"{stem}.{ending}", f"image/{ending}"]

    def by_library(stem, content):
        kind = sniff(content)
        group, _, name = kind.partition("/")
        if group != "image":
            raise ValueError(stem)
        return f"{stem}{mimetypes.guess_extension(kind) or '.' + name}", kind

    class NoPicture(ValueError):
        pass

    class Namer:
        def __call__(self, stem, content):
            match sniff(content):
                case "image/png" | "image/webp" as kind:
                    return f"{stem}.{kind[6:]}", kind
                case "image/jpeg" as kind:
                    return f"{stem}.jpg", kind
                case other:
                    raise NoPicture(other)

    def by_index(stem, content):
        found = [kind for kind in endings if kind == sniff(content)]
        try:
            return "".join([stem, endings[found[0]]]), found[0]
        except IndexError:
            raise ValueError("This is no picture.") from None

    async def later(stem, content):
        return by_table(stem, content)

    def by_name(stem, content):
        return f"{stem}.png", "image/png"

    def name_and_bytes(stem, content):
        return f"{stem}.png", sniff(content)

    def swallows(stem, content):
        try:
            return by_table(stem, content)
        except ValueError:
            return None

    def anything(stem, content):
        kind = sniff(content)
        return f"{stem}.{kind.partition('/')[2]}", kind

    def cuts_the_stem(stem, content):
        name, kind = by_table("", content)
        return stem.partition(".")[0] + name, kind

    def of_a_dictionary(stem, content):
        return stem + endings[sniff(content)], sniff(content)

    return (
        [by_table, by_bytes, by_library, Namer(), by_index, later],
        [
            (lambda stem, content: None, "It returns nothing so far"),
            (lambda stem, content: print(by_table(stem, content)), "It prints something"),
            (by_name, "not what the bytes say"),
            (name_and_bytes, "The name does not fit"),
            (lambda stem, content: by_table(stem, content)[0], "something else than a name and a type"),
            (lambda stem, content: by_table(stem, content)[::-1], "not what the bytes say"),
            (swallows, "raises no ValueError"),
            (anything, "what is no picture"),
            (cuts_the_stem, "The name does not fit"),
            (of_a_dictionary, "another error than a ValueError"),
            (lambda stem, content: (by_table(stem, content)[0], "image/*"), "not what the bytes say"),
        ],
    )
