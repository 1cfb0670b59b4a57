"""Notebook 14: grading and comparing answers."""

import re
import string


def comparing():
    return _grading() | _comparing()


def _grading():
    def by_edges(answer, expected):
        return re.search(rf"\b{re.escape(expected)}\b", answer, re.IGNORECASE) is not None

    def by_around(answer, expected):
        return bool(re.search(rf"(?i)(?<!\w){re.escape(expected)}(?!\w)", answer))

    def by_words(answer, expected):
        signs = string.punctuation
        found = [word.strip(signs) for word in answer.casefold().split()]
        wanted = expected.casefold().split()
        return any(found[at : at + len(wanted)] == wanted for at in range(len(found)))

    def by_padding(answer, expected):
        plain = "".join(sign if sign.isalnum() or sign in ".:" else " " for sign in answer.lower())
        plain = " ".join(word.strip(".:") for word in plain.split())
        return f" {expected.lower()} " in f" {plain} "

    def by_finding(answer, expected):
        answer, expected = answer.lower(), expected.lower()
        at = answer.find(expected)
        while at >= 0:
            before, after = answer[:at][-1:], answer[at + len(expected) :][:1]
            if not before.isalnum() and not after.isalnum():
                return True
            at = answer.find(expected, at + 1)
        return False

    class Grader:
        def __call__(self, answer, expected):
            self.pattern = re.compile(r"\b" + re.escape(expected) + r"\b", re.I)
            return len(self.pattern.findall(answer)) > 0

    async def later(answer, expected):
        return by_edges(answer, expected)

    return {
        "14.4": (
            [by_edges, by_around, by_words, by_padding, by_finding, Grader(), later],
            [
                (lambda answer, expected: None, "It returns nothing so far"),
                (lambda answer, expected: print(by_edges(answer, expected)), "It prints something"),
                (lambda answer, expected: True, "not there as whole words"),
                (lambda answer, expected: expected.lower() in answer.lower(), "not there as whole words"),
                (lambda answer, expected: answer.lower() == expected.lower(), "does not see them"),
                (lambda answer, expected: expected.lower() in answer.lower().split(), "does not see them"),
                (
                    lambda answer, expected: f" {expected.lower()} " in f" {answer.lower()} ",
                    "does not see them",
                ),
                (
                    lambda answer, expected: bool(re.search(rf"\b{re.escape(expected)}\b", answer)),
                    "does not see them",
                ),
                (
                    lambda answer, expected: bool(re.search(rf"(?i)\b{expected}\b", answer)),
                    "not there as whole words",
                ),
                (
                    lambda answer, expected: bool(re.search(rf"(?i)\b{re.escape(expected)}", answer)),
                    "not there as whole words",
                ),
                (lambda answer, expected: answer.lower().find(expected.lower()), "neither True nor False"),
                (lambda answer, expected: re.search(rf"(?i)\b{re.escape(expected)}\b", answer), ""),
            ],
        )
    }


def _comparing():
    def by_lists(people, grader):
        return {
            "agreement": sum(people[case] == grader[case] for case in people) / len(people),
            "too_kind": [case for case in people if grader[case] and not people[case]],
            "too_strict": [case for case in people if people[case] and not grader[case]],
        }

    def by_loop(people, grader):
        same, kind, strict = 0, [], []
        for case, label in people.items():
            if grader[case] == label:
                same += 1
            elif label:
                strict.append(case)
            else:
                kind.append(case)
        return {"agreement": same / len(people), "too_kind": kind, "too_strict": strict}

    def by_sets(people, grader):
        good, passed = ({case for case in labels if labels[case]} for labels in (people, grader))
        wrong = good ^ passed
        return {
            "agreement": 1 - len(wrong) / len(people),
            "too_kind": sorted(passed - good),
            "too_strict": sorted(good - passed),
        }

    def by_mean(people, grader):
        from statistics import mean

        return {
            "agreement": mean(int(grader[case] is people[case]) for case in grader),
            "too_kind": sorted(filter(lambda case: grader[case] > people[case], people)),
            "too_strict": sorted(filter(lambda case: grader[case] < people[case], people)),
        }

    def by_dictionary(people, grader):
        found = {"agreement": 0, "too_kind": [], "too_strict": []}
        for case in grader:
            match people[case], grader[case]:
                case (False, True):
                    found["too_kind"] += [case]
                case (True, False):
                    found["too_strict"] += [case]
                case _:
                    found["agreement"] += 1
        return {**found, "agreement": round(found["agreement"] / len(grader), 3), "cases": len(grader)}

    class Comparison:
        def __call__(self, people, grader):
            self.people, self.grader = people, grader
            kind, strict = self.where(False, True), self.where(True, False)
            share = 1 - (len(kind) + len(strict)) / len(people)
            return {"agreement": share, "too_kind": kind, "too_strict": strict}

        def where(self, label, verdict):
            return tuple(c for c in self.people if (self.people[c], self.grader[c]) == (label, verdict))

    async def later(people, grader):
        return by_lists(people, grader)

    def swapped(people, grader):
        return by_lists(grader, people)

    def by_place(people, grader):
        same = sum(a == b for a, b in zip(people.values(), grader.values(), strict=True))
        return {**by_lists(people, grader), "agreement": same / len(people)}

    return {
        "14.5": (
            [by_lists, by_loop, by_sets, by_mean, by_dictionary, Comparison(), later],
            [
                (lambda people, grader: None, "It returns nothing so far"),
                (lambda people, grader: print(by_lists(people, grader)), "It prints something"),
                (lambda people, grader: by_lists(people, grader)["agreement"], "return a dictionary"),
                (swapped, "too_kind holds the cases"),
                (lambda people, grader: {**by_lists(people, grader), "agreement": 1.0}, "share of cases"),
                (
                    lambda people, grader: {
                        **by_lists(people, grader),
                        "agreement": 100 * by_lists(people, grader)["agreement"],
                    },
                    "from 0 to 1",
                ),
                (
                    lambda people, grader: {
                        **by_lists(people, grader),
                        "agreement": by_lists(people, grader)["agreement"] * len(people),
                    },
                    "share of cases",
                ),
                (lambda people, grader: {**by_lists(people, grader), "too_kind": []}, "too_kind holds"),
                (
                    lambda people, grader: {
                        **by_lists(people, grader),
                        "too_kind": len(by_lists(people, grader)["too_kind"]),
                    },
                    "lists of cases",
                ),
                (
                    lambda people, grader: {"agreement": by_lists(people, grader)["agreement"]},
                    "return a dictionary",
                ),
                (
                    lambda people, grader: {
                        "agreement": sum(grader.values()) / sum(people.values())
                        if any(people.values())
                        else 7,
                        "too_kind": [case for case in grader if grader[case]],
                        "too_strict": [case for case in grader if not grader[case]],
                    },
                    "",
                ),
                (by_place, "Look up each case by its name"),
            ],
        )
    }
