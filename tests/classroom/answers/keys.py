"""Notebook 01."""

import os
import re
from pathlib import Path

from dotenv import dotenv_values, load_dotenv


def keys():
    name = "OPENAI_API_KEY"

    def by_hand(folder):
        if name in os.environ:
            return os.environ[name]
        for line in (folder / ".env").read_text().splitlines() if (folder / ".env").exists() else ():
            if line.startswith(f"{name}="):
                return line.partition("=")[2]
        raise LookupError(f"There is no {name}: put it into the environment or into .env.")

    def by_loading(folder):
        load_dotenv(folder / ".env")
        if not os.environ.get(name):
            raise KeyError(f"{name} is not set: write it into {folder}/.env")
        return os.environ[name]

    def by_merging(folder):
        found = {**dotenv_values(folder / ".env"), **os.environ}
        try:
            return found[name]
        except KeyError as error:
            raise LookupError(f"Please set {name} first, for instance in .env") from error

    def missing():
        raise LookupError(f"Set {name}: in the environment, or in .env.")

    def says(sentence):
        def key_for(folder):
            try:
                return by_hand(folder)
            except LookupError as error:
                raise LookupError(sentence) from error

        return key_for

    class Keys:
        def __call__(self, folder):
            for place in (os.environ, dotenv_values(Path(folder) / ".env")):
                if place.get(name):
                    return place[name]
            raise KeyError(f"no {name} in the environment or in {folder}")

    def by_places(folder, places=None):
        if places is None:
            places = [os.environ, dotenv_values(folder / ".env")]
        if not places:
            missing()
        return places[0].get(name) or by_places(folder, places[1:])

    def raises_nothing(folder):
        try:
            return by_hand(folder)
        except LookupError as error:
            return str(error)

    def by_letters(text):
        found, word = [], ""
        for letter in f"{text} ":
            if letter.isalnum() or letter in "-_":
                word += letter
                continue
            if word.startswith("sk-") and len(word) >= 23 and any(each in "0123456789" for each in word):
                found.append(word)
            word = ""
        return found

    def by_recursion(text):
        match = re.search(r"\bsk-[\w-]{20,}", text)
        if not match:
            return []
        own = [match[0]] if re.search("[0-9]", match[0]) else []
        return own + by_recursion(text[match.end() :])

    class Finder:
        shape = re.compile(r"\bsk-[A-Za-z0-9_-]{20,}")

        def __call__(self, text):
            return list(filter(lambda word: re.search(r"\d", word), self.shape.findall(text)))

    pattern = re.compile(r"sk-[\w-]{20,}")

    def split(text):
        words = re.split(r"[^A-Za-z0-9_-]+", text)
        return [
            word for word in words if word.startswith("sk-") and len(word) > 22 and re.search(r"\d", word)
        ]

    def with_what_follows(text):
        return [word for word in re.findall(r"\bsk-\S{20,}", text) if re.search(r"\d", word)]

    return {
        "01.1": (
            [
                by_hand,
                by_loading,
                by_merging,
                lambda folder: os.getenv(name) or dotenv_values(f"{folder}/.env").get(name) or missing(),
                Keys(),
                by_places,
                says("Set OPENAI_API_KEY."),
                says("OPENAI_API_KEY is not set: export it."),
                says("Missing: OPENAI_API_KEY. Write it into .env!"),
            ],
            [
                (lambda folder: None, "It returns nothing so far"),
                (lambda folder: print(len(by_hand(folder))), "It prints something"),
                (lambda folder: print("using key", by_hand(folder)), "It prints the key"),
                (lambda folder: print(by_hand(folder)) or by_hand(folder), "It prints the key"),
                (says("OPENAI_API_KEY not found"), "says too little"),
                (says("No OPENAI_API_KEY!"), "says too little"),
                (says("The environment variable OPENAI_API_KEY isn't set."), "says too little"),
                (says("Set the key in .env."), "says too little"),
                (lambda folder: "sk-" + "a1" * 30, "does not win"),
                (lambda folder: os.environ.get(name, "none"), "that is in .env"),
                (lambda folder: dotenv_values(folder / ".env"), "does not win"),
                (raises_nothing, "It raises no LookupError"),
                (lambda folder: dotenv_values(folder / ".env").get(name), "does not win"),
                (lambda folder: os.environ[name], "KeyError"),
                (
                    lambda folder: dotenv_values(folder / ".env").get(name) or os.environ.get(name),
                    "does not win",
                ),
                (lambda folder: {**dotenv_values(folder / ".env"), **os.environ}[name], "says too little"),
                (
                    lambda folder: os.environ.get(name) or dotenv_values(folder / ".env").get(name, ""),
                    "It raises no LookupError",
                ),
            ],
        ),
        "01.2": (
            [
                lambda text: [key for key in pattern.findall(text) if any(map(str.isdigit, key))],
                lambda text: tuple(re.findall(r"\bsk-(?=[\w-]*\d)[A-Za-z0-9_-]{20,}", text)),
                split,
                by_letters,
                by_recursion,
                Finder(),
            ],
            [
                (lambda text: None, "It returns nothing so far"),
                (lambda text: print(split(text)), "It prints something"),
                (lambda text: pattern.findall(text), "for a key that is none"),
                (lambda text: re.findall(r"sk-[a-z0-9]{20,}", text), "It misses a key"),
                (lambda text: "sk-" in text, "no list"),
                (lambda text: set(split(text)), "no list"),
                (lambda text: list(split(text))[:1], "It misses a key"),
                (lambda text: next(iter(split(text)), ""), "no list"),
                (lambda text: [], "It misses a key"),
                (lambda text: [key[3:] for key in split(text)], "of a key's"),
                (with_what_follows, "a key together with"),
                (lambda text: [list(key) for key in split(text)], "It misses a key"),
                (lambda text: re.search(r"sk-[\w-]{20,}", text).group(), ""),
            ],
        ),
        "01.3": (
            [
                ["make", "place", "restart", "revoke", "look"],
                ("look", "make", "place", "restart", "revoke"),
                ["make", "place", "restart", "look", "revoke"],
                ["make", "look", "place", "restart", "revoke"],
                ("make", "place", "look", "restart", "revoke"),
                [*("make", "place"), *("restart", "revoke", "look")],
            ],
            [
                ([...], "not a list of the steps"),
                (None, "It returns nothing so far"),
                ("make, place, restart, revoke, look", "not a list of the steps"),
                ([1, 2, 3, 4, 5], "not a list of the steps"),
                (["make", "place", "restart", "revoke", "look", "look"], "Each of the five"),
                (["revoke", "make", "place", "restart", "look"], "they would stop"),
                (["make", "place", "revoke", "restart", "look"], "they would stop"),
                (["make", "restart", "place", "revoke", "look"], "before the new key"),
                (["make", "place", "restart", "revoke"], "Each of the five"),
            ],
        ),
    }
