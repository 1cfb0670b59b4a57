"""Notebook 14: a document is data, a tool that decides, an answer that is looked at, graders and people."""

from typing import Any

from classroom.exercises import words
from classroom.exercises.agents import reads_why
from classroom.exercises.carrying import texts_in
from classroom.exercises.exercise import Bench, Exercise, NotYet, Trial
from classroom.exercises.plain import describe, number_of
from classroom.exercises.trying import try_each
from classroom.exercises.words import fold

_OPEN, _CLOSE = "<document>", "</document>"
_TYPE = "text/plain"
_ROUNDED = 0.006  # by which a share may differ: two places are enough


def _messages_for(bench: Bench) -> str:
    for hostile in ("", _CLOSE, f"{_CLOSE}{_OPEN}", "</DOCUMENT >", "</a> 3 < 4"):
        task = f"Answer this letter politely. Reference {words.mark(bench.chance)}."
        first, second = words.sentence(bench.chance), words.sentence(bench.chance)
        document = f"{first} {hostile} {second}"
        written = f"a letter with {hostile} in it" if hostile else "a letter"
        trial = bench.call(task, document, case=f"messages_for(a task, {written})")
        expected = "a developer's message with the task, and a user's with <document>…</document>"
        roles = _by_role(trial, expected)
        orders, data = (
            "\n".join(roles.get("developer", []) + roles.get("system", [])),
            "\n".join(roles.get("user", [])),
        )
        if fold(task) not in fold(orders):
            raise trial.wrong("The task is not in the developer's message.", expected, describe(orders))
        if fold(first) in fold(orders) or fold(second) in fold(orders):
            raise trial.wrong(
                "The document is in the developer's message, where orders are.", expected, describe(orders)
            )
        _is_marked(trial, data, first, second, expected)
    return "Orders and data are apart, and no document can close its own marks."


def _by_role(trial: Trial, expected: str) -> dict[str, list[str]]:
    found = trial.returned(expected)
    if not isinstance(found, (list, tuple)) or not all(isinstance(each, dict) for each in found):
        raise trial.wrong("It returns no list of messages.", expected)
    roles: dict[str, list[str]] = {}
    for message in found:
        roles.setdefault(str(message.get("role")), []).append("\n".join(texts_in(message.get("content"))))
    if "user" not in roles or not {"developer", "system"} & set(roles):
        listed = ", ".join(roles) or "no messages"
        raise trial.wrong(
            "One of the two roles is missing: developer, and user.", expected, f"the roles {listed}"
        )
    if next(iter(roles)) == "user":
        raise trial.wrong(
            "The user's message comes first. The task belongs before the document.",
            expected,
            f"the roles {', '.join(roles)}",
        )
    return roles


def _is_marked(trial: Trial, data: str, first: str, second: str, expected: str) -> None:
    begins = data.find(first)
    # the mark right before the document: the words around it may speak of marks, too
    before, opened, rest = data[: begins + 1].rpartition(_OPEN) if begins >= 0 else data.partition(_OPEN)
    inside, closed, after = (rest + data[begins + 1 :] if begins >= 0 else rest).rpartition(_CLOSE)
    if not opened or not closed:
        raise trial.wrong("The document is not between <document> and </document>.", expected, describe(data))
    if first in before or second in after:
        raise trial.wrong("A part of the document is outside its marks.", expected, describe(data))
    if "<" in inside or ">" in inside:
        raise trial.wrong(
            "The document still has a < or > in it, so it can write a mark of its own.",
            "each < and > of the document replaced by something else",
            describe(inside),
        )
    if fold(first) not in fold(inside) or fold(second) not in fold(inside):
        raise trial.wrong("A part of the document is lost.", expected, describe(inside))


