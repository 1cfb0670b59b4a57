"""Notebook 08: objects, types and pages in S3."""

import secrets

from classroom.exercises import words
from classroom.exercises.exercise import Bench, Exercise
from classroom.exercises.given import listing_client
from classroom.exercises.plain import describe

_TYPES = ("application/json", "image/png", "text/csv", "audio/mpeg", "text/html")
_PLACE = "exercise-08"


def _keep(bench: Bench) -> str:
    for kind in bench.chance.sample(_TYPES, 2):
        key = f"{_PLACE}/{words.mark(bench.chance)}"
        try:
            for again in ("", ", where an object is already"):
                # bytes that are no text, and that a strip would cut at both ends
                _keeps(bench, key, b"\r\n " + secrets.token_bytes(24) + b"\xff \n", kind, again)
        finally:
            bench.boundary.storage.delete(key)
    return "The bytes are there, with the type that you gave."


def _keeps(bench: Bench, key: str, content: bytes, kind: str, again: str) -> None:
    case = f'keep("{key}", {len(content)} bytes, "{kind}"){again}'
    trial = bench.call(key, content, kind, case=case)
    expected = f"these bytes under that key, with the type {kind}"
    trial.ended(expected)
    stored = bench.boundary.storage.get(key)
    if stored is None:
        raise trial.wrong("Nothing is stored under that key.", expected, "no object")
    if stored[0] != content:
        problem = "What is stored are not the bytes that it was given."
        raise trial.wrong(problem, expected, describe(stored[0]))
    if stored[1] != kind:
        raise trial.wrong(
            "It is stored with another type. Is content_type passed on, as ContentType=?",
            expected,
            f"the type {stored[1]}",
        )


def _names_of(bench: Bench) -> str:
    place = f"{_PLACE}/{words.mark(bench.chance)}/"
    wanted = [f"{place}{words.mark(bench.chance)}.txt" for _ in range(bench.chance.randrange(5, 9))]
    wanted.append(f"{place}deeper/{words.mark(bench.chance)}.txt")  # a slash in a name is no folder
    others = [
        f"{_PLACE}/other-{words.mark(bench.chance)}.txt",
        f"zebra-{words.mark(bench.chance)}.txt",
        f"copies/{wanted[0]}",  # the prefix is in it, and not at its beginning
    ]
    with bench.boundary.listing([*wanted, *others]) as (url, listing):
        trial = bench.call(listing_client(url), place)
        expected = f"a list of {len(wanted)} names, from several pages"
        if listing.requests > 4 * len(wanted):
            raise trial.wrong(
                "It asks for the same page again and again. Is the ContinuationToken passed on?",
                expected,
                f"{listing.requests} requests",
            )
        found = trial.returned(expected)
        if not isinstance(found, (list, tuple)):
            raise trial.wrong("It returns no list of names.", expected)
        if listing.requests == 0:
            raise trial.wrong(
                "It did not ask the client that it was given. Is another client used?", expected, "no request"
            )
        names = {name for name in found if isinstance(name, str)}
        if names != set(wanted) or len(found) != len(wanted):
            first_page = bool(names) and names < set(wanted)
            problem = (
                "A name with one more slash is missing. A slash is a part of the name: ask without a Delimiter."
                if names == set(wanted[:-1])
                else "The first page is not all. See IsTruncated, or use a paginator."
                if first_page
                else "These are not the names that begin with the prefix."
            )
            raise trial.wrong(problem, expected, f"{len(found)} names")
        trial = bench.call(listing_client(url), f"{place}nothing-here/")
        expected = "an empty list"
        found = trial.returned(expected)
        if found not in ([], ()):
            raise trial.wrong("For a prefix without objects it returns something.", expected)
        part = wanted[0][:-6]
        trial = bench.call(listing_client(url), part)
        expected = f'the list ["{wanted[0]}"]: a prefix may end within a name'
        if trial.returned(expected) not in ([wanted[0]], (wanted[0],)):
            raise trial.wrong("These are not the names that begin with the prefix.", expected)
    return "Every name, from every page."


EXERCISES = {
    "08.1": Exercise(
        "keep",
        _keep,
        (
            "Which four things does S3 need to know to store an object as you want it?",
            "s3.put_object takes Bucket, Key, Body and ContentType.",
            "s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type)",
        ),
    ),
    "08.2": Exercise(
        "names_of",
        _names_of,
        (
            "How do you know that there is another page, and what if there is nothing at all?",
            'client.get_paginator("list_objects_v2").paginate(Bucket=…, Prefix=…) gives one page after the other.',
            'Two loops: for page in pages, for item in page.get("Contents", []), and collect item["Key"].',
        ),
    ),
}
