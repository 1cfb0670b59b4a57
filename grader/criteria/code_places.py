"""The lines of a submission that a verdict is most likely about: where a type is written, a key is read, a call is made.

They are looked for in the texts that evidence keeps, and only shown: no verdict depends on them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from grader.criteria.criterion import Verdict
from grader.evidence import Evidence, Source
from grader.inside.faults import BY_NAME

_NEAR = 20  # lines from what may fail to what catches it
_MOST_SHOWN = 2  # places; more help nobody
_TESTS = re.compile(r"(^|/)(tests?/|conftest\.py$|test_[^/]*$|[^/]*_tests?\.py$|tests?\.py$)")
_STORES = re.compile(
    r"\.(?:put_object|upload_fileobj|upload_file|create_multipart_upload)\b|\.put\s*\(\s*(?:Body|ContentType)\s*="
    r"|[\"'](?:put_object|create_multipart_upload)[\"']"
)
_CI = re.compile(
    r"(?:^|/)(?:\.github/workflows/[^/]+|\.gitlab-ci|\.circleci/config|azure-pipelines|bitbucket-pipelines|\.travis)\.ya?ml$"
    r"|(?:^|/)Jenkinsfile$"
)
_HAS_TESTS = re.compile(r"^\s*(?:async )?def test_|^\s*@scenario\(|^scenarios\(", re.MULTILINE)
_OTHER_ENCODING = re.compile(
    r"\.encode\(\s*(?:encoding\s*=\s*)?[\"'](?!utf-?8[\"'])[\w-]+[\"']", re.IGNORECASE
)
_MAKES_CLIENT = re.compile(r"\b(?:Async)?(?:Azure)?OpenAI\s*\(")
_READS_KEY = re.compile(r"OPENAI_(?:API_)?KEY|\bopenai_(?:api_)?key\b")
_PRINTS = re.compile(
    r"(?:\bprint|\.(?:debug|info|warning|error|exception|critical|log))\s*\(.*"
    r"(?:environ|__dict__|\bvars\(|\b\w*(?:settings|config|key|secret|headers)\b)",
    re.IGNORECASE,
)
_CALLS: Mapping[str, re.Pattern[str]] = {
    "text": re.compile(
        r"\.(?:completions|responses)\.(?:create|parse|stream)\s*\(|/?(?:chat/completions|responses)[\"']"
    ),
    "image": re.compile(r"\.images\.(?:generate|edit)\s*\(|images/generations[\"']"),
    "audio": re.compile(
        r"\.speech\.(?:with_streaming_response\.)?create\s*\(|\.realtime\.connect\s*\(|audio/speech[\"']"
    ),
}
_OPENAI_ERRORS = (
    "OpenAIError|APIError|APIStatusError|HTTPStatusError|HTTPError|RequestException|ClientResponseError"
)
_STORAGE_ERRORS = "ClientError|BotoCoreError|Boto3Error|S3UploadFailedError"
_EXCEPTIONS: Mapping[str, str] = {
    "errors.rate_limit": "RateLimitError",
    "errors.quota": "RateLimitError",
    "errors.bad_key": "AuthenticationError|PermissionDeniedError",
    "errors.content_policy": "BadRequestError",
    "errors.server_error": "InternalServerError",
    "errors.timeout": "APITimeoutError|APIConnectionError|TimeoutException|Timeout|TimeoutError",
    "errors.storage_down": _STORAGE_ERRORS,
}
_KINDS = re.compile(r"((?:text|image|audio)(?:, (?:text|image|audio))*): ", re.IGNORECASE)


def line_of(evidence: Evidence, criterion: str, verdict: Verdict) -> str:
    """ "service/storage.py, line 12", or two such places; empty if none stands out."""
    match criterion:
        case "endpoint.mime_type":
            return _places(evidence, _types(evidence, verdict)) or _places(evidence, [_STORES])
        case "endpoint.saves_to_s3" if "not in UTF-8" in verdict.summary:
            return _places(evidence, [_OTHER_ENCODING]) or _places(evidence, [_STORES])
        case _ if "as if all were well" in verdict.summary and (caught := _handlers(evidence, criterion)):
            return caught
        case "endpoint.saves_to_s3" | "errors.storage_down":
            return _places(evidence, [_STORES])
        case "endpoint.serves_file" if "replaces it" in verdict.summary:
            return _places(evidence, [_STORES])
        case "errors.timeout":
            # where other kinds end in time, the client that they share does not wait too long
            own = _places(evidence, _calls(verdict)) if _names_some_kinds(evidence, verdict) else ""
            return own or _places(evidence, [_MAKES_CLIENT])
        case "endpoint.uses_prompt":
            return _places(evidence, _calls(verdict))
        case "errors.no_internals":
            return _places(evidence, _CALLS.values() if "OpenAI" in verdict.summary else [_STORES])
        case "secrets.not_leaked":
            printed = _places(evidence, [_PRINTS]) if "log" in verdict.summary else ""
            return printed or _places(evidence, [_READS_KEY])
        case "secrets.from_environment":
            return _places(evidence, [_MAKES_CLIENT]) or _places(evidence, [_READS_KEY])
        case "secrets.ignored_by_git":
            return ".gitignore"
        case "tests.runs_in_ci":
            there = [each.path for each in evidence.scans.sources if _CI.search(each.path)]
            return "; ".join(there) if len(there) <= _MOST_SHOWN else ""
        case "tests.happy_path" | "tests.error_cases":
            return _nearest_tests(evidence, criterion) or _suite(evidence)
    if criterion.startswith("errors.") and "something was stored" in verdict.summary:
        return _places(evidence, [_STORES])
    # what OpenAI answers is an exception first where it is called
    return _places(evidence, _calls(verdict)) if criterion.startswith("errors.") else ""


def _calls(verdict: Verdict) -> list[re.Pattern[str]]:
    """What calls OpenAI for the kinds that a verdict names."""
    named = _KINDS.match(verdict.summary)
    return [_CALLS[kind] for kind in named[1].lower().split(", ")] if named else []


def _names_some_kinds(evidence: Evidence, verdict: Verdict) -> bool:
    """Whether a verdict names some of the kinds that the app offers, and not the others."""
    named = _KINDS.match(verdict.summary)
    kinds = named[1].split(", ") if named else []
    return 0 < len(kinds) < len({offer.kind for offer in evidence.offers})


def _handlers(evidence: Evidence, criterion: str) -> str:
    """The lines that catch the exception of a failure; those that catch more than it, where none catches it alone."""
    exceptions = _EXCEPTIONS.get(criterion)
    if exceptions is None:
        return ""
    if criterion == "errors.storage_down":
        stored = _lines(evidence, [_STORES])
        caught = _lines(evidence, [_catches(exceptions)])
        after = [
            next((at for at in caught if at[0] == file and 0 < at[1] - line <= _NEAR), None)
            for file, line in stored
        ]
        return _shown([each for each in dict.fromkeys(after) if each])
    for names in (exceptions, _OPENAI_ERRORS, "Exception|BaseException"):
        if found := _lines(evidence, [_catches(names)]):
            return _shown(found)
    return ""


def _catches(names: str) -> re.Pattern[str]:
    return re.compile(rf"^\s*(?:except|case)\b.*\b(?:{names})\b")


def _nearest_tests(evidence: Evidence, criterion: str) -> str:
    """The tests that came nearest to the faults that went unnoticed, with their lines; empty if they can't be found."""
    section = criterion.partition(".")[2]
    names = dict.fromkeys(
        fault.nearest
        for fault in evidence.test_run.faults
        if fault.caught is False and fault.nearest and _section_of(fault.name) == section
    )
    places = [place for name in names if (place := _line_of_test(evidence, name))]
    return "; ".join(dict.fromkeys(places[:_MOST_SHOWN]))


