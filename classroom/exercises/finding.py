"""Notebook 13: read the texts in a bucket, cut them, find passages, answer with sources. The picture is in `looking`."""

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

from classroom.exercises import words
from classroom.exercises.carrying import TEXT_ROUTES, carries
from classroom.exercises.exercise import Bench, Exercise, Trial
from classroom.exercises.given import listing_client
from classroom.exercises.looking import paint
from classroom.exercises.plain import describe, several
from classroom.exercises.words import fold
from classroom.standin.scripting.replies import reply

_MODEL = "text-embedding-3-small"
_UNKNOWN = "I don't know"


def _read_texts(bench: Bench) -> str:
    chance = bench.chance
    place = f"guide-{words.mark(chance)}/"
    texts = {
        f"{place}{words.mark(chance)}.{ending}": f"Grüße: {words.sentence(chance)}"
        for ending in ("txt", "md", "txt", "csv", "md")
    }
    kinds = {"txt": "text/plain", "md": "text/markdown; charset=utf-8", "csv": "text/csv"}
    stored = {key: (text.encode(), kinds[key.rpartition(".")[2]]) for key, text in texts.items()}
    picture = paint(chance, "PNG")
    # the first of its page, with texts after it
    stored[f"{place}-{words.mark(chance)}.png"] = (picture, "image/png")
    stored[f"{place}{words.mark(chance)}.txt"] = (picture, "image/png")  # a name is no type
    stored[f"{place}{words.mark(chance)}.txt"] = (b'{"pool": 9}', "application/json")  # and nor are its bytes
    stored[f"other-{words.mark(chance)}/a.txt"] = (b"Not asked for.", "text/plain")
    with bench.boundary.listing(list(stored), stored) as (url, listing):
        trial = bench.call(listing_client(url), place)
        expected = f"a dictionary of {len(texts)} texts by their object keys, from several pages"
        found = trial.returned(expected)
        if listing.requests == 0:
            raise trial.wrong(
                "It did not ask the client that it was given. Is another client used?", expected, "no request"
            )
        _same_texts(trial, found, texts, stored, expected)
        trial = bench.call(listing_client(url), f"{place}nothing-here/")
        expected = "an empty dictionary"
        if trial.returned(expected) != {}:
            raise trial.wrong("For a prefix without objects it returns something.", expected)
    return "Every text from every page, and nothing that is no text."


def _same_texts(
    trial: Trial, found: Any, texts: dict[str, str], stored: dict[str, tuple[bytes, str]], expected: str
) -> None:
    if not isinstance(found, dict):
        raise trial.wrong("It returns no dictionary.", expected)
    no_texts = [key for key in found if key in stored and key not in texts]
    kinds = sorted(stored[key][1] for key in no_texts if not stored[key][1].startswith("text/"))
    if kinds:
        raise trial.wrong(
            f"An object of the type {kinds[-1]} is among the texts. Its ContentType decides, not its name or its bytes.",
            expected,
            f"{len(found)} objects",
        )
    if not set(found) <= set(texts):
        raise trial.wrong("These are not the object keys that begin with the prefix.", expected)
    if len(found) < len(texts):
        raise trial.wrong(
            "Some texts are missing. A list comes in pages, and a text has a type such as text/plain or text/csv.",
            expected,
            f"{len(found)} texts",
        )
    for key, text in texts.items():
        if found[key] != text:
            problem = "A text is not the one that is stored. Is it decoded, as UTF-8?"
            raise trial.wrong(problem, describe(text), describe(found[key]))


