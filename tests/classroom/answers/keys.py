"""Notebook 01."""

import os
import re

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

    pattern = re.compile(r"sk-[\w-]{20,}")

    def split(text):
        words = re.split(r"[^A-Za-z0-9_-]+", text)
        return {
            word for word in words if word.startswith("sk-") and len(word) > 22 and re.search(r"\d", word)
        }

    return {
        "01.1": (
            [by_hand, by_loading, by_merging],
            [
                (lambda folder: None, "nothing"),
                (lambda folder: dotenv_values(folder / ".env").get(name), "does not win"),
                (lambda folder: os.environ[name], "KeyError"),
                (
                    lambda folder: dotenv_values(folder / ".env").get(name) or os.environ.get(name),
                    "does not win",
                ),
                (lambda folder: {**dotenv_values(folder / ".env"), **os.environ}[name], "says only"),
                (
                    lambda folder: os.environ.get(name) or dotenv_values(folder / ".env").get(name, ""),
                    "Raise a LookupError",
                ),
            ],
        ),
        "01.2": (
            [
                lambda text: [key for key in pattern.findall(text) if any(map(str.isdigit, key))],
                lambda text: tuple(re.findall(r"\bsk-(?=[\w-]*\d)[A-Za-z0-9_-]{20,}", text)),
                split,
            ],
            [
                (lambda text: None, "nothing"),
                (lambda text: pattern.findall(text), "takes"),
                (lambda text: re.findall(r"sk-[a-z0-9]{20,}", text), "misses"),
                (lambda text: "sk-" in text, "not a list"),
            ],
        ),
        "01.3": (
            [
                ["make", "place", "restart", "revoke", "look"],
                ("look", "make", "place", "restart", "revoke"),
                ["make", "place", "restart", "look", "revoke"],
            ],
            [
                ([...], "list of these"),
                (["revoke", "make", "place", "restart", "look"], "stand still"),
                (["make", "restart", "place", "revoke", "look"], "before the new key"),
                (["make", "place", "restart", "revoke"], "each of the five"),
            ],
        ),
    }
