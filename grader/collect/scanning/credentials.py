"""Recognises credentials, their issuers, and common placeholders.

Shapes are those of the issuers' documentation. Each repetition that another could continue is bounded: a file made for
it must not be read for hours.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import re2

_MOST_OF_A_KIND = 100  # in one text
_OWN_SECTION = 16  # characters of the shortest part of a key that was drawn at random


@dataclass(frozen=True)
class Shape:
    """One kind of credential. `strict`: its form alone identifies it, in a program's output too.

    `holds`: one of these is in each, in small letters, and found in no time. `random_part`: whether a real one holds a long part
    that was drawn at random, as generated keys do.
    """

    kind: str
    holds: tuple[str, ...]
    pattern: re.Pattern[str]
    strict: bool = True
    random_part: bool = False


# the more particular first: what one shape has named, a later one does not name again
SHAPES: tuple[Shape, ...] = (
    Shape("Anthropic key", ("sk-ant-",), re.compile(r"\bsk-ant-[A-Za-z0-9_-]{16,400}"), random_part=True),
    Shape("OpenRouter key", ("sk-or-",), re.compile(r"\bsk-or-[A-Za-z0-9_-]{16,400}"), random_part=True),
    Shape("Langfuse key", ("sk-lf-", "pk-lf-"), re.compile(r"\b[sp]k-lf-[A-Za-z0-9-]{16,100}")),
    Shape(
        "OpenAI key",
        ("sk-",),
        re.compile(r"\bsk-(?:proj-|svcacct-|admin-|None-)?[A-Za-z0-9_-]{20,400}"),
        random_part=True,
    ),
    Shape("AWS access key", ("akia", "asia"), re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    Shape(
        "AWS secret key",
        ("aws_secret", "awssecret"),
        re.compile(
            r"(?i)aws_?secret\w{0,60}[\"']?\s{0,20}[:=]\s{0,20}[\"']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
        ),
    ),
    Shape(
        "GitHub token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        re.compile(r"\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{36}\b|\bgithub_pat_\w{22,255}"),
    ),
    Shape("GitLab token", ("glpat-",), re.compile(r"\bglpat-[A-Za-z0-9_-]{20,60}")),
    Shape("Slack token", ("xox",), re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,200}")),
    Shape("Google key", ("aiza",), re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b")),
    Shape("Stripe key", ("rk_live_", "sk_live_"), re.compile(r"\b[rs]k_live_[0-9a-zA-Z]{24,200}")),
    Shape("Hugging Face token", ("hf_",), re.compile(r"\bhf_[A-Za-z0-9]{30,60}\b")),
    Shape("Groq key", ("gsk_",), re.compile(r"\bgsk_[A-Za-z0-9]{40,80}\b")),
    Shape("Replicate token", ("r8_",), re.compile(r"\br8_[A-Za-z0-9]{37}\b")),
    Shape(
        "Azure key", ("jqqj9",), re.compile(r"\b[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9][A-L][A-Za-z0-9]{24}\b")
    ),
    Shape("xAI key", ("xai-",), re.compile(r"\bxai-[A-Za-z0-9]{70,100}\b")),
    Shape("Perplexity key", ("pplx-",), re.compile(r"\bpplx-[A-Za-z0-9]{40,60}\b")),
    Shape("Cerebras key", ("csk-",), re.compile(r"\bcsk-[a-z0-9]{48}\b")),
    Shape("Together key", ("tgp_v1_",), re.compile(r"\btgp_v1_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")),
    Shape(
        "NVIDIA key",
        ("nvapi-",),
        re.compile(r"\bnvapi-[A-Za-z0-9_-]{60,80}(?![A-Za-z0-9_-])"),
        random_part=True,
    ),
    Shape("Fireworks key", ("fw_",), re.compile(r"\bfw_[A-Za-z0-9]{22,40}\b"), random_part=True),
    Shape("Voyage key", ("pa-",), re.compile(r"\bpa-[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])"), random_part=True),
    Shape("Jina key", ("jina_",), re.compile(r"\bjina_[0-9a-f]{32}[A-Za-z0-9_-]{28}(?![A-Za-z0-9_-])")),
    Shape(
        "Tavily key",
        ("tvly-",),
        re.compile(r"\btvly-(?:dev-|prod-)?[A-Za-z0-9-]{32,64}(?![A-Za-z0-9-])"),
        random_part=True,
    ),
    Shape("Pinecone key", ("pcsk_",), re.compile(r"\bpcsk_[A-Za-z0-9]{4,8}_[A-Za-z0-9]{55,70}\b")),
    Shape("LangSmith key", ("lsv2_",), re.compile(r"\blsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}\b")),
    Shape("ElevenLabs key", ("sk_",), re.compile(r"\bsk_[0-9a-f]{48}\b")),
    Shape("Databricks token", ("dapi",), re.compile(r"\bdapi[0-9a-f]{32}\b")),
    Shape("npm token", ("npm_",), re.compile(r"\bnpm_[A-Za-z0-9]{36}\b")),
    Shape("PyPI token", ("pypi-age",), re.compile(r"\bpypi-AgE[A-Za-z0-9_-]{50,500}")),
    Shape("Docker token", ("dckr_pat_",), re.compile(r"\bdckr_pat_[A-Za-z0-9_-]{20,60}")),
    Shape(
        "DigitalOcean token", ("doo_v1_", "dop_v1_", "dor_v1_"), re.compile(r"\bdo[opr]_v1_[0-9a-f]{64}\b")
    ),
    Shape("SendGrid key", ("sg.",), re.compile(r"\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}")),
    Shape(
        "private key",
        ("-----begin ",),
        re.compile(r"-----BEGIN (?:RSA |EC |OPENSSH |DSA )?PRIVATE KEY-----\s{1,20}[A-Za-z0-9+/]{20,2000}"),
    ),
    Shape(
        "secret in a name that says so",
        (
            "apikey",
            "api_key",
            "secretkey",
            "secret_key",
            "accesstoken",
            "access_token",
            "authtoken",
            "auth_token",
            "password",
        ),
        re.compile(
            r"(?i)(?:api_?key|secret_?key|access_?token|auth_?token|password)\w{0,60}[\"']?\s{0,20}[:=]\s{0,20}"
            r"[\"']([^\"'\s{}$<>]{20,2000})[\"']"
        ),
        strict=False,
    ),
)
# whether a text may hold one whose form alone identifies it: looked for first, since that takes no time
MAY_HOLD = re2.compile(
    b"(?i)" + b"|".join(re2.escape(part.encode()) for shape in SHAPES if shape.strict for part in shape.holds)
)
# words that people write where a secret would be
_PLACEHOLDER = re.compile(
    r"(?i)mock|test|dummy|fake|example|your|placeholder|change|replace|insert|sample|here|todo|redacted|secret-?key|"
    r"not-?a-?|not-?real|invalid|insecure|xxxx|\.{3}|\*{3}|0{6}|123456|abcdef|qwerty"
)
_ESCAPED = re.compile(
    r"\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}"
)  # a letter of another script, as JSON may write it
_RUN_OF_LETTERS = re.compile(r"[A-Za-z]{3,}")
_UNPRONOUNCEABLE = re.compile(r"(?i)[bcdfghjklmnpqrstvwxz]{5}|[aeiou]{4}")
_CASES_MIXED = re.compile(r"[a-z][A-Z]+[a-z]|[A-Z]{2,}[a-z]")
# what a packer makes of programs, and what comes with a package, names things that look like names of secrets
_VENDORED = re.compile(
    r"(?i)(^|/)(vendors?|third[_-]?party|node_modules|bower_components|site-packages|dist|build|\.next)/"
    r"|[.-]min\.(js|css|mjs)$|\.(bundle|chunk)\.(js|css)$|\.(js|css|mjs)\.map$"
    r"|(^|/)(package-lock\.json|yarn\.lock|pnpm-lock\.yaml|poetry\.lock|uv\.lock|pipfile\.lock|pdm\.lock|cargo\.lock)$"
)
_LONG_LINE = 2_000  # characters: nobody writes such a line of a program by hand


def is_made_by_others(name: str, text: str) -> bool:
    """Whether a file is another's work or a program's: in such a place, or packed into lines that nobody writes."""
    if _VENDORED.search(name):
        return True
    packed = name.rpartition(".")[2].lower() in ("js", "mjs", "css", "html", "svg")
    return packed and any(len(line) > _LONG_LINE for line in text.splitlines()[:50])


def secrets_in(text: str, *, strict: bool = False) -> Iterator[tuple[str, str, int]]:
    """Each credential in a text, up to a number of each kind: its kind, itself, and its line.

    `strict`: only those that their form alone identifies.
    """
    small = text.lower()
    named: set[int] = set()
    for shape in SHAPES:
        if (strict and not shape.strict) or not any(part in small for part in shape.holds):
            continue
        found = (match for match in shape.pattern.finditer(text) if _is_one(shape, match))
        for match in islice(found, _MOST_OF_A_KIND):
            start = match.start(match.lastindex or 0)
            if start not in named:
                named.add(start)
                yield shape.kind, match.group(match.lastindex or 0), text.count("\n", 0, match.start()) + 1


def mask(secret: str) -> str:
    """Enough of a secret to find it again, and no more."""
    return f"{secret[:6]}…{len(secret)} characters"


def _is_one(shape: Shape, match: re.Match[str]) -> bool:
    """Whether something of a secret's shape is one: mixed enough, and not what people write in its place."""
    if shape.kind == "private key":
        return True
    text = match.group(match.lastindex or 0)
    body = text.removeprefix("sk-") if shape.strict else _ESCAPED.sub("", text)
    mixed = any(char.isdigit() for char in body) and any(char.isalpha() for char in body)
    if not mixed or len(set(body)) < 9 or _PLACEHOLDER.search(text):
        return False
    if shape.random_part and not _has_random_part(body):
        return False
    return shape.strict or not are_words(text)