def _passages(bench: Bench) -> str:
    # so different that passages of one fixed length are too long for the first, or far too many for the second
    for most, fewest in ((bench.chance.randrange(90, 140), 1), (bench.chance.randrange(700, 900), 9)):
        paragraphs = [
            " ".join(words.sentence(bench.chance) for _ in range(bench.chance.randrange(fewest, fewest + 8)))
            for _ in range(4)
        ]
        _are_passages(bench, paragraphs, most)
    count = bench.chance.randrange(5, 9)
    # so many words and the spaces between them are one character too long
    _are_passages(bench, [" ".join(words.mark(bench.chance)[:4] for _ in range(40))], 5 * count - 2)
    _are_passages(bench, [" ".join(words.mark(bench.chance)[:4] for _ in range(2))], 9)  # both fit, exactly
    hyphened = [bench.chance.choice(("half-past", "ten-foot", "north-west", "self-made")) for _ in range(60)]
    _are_passages(bench, [" ".join(hyphened)], bench.chance.randrange(30, 50))  # with room for half a word
    trial = bench.call("", 100)
    if trial.returned("an empty list") not in ([], ()):
        raise trial.wrong("An empty text has no passages.", "an empty list")
    return "No word is lost, none is cut, and every passage is short enough."


def _are_passages(bench: Bench, paragraphs: Sequence[str], most: int) -> None:
    text = "\n\n".join(paragraphs)
    trial = bench.call(text, most)
    expected = f"all {len(text.split())} words in their order, in texts of at most {most} characters"
    found = trial.returned(expected)
    if not isinstance(found, (list, tuple)) or not all(isinstance(each, str) for each in found):
        raise trial.wrong("It returns no list of texts.", expected)
    too_long = [each for each in found if len(each) > most]
    if too_long:
        raise trial.wrong("A passage is too long.", expected, f"one of {len(too_long[0])} characters")
    if " ".join(found).split() != text.split():
        raise trial.wrong(
            "Put together again, the passages are not the text: a word is lost, cut or at another place.",
            expected,
            f"{len(' '.join(found).split())} words",
        )
    if not all(each.strip() for each in found):
        raise trial.wrong("One passage is empty.", expected, "a passage without words")
    ends = set(accumulate(len(each.split()) for each in paragraphs))  # a paragraph may end a passage
    count = 0
    for one, other in pairwise(found):
        count += len(one.split())
        if count not in ends and len(one) + 1 + len(other) <= most:
            raise trial.wrong(
                "Two passages would fit into one. Fill each one before you begin the next.",
                expected,
                f"{len(found)} passages, two neighbours of {len(one)} and {len(other)} characters",
            )


def _nearest(bench: Bench) -> str:
    for _ in range(2):
        chosen = bench.chance.sample(words.TOPICS, 5)
        question, own = chosen[bench.chance.randrange(5)][1], [text for text, _ in chosen]
        entries = [(f"guide/{words.mark(bench.chance)}.txt", text) for text in own]
        asked, *places = bench.boundary.embeddings([question, *own], _MODEL)
        near = [math.fsum(a * b for a, b in zip(asked, place, strict=True)) for place in places]
        order = sorted(range(5), key=lambda at: -near[at])
        index = [(*entry, place) for entry, place in zip(entries, places, strict=True)]
        right = [entries[at] for at in order]
        between = (near[order[1]] + near[order[2]]) / 2  # two passages are nearer than that
        for most, least, count in ((3, -1.0, 3), (2, -1.0, 2), (4, -1.0, 4), (4, between, 2), (2, 0.999, 0)):
            words_of_least = f"{least:.3f}".rstrip("0").rstrip(".")
            case = f'nearest("{question}", an index of 5 passages, {most}, {words_of_least})'
            trial = bench.call(question, index, most, least, case=case)
            _is_nearest(trial, question, right[:count])
        if asked.count(0.0):  # a place across the question: its nearness is 0, however it is computed
            across = [float(at == asked.index(0.0)) for at in range(len(asked))]
            case = f'nearest("{question}", an index of 1 passage, 3, 0), whose nearness is 0'
            trial = bench.call(question, [(*entries[0], across)], 3, 0.0, case=case)
            _is_nearest(trial, question, entries[:1])
    for shares in ((0.9, 0.7, 0.5, 0.35, 0.1), (0.8, 0.3, 0.2, 0.1, 0.0)):
        _by_default(bench, shares)
    return "It finds what is near, nearest first, and nothing where nothing is near."