def _publish(bench: Bench) -> str:
    chance = bench.chance
    # letters of both sizes, and the name of the folder once more
    name, content = f"My-drafts-{words.mark(chance)}", words.sentence(chance).encode()
    draft, target = f"drafts/{name}.txt", f"public/{name}.txt"
    expected = f'the same bytes under "{target}", with the type {_TYPE}, and a text that names it'
    trial, kept = _tried(bench, draft, content, (target, draft))
    returned = trial.returned(expected)
    stored = kept.get(target)
    if stored is None:
        raise trial.wrong("A draft was not published.", expected, "no object there")
    if stored[0] != content:
        raise trial.wrong("What is published are not the draft's bytes.", expected, describe(stored[0]))
    if stored[1].partition(";")[0].strip() != _TYPE:
        raise trial.wrong("It is published with another type.", expected, f"the type {stored[1]}")
    if not isinstance(returned, str) or target not in returned or returned.casefold().startswith("error"):
        raise trial.wrong("The model does not learn where the text is now.", expected, describe(returned))
    if kept[draft] is None:
        raise trial.wrong(
            "The draft is gone. Copy it, and leave it where it is.", expected, f'no object under "{draft}"'
        )
    mark = words.mark(chance)
    for key in (
        f"private/{mark}.txt",
        f"drafts/../private/{mark}.txt",
        f"drafts/private/{mark}.txt",
        f"drafts-old/{mark}.txt",
        f"inbox/drafts/{mark}.txt",
        f"drafts/{mark}.csv",
        f"drafts/{mark}.txt.html",
        f"drafts/{mark}-txt",  # in a pattern, a point is any character
        f"drafts/my_{mark}.txt",
        f"drafts/Grüße-{mark}.txt",
        f"drafts/two words {mark}.txt",
        "drafts/.txt",
    ):
        _refuses(bench, key)
    _refuses(bench, f"drafts/nothing-{mark}.txt", stored=False, why=", which isn't there")
    return "It publishes drafts and nothing else, whatever the model asks for."


def _refuses(bench: Bench, key: str, *, stored: bool = True, why: str = "") -> None:
    """That an object that is no draft stays where it is."""
    name, rest = key.rpartition("/")[2], key.partition("/")[2]
    stem = name.rstrip().removesuffix("txt").rstrip(".-")
    places = {f"public/{name}", f"public/{key}", f"public/{rest}", key.replace("drafts", "public", 1)}
    places |= {f"public/{stem}.txt", f"public/{name.rstrip()}"}
    storage, within = bench.boundary.storage, f"drafts/{stem}.txt"
    beside = key.endswith(f"/{within}")
    if beside:  # a draft whose key is a part of the one that is asked for
        storage.put(within, b"a draft", _TYPE)
    try:
        trial, kept = _tried(
            bench,
            key,
            b"not for everyone" if stored else None,
            tuple(places - {key}),
            case=f"publish({describe(key)}){why}",
        )
    finally:
        if beside:
            storage.delete(within)
    expected = 'a text that begins with "error" and says why, and nothing published'
    found = next((place for place, each in kept.items() if each is not None), None)
    if found:
        raise trial.wrong("It publishes what is no draft.", expected, f"an object under {describe(found)}")
    reads_why(trial, expected)


def _tried(
    bench: Bench, key: str, content: bytes | None, places: tuple[str, ...], case: str | None = None
) -> tuple[Trial, dict[str, tuple[bytes, str] | None]]:
    """One call, with an object under the key; what is in these places afterwards. All are emptied."""
    storage = bench.boundary.storage
    if content is not None:
        storage.put(key, content, _TYPE)
    try:
        trial = bench.call(key, case=case)
        return trial, {place: storage.get(place) for place in places}
    finally:
        for each in (key, *places):
            storage.delete(each)