def _section_of(fault: str) -> str:
    return BY_NAME[fault].section if fault in BY_NAME else ""


def _line_of_test(evidence: Evidence, name: str) -> str:
    """ "tests/test_app.py, line 12, test_texts", given pytest's name of the test."""
    file, _, rest = name.partition("::")
    function = rest.rpartition("::")[2].partition("[")[0]
    defined = re.compile(rf"^\s*(?:async )?def {re.escape(function)}\b")
    for source in evidence.scans.sources:
        if source.path == file or source.path.endswith(f"/{file}"):
            for number, line in enumerate(source.text.splitlines(), 1):
                if defined.search(line):
                    return f"{source.path}, line {number}, {function}"
    return ""


def holds_tests(source: Source) -> bool:
    """Whether a file of the submission has tests in it."""
    return bool(_HAS_TESTS.search(source.text))


def _suite(evidence: Evidence) -> str:
    """The files of tests that ask the generating operation; every one, where none shows that it does."""
    files = [each for each in evidence.scans.sources if holds_tests(each)]
    asked = {offer.path.partition("{")[0] for offer in evidence.offers} - {"/"}
    files = [each for each in files if any(path in each.text for path in asked)] or files
    return "; ".join(each.path for each in files) if len(files) <= _MOST_SHOWN else ""


def _types(evidence: Evidence, verdict: Verdict) -> list[re.Pattern[str]]:
    """The types, in quotes, that objects of the verdict's have and that it names."""
    named = {one.content_type for one in evidence.objects if one.id in verdict.evidence}
    return [
        re.compile(rf"[\"']{re.escape(each)}[\"']")
        for each in sorted(named)
        if each and each.partition(";")[0] in verdict.summary
    ]


def _places(evidence: Evidence, patterns: Iterable[re.Pattern[str]]) -> str:
    """Every line that one of the patterns fits; nothing if there are many."""
    return _shown(_lines(evidence, patterns))


def _shown(found: Sequence[tuple[str, int]]) -> str:
    return "; ".join(f"{file}, line {line}" for file, line in found) if len(found) <= _MOST_SHOWN else ""


def _lines(evidence: Evidence, patterns: Iterable[re.Pattern[str]]) -> list[tuple[str, int]]:
    """The files and the lines of the app's code that one of the patterns fits."""
    wanted = list(patterns)
    return [
        (source.path, number)
        for source in evidence.scans.sources
        if source.path.endswith(".py") and not _TESTS.search(source.path)
        for number, line in enumerate(source.text.splitlines(), 1)
        if any(pattern.search(line) for pattern in wanted) and not line.lstrip().startswith("#")
    ]


def routes_of(evidence: Evidence, paths: Iterable[str]) -> str:
    """The lines where the app's code writes these paths in quotes, as a router takes them; nothing if there are many."""
    return _places(evidence, [re.compile(rf"[\"']{re.escape(path)}/?[\"']") for path in paths if path != "/"])