def _by_default(bench: Bench, near: Sequence[float]) -> None:
    """A call without `most` and `least`, with passages that are so near."""
    chosen = bench.chance.sample(words.TOPICS, len(near))
    question = chosen[0][1]
    asked, aside = bench.boundary.embeddings([question, words.sentence(bench.chance)], _MODEL)
    along = math.fsum(a * b for a, b in zip(asked, aside, strict=True))
    across = [b - along * a for a, b in zip(asked, aside, strict=True)]
    length = math.sqrt(math.fsum(each * each for each in across))
    entries = [(f"guide/{words.mark(bench.chance)}.txt", text) for text, _ in chosen]
    entries[1] = (entries[0][0], entries[1][1])  # two passages of one file
    index = []
    for (key, text), share in zip(entries, near, strict=True):
        rest = math.sqrt(1 - share * share) / length
        index.append((key, text, [share * a + rest * b for a, b in zip(asked, across, strict=True)]))
    listed = ", ".join(f"{share:g}" for share in near)
    case = f'nearest("{question}", an index of {len(near)} passages, whose nearness is {listed})'
    trial = bench.call(question, bench.chance.sample(index, len(index)), case=case)
    _is_nearest(trial, question, [entries[at] for at, share in enumerate(near[:3]) if share >= 0.25])


def _is_nearest(trial: Trial, question: str, right: list[tuple[str, str]]) -> None:
    first = f", first {describe(right[0][1])}" if right else ""
    expected = f"a list of {len(right)} pairs of object key and passage{first}"
    found = trial.returned(expected)
    if not isinstance(found, (list, tuple)):
        raise trial.wrong("It returns no list.", expected)
    pairs = [tuple(several(each) or ()) for each in found]
    if any(len(each) != 2 for each in pairs):
        raise trial.wrong("Each item should be a pair: the object key and the passage.", expected)
    if len(pairs) > len(right):
        raise trial.wrong(
            "It returns too many: no more than `most`, and none that is less near than `least`.",
            expected,
            f"{len(pairs)} pairs",
        )
    if pairs != right:
        problem = (
            "These are the right passages in another order. The nearest comes first."
            if sorted(map(str, pairs)) == sorted(map(str, right))
            else "Each pair has the passage first. The object key comes first."
            if [pair[::-1] for pair in pairs] == right
            else "These are not the nearest passages."
        )
        raise trial.wrong(
            problem, expected, f"{len(pairs)} pairs" + (f", first {describe(pairs[0][-1])}" if pairs else "")
        )
    if trial.calls is None:
        return
    calls = [call for call in trial.calls if call.route == "embeddings"]
    if not any(carries(call, question) for call in calls):
        raise trial.wrong(
            "It did not ask OpenAI for the question's embedding.", "a call for embeddings", "none"
        )
    if len(calls) > 1 or any(carries(call, text) for call in calls for _, text in right):
        raise trial.wrong(
            "It asks for more than the question's embedding: the index has the passages' places already.",
            "one call, with the question alone",
            f"{len(calls)} calls" if len(calls) > 1 else "a call with the passages, too",
        )


def _answer(bench: Bench) -> str:
    chance = bench.chance
    chosen = chance.sample(words.TOPICS, 4)
    question = words.question(chance)
    first, second, other = (f"guide/{words.mark(chance)}.txt" for _ in range(3))
    found = [  # two passages are from one file
        (key, f"{text} Note {words.mark(chance)}.")
        for key, (text, _) in zip((first, second, other, second), chosen, strict=True)
    ]
    invented = f"guide/{words.mark(chance)}.txt"
    for scripted, sources in (
        (f"It is so [{second}].", [second]),
        (f"It is so [{second}]; [{invented}] agrees.", [second]),
        (f"It is so [{second}], also by {invented}, and [{first}] agrees; see [{second}].", [second, first]),
    ):
        case = f'answer("{question}", 4 passages of 3 files)'
        if not bench.boundary.live:
            case += f'; the model says "{scripted}"'
        trial = _run_scripted(bench, scripted, question, found, case)
        expected = f"(the model's words, {sources})"
        answer, named = _pair(trial, expected)
        if trial.calls is None:
            continue
        _has_all(trial, question, found, expected)
        if fold(scripted) not in fold(answer):
            raise trial.wrong("It returns other words than the model answered.", expected, describe(answer))
        if invented in named:
            raise trial.wrong(
                "It names a source that the model invented. Keep only object keys of passages that you sent.",
                expected,
                describe(named),
            )
        if other in named:
            raise trial.wrong("It names a source that the answer does not.", expected, describe(named))
        if named != sources and sorted(named) != sorted(sources):
            raise trial.wrong(
                "These are not the sources that the answer names, each once.", expected, describe(named)
            )
    trial = bench.call(question, [], case=f'answer("{question}", no passages)')
    expected = '("I don\'t know.", []), and no call that generates text'
    answer, named = _pair(trial, expected)
    if trial.calls:
        raise trial.wrong(
            "It asks the model although nothing was found: that costs money, and invites it to guess.",
            expected,
            f"{len(trial.calls)} calls",
        )
    if fold(_UNKNOWN) not in fold(answer.replace("’", "'")) or named:
        raise trial.wrong("With no passages it should say that it does not know.", expected)
    return "It answers from the passages, names real sources, and admits what it doesn't know."