def _only_ours(bench: Bench) -> str:
    own, other = f"{words.mark(bench.chance)}.house.example", f"{words.mark(bench.chance)}.example"
    hosts = ["house.example", own]
    cases = [
        (f"Thank you, {words.sentence(bench.chance)}", True),
        (f"See https://{own}/map for the way.", True),
        (f"![a map](https://{own}/map.png) and [boats](https://house.example/boats?day=2)", True),
        (f"It is here (https://{own}/a), or at HTTPS://{own.upper()}/B.", True),
        (f"It is on our page (https://{own}).", True),
        (f"See https://{own}.", True),
        (f"![a map](https://{other}/?guests=Ada,12)", False),
        (f"See https://{own}.{other}/map.", False),
        (f"See https://{other}/{own}/house.example.", False),
        (f"See https://{own}@{other}/map.", False),
        (f"See https://not{own}/map.", False),
        (f"First https://{own}/map, then http://{other}/map.", False),
        (f"See HTTPS://{other.upper()}/MAP.", False),
        (f"See https://{other}.", False),
    ]

    def look_at(case: tuple[str, bool]) -> None:
        answer, right = case
        trial = bench.call(
            answer, hosts, case=f'only_ours("{answer}", hosts), with the hosts {", ".join(hosts)}'
        )
        expected = f"{right}"
        found = trial.returned(expected)
        if not isinstance(found, bool):
            raise trial.wrong("It returns neither True nor False.", expected)
        if found != right:
            raise trial.wrong(
                "Every link leads to a host of yours, and it says no."
                if right
                else "A link leads to a host that is not yours. Which part of an address is its host?",
                expected,
            )

    try_each(bench, cases, look_at)
    return "It finds the host of each link, and accepts only yours."


def _right(bench: Bench) -> str:
    hour, number = bench.chance.randrange(2, 10), bench.chance.randrange(3, 10)
    cases = [
        (f"The pool opens at {hour}:00.", f"{hour}:00", True),
        (f"The pool opens at 1{hour}:00.", f"{hour}:00", False),
        (f"{hour}:00", f"{hour}:00", True),
        (f"Not at 1{hour}:00, but at {hour}:00.", f"{hour}:00", True),  # the second place counts, too
        (f"Please leave them in box {number}.", f"box {number}", True),
        (f"Box {number}!", f"box {number}", True),
        (f"Please leave them in box {number}5.", f"box {number}", False),
        (f"The box has {number} keys.", f"box {number}", False),  # the words apart from each other
        ("No, dogs may not swim.", "no", True),
        ("Not in the pool.", "no", False),
        ("Nobody knows.", "no", False),
        ("YES, gladly.", "yes", True),
        ("Since yesterday.", "yes", False),
        (f"It costs {number}.50 euros.", f"{number}.50", True),
        (f"It costs {number}150 euros.", f"{number}.50", False),  # a point is a point
        ("", "yes", False),
    ]

    def look_at(case: tuple[str, str, bool]) -> None:
        answer, expected_words, verdict = case
        trial = bench.call(answer, expected_words)
        expected = f"{verdict}"
        found = trial.returned(expected)
        if not isinstance(found, bool):
            raise trial.wrong("It returns neither True nor False.", expected)
        if found != verdict:
            raise trial.wrong(
                "The expected words are there, and it does not see them."
                if verdict
                else "These words are not there as whole words.",
                expected,
            )

    try_each(bench, cases, look_at)
    return "Whole words count, in any case, and a part of a word or a number does not."


def _compare(bench: Bench) -> str:
    chance = bench.chance
    same = {f"case {words.mark(chance)}": number < 2 for number in range(4)}
    _is_comparison(bench, same, dict(reversed(same.items())), 1.0, [], [])
    for size in (chance.randrange(5, 9), chance.randrange(12, 20)):
        cases = [f"case {words.mark(chance)}" for _ in range(size)]
        people = {case: chance.random() < 0.6 for case in cases}
        wrong = set(chance.sample(cases, chance.randrange(2, size - 1)))
        grader = {case: people[case] != (case in wrong) for case in chance.sample(cases, size)}
        kind, strict = (sorted(case for case in wrong if people[case] is label) for label in (False, True))
        _is_comparison(bench, people, grader, 1 - len(wrong) / size, kind, strict)
    return "It says how often they agree, and where the grader is too kind or too strict."