def _has_random_part(body: str) -> bool:
    """Whether a part of a key was drawn at random: long, with digits among its letters."""
    parts = re.split(r"[-_]", body)
    long = [part for part in parts if len(part) >= _OWN_SECTION]
    if len(set(long)) < len(long):
        return False  # the same again: made up
    drawn = any(
        len(part) >= _OWN_SECTION
        and any(char.isdigit() for char in part)
        and any(char.isalpha() for char in part)
        and not are_words(part)
        for part in parts
    )
    # dashes occur in some alphabets, too: a long body of capitals, small letters and digits
    cases = (any(map(str.isupper, body)), any(map(str.islower, body)), any(map(str.isdigit, body)))
    return drawn or (len(body) >= 40 and len(set(body)) >= 20 and all(cases))


def are_words(text: str) -> bool:
    """Whether a text consists of words that can be spoken, for the most part: a person wrote it."""
    letters = sum(map(str.isalnum, text))
    spoken = sum(len(run) for run in _RUN_OF_LETTERS.findall(text) if _can_be_spoken(run))
    return spoken > 0.6 * letters


def _can_be_spoken(run: str) -> bool:
    vowels = sum(char in "aeiouyAEIOUY" for char in run)
    return (
        0.2 <= vowels / len(run) <= 0.7 and not _UNPRONOUNCEABLE.search(run) and not _CASES_MIXED.search(run)
    )