def _run_scripted(
    bench: Bench, scripted: str, question: str, found: Sequence[tuple[str, str]], case: str
) -> Trial:
    """One run of the answer, where the model says these words; live, it says its own."""
    replies = bench.boundary.openai.replies
    replies.add(reply(text=scripted))
    try:
        return bench.call(question, list(found), case=case)
    finally:
        replies.clear()


def _pair(trial: Trial, expected: str) -> tuple[str, list[str]]:
    value = several(trial.returned(expected))
    if value is None or len(value) != 2:
        raise trial.wrong("It should return two things: the answer, and the list of its sources.", expected)
    answer, named = value
    if not isinstance(answer, str):
        raise trial.wrong("The first thing is no text.", expected)
    if not isinstance(named, (list, tuple)) or not all(isinstance(each, str) for each in named):
        raise trial.wrong("The second thing is no list of object keys.", expected)
    return answer, list(named)


def _has_all(trial: Trial, question: str, found: Sequence[tuple[str, str]], expected: str) -> None:
    """That question, passages and keys reached the model."""
    calls = trial.calls_for(question, expected, *TEXT_ROUTES) or ()
    for key, text in found:
        if not any(carries(call, text) for call in calls):
            raise trial.wrong(
                "Not every passage reached the model.",
                "a request with the question and all passages",
                "one without",
            )
        if not any(carries(call, key) for call in calls):
            raise trial.wrong(
                "The model does not learn which object key a passage is from, so it can't name it.",
                "a request with the object key of each passage",
                "one without",
            )


EXERCISES = {
    "13.2": Exercise(
        "read_texts",
        _read_texts,
        (
            "What does S3 know of an object that tells a text from a picture, and how do you know that a list is complete?",
            "get_object returns ContentType and Body; a paginator gives one page after the other, some without Contents.",
            'For each item of each page.get("Contents", []): stored = client.get_object(…); if stored["ContentType"].startswith("text/"), keep stored["Body"].read().decode() under its key.',
        ),
    ),
    "13.3": Exercise(
        "passages",
        _passages,
        (
            "When does the next word belong to the passage that you are filling, and when to a new one?",
            "text.split() gives the words. Count the space between two words, too.",
            "Go through the words: if len(current) + 1 + len(word) is at most `most`, add it; otherwise keep current in the list and begin again with the word. Don't forget the last one.",
        ),
    ),
    "13.4": Exercise(
        "nearest",
        _nearest,
        (
            "Which embedding is new for each question, and which ones do you have already?",
            "(asked,) = places([question]) is one call; nearness(asked, place) compares it with each entry's place.",
            "scored = sorted(((nearness(asked, place), key, text) for key, text, place in index), reverse=True); keep those with a nearness of at least `least`, the first `most` of them, as (key, text).",
        ),
    ),
    "13.5": Exercise(
        "answer",
        _answer,
        (
            "Which of the object keys in the model's words can you trust to exist?",
            "Write each passage with its key into the prompt, as in the cell above. Afterwards look which keys of `found` occur in the answer.",
            'if not found: return "I don\'t know.", []. Otherwise ask with prompt_for(question, found), and return the words and [key for key, _ in found if key in words], each key once.',
        ),
    ),
}