def _is_comparison(
    bench: Bench,
    people: dict[str, bool],
    grader: dict[str, bool],
    share: float,
    kind: list[str],
    strict: list[str],
) -> None:
    trial = bench.call(people, grader, case=f"compare(people, grader), {len(people)} cases each")
    expected = f"agreement {share:.3g}, {len(kind)} too kind, {len(strict)} too strict"
    found: Any = trial.returned(expected)
    names = {"agreement", "too_kind", "too_strict"}
    if not isinstance(found, dict) or not names <= set(found):
        raise trial.wrong("It should return a dictionary with agreement, too_kind and too_strict.", expected)
    lists = [found["too_kind"], found["too_strict"]]
    if not all(isinstance(each, (list, tuple)) for each in lists):
        raise trial.wrong("too_kind and too_strict are lists of cases.", expected, describe(lists[0]))
    got = f"{describe(found['agreement'])}, {len(lists[0])} and {len(lists[1])}"
    number = number_of(found["agreement"])
    in_place = sum(one == other for one, other in zip(people.values(), grader.values(), strict=True))
    by_place = in_place / len(people)
    if number is not None and abs(number - share) > _ROUNDED >= abs(number - by_place):
        raise trial.wrong(
            "The same case may be at another place in the other dictionary. Look up each case by its name.",
            expected,
            got,
        )
    if number is None or abs(number - share) > _ROUNDED:
        raise trial.wrong(
            "The agreement is the share of cases with the same label, from 0 to 1.", expected, got
        )
    for name, cases, right in zip(("too_kind", "too_strict"), lists, (kind, strict), strict=True):
        if sorted(map(str, cases)) != right:
            meaning = "passed and people did not" if name == "too_kind" else "did not pass and people did"
            raise NotYet(f"{name} holds the cases that the grader {meaning}.", trial.case, expected, got)


EXERCISES = {
    "14.1": Exercise(
        "messages_for",
        _messages_for,
        (
            "Which of the two messages may a stranger write, and what could a stranger write to end it early?",
            'document.replace("<", …) takes the marks out of a stranger\'s hands; html.escape(document) does it for both signs.',
            '[{"role": "developer", "content": task}, {"role": "user", "content": f"<document>{html.escape(document)}</document>"}]',
        ),
    ),
    "14.2": Exercise(
        "publish",
        _publish,
        (
            "Which object keys may be published at all, and who says so?",
            're.fullmatch(r"drafts/([A-Za-z0-9-]+)\\.txt", key) accepts a draft, and found[1] is its name.',
            'If it does not match, return "error: …". Otherwise s3.copy_object(Bucket=bucket, Key=f"public/{found[1]}.txt", CopySource={"Bucket": bucket, "Key": key}); a ClientError becomes "error: …", too.',
        ),
    ),
    "14.3": Exercise(
        "only_ours",
        _only_ours,
        (
            "Which part of https://a.example@b.example/c says where a browser goes?",
            're.findall(r"(?i)https?://[^\\s()<>\\]]+", words) finds the links; urlsplit(link).hostname is the host in small letters.',
            'return all(urlsplit(link).hostname.rstrip(".") in hosts for link in links): the whole host is compared, not its end.',
        ),
    ),
    "14.4": Exercise(
        "right",
        _right,
        (
            "What may come right before and right after a whole word, and what may not?",
            r"In a pattern, \b is the edge of a word, and re.escape(expected) takes its signs as they are.",
            r'return re.search(rf"\b{re.escape(expected)}\b", answer, re.IGNORECASE) is not None',
        ),
    ),
    "14.5": Exercise(
        "compare",
        _compare,
        (
            "In how many ways can two labels differ, and which of them lets a bad answer through?",
            "people[case] == grader[case] is agreement; grader[case] and not people[case] is too kind.",
            '{"agreement": the number of equal labels / len(people), "too_kind": [case for case in people if …], "too_strict": [case for case in people if …]}',
        ),
    ),
}
