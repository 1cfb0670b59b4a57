"""Recognises a key by its shape or by the name that it is assigned to, and knows what only looks like one."""

import re
from collections.abc import Iterator

SHORTEST = 8  # characters of a value that is searched for

_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:sk|sess|rk|pk)[-_][A-Za-z0-9_-]{20,512}"  # OpenAI, Anthropic, Stripe
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"  # AWS' identifiers of keys
    r"|gh[opsur]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{30,255}|glpat-[A-Za-z0-9_-]{20,64}"
    r"|hf_[A-Za-z0-9]{30,64}|gsk_[A-Za-z0-9]{30,128}|xox[abeoprs]-[A-Za-z0-9-]{10,255}"
    r"|(?:r8|npm|sbp|whsec|lin_api|d[op][op]_v1|lsv2_[a-z]{2})_[A-Za-z0-9]{24,256}|(?:tvly|xai|pplx)-[A-Za-z0-9]{24,256}"
    r"|(?:pcsk_|nvapi-|tgp_v1_)[A-Za-z0-9_-]{40,256}|dapi[0-9a-f]{32}|dckr_pat_[A-Za-z0-9_-]{20,64}"
    r"|csk-[a-z0-9]{40,64}|jina_[0-9a-f]{32}[A-Za-z0-9_-]{28}|[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9][A-L][A-Za-z0-9]{24}"
    r"|pypi-[A-Za-z0-9_-]{50,512}|SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,128}"
    r"|AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,512}"
    r"|eyJ[A-Za-z0-9_-]{10,4096}\.eyJ[A-Za-z0-9_-]{10,4096}\.[A-Za-z0-9_-]{10,4096}"  # JSON web tokens
    r"|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[A-Za-z0-9+/=\s\\]{40,8192}-----END"
    r")"
)
# AWS' secrets have no mark of their own: forty characters, where something beside them speaks of AWS or of a secret
_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_AWS_NEAR = re.compile(r"AKIA|ASIA|aws|secret", re.IGNORECASE)

_NAME = r"(?<![\w.-])(?P<open>[\"']?)(?P<name>[A-Za-z_][\w.-]{0,80})"
_QUOTED = re.compile(
    _NAME
    + r"(?:(?P=open)\s{0,3}\]?\s{0,3}(?::\s{0,3}[A-Za-z][\w.]{0,20}\s{0,3}=|=>|:=|=|:)|[\"']\s{0,3},)\s{0,3}"
    r"[A-Za-z]{0,2}(?P<quote>\"\"\"|'''|\"|')(?:Bearer\s|Basic\s)?(?P<value>[^\"'\n]{8,4096})"
)
# a value without quotes, only looked at ahead: what looks like one may hold the next name
_BARE = re.compile(
    r"(?<![\w.+/-])(?P<name>[A-Za-z_][\w.-]{0,80})"
    r"(?=(?:[\"']?\s{0,3}(?:=>|=|:)\s{0,3}(?:(?:Bearer|Basic)\s)?|[ \t|]{1,10})"
    r"(?P<value>[^\s\"'`,;<>(){}\[\]\\&=]{16,4096}={0,2}))"
)
_IN_ADDRESS = re.compile(r"://[^\s/:@\"']{1,100}:(?P<value>[^\s/@\"']{8,200})@")

_SAYS = re.compile(
    r"(?:^|_)(?:(?:api|secret|access|private|account|subscription|encryption|signing|master|auth|shared|storage|azure"
    r"|openai|aws|license|admin|service|live)_?(?:access_?)?key|secret|token|password|passwd|passphrase|pwd"
    r"|credentials?|connection_?string|conn_?str|bearer|authorization|sas|(?:[a-z]+_)?apikey)s?(?:_|\d|$)"
)
_SAYS_KEY = re.compile(r"(?:^|_)key\d?$")
_OTHER_KEYS = re.compile(
    r"(?:object|s3|sort|primary|partition|cache|idempotency|foreign|dict|public|file|image|json|hash|bucket|row|text|audio)_key"
)
_SAYS_OTHERWISE = re.compile(
    r"(?:max|next|page|continuation|last|first|total|prompt|completion|stop|special|num|n)_tokens?(?:_|$)"
    r"|_(?:id|ids|path|file|dir|url|uri|name|type|count|limit|length|env|var|header|prefix|hint|help|label|error)$"
    r"|tokenizer|^pwd$|^x_amz_(?:credential|signature)$"
)
_WORDS = re.compile(
    r"your|my|mocked|mock|testing|test|fake|dummy|examples?|placeholder|sample|change_?me|redacted|insert|goes|here"
    r"|secret|password|token|key|api|openai|none|null|todo|some|the|a key was here|hidden|demo|local"
)
_PATH = re.compile(r"(?:[a-z]+://|[.~]?/)[\w./:@~-]*|[\w./-]+\.[a-z]{1,4}", re.IGNORECASE)
_PLAIN_WORDS = re.compile(r"[A-Z][A-Z0-9_]*_[A-Z0-9_]*|[A-Za-z][a-z]{2,}(?:[-_/. :][A-Za-z][a-z]{2,})*")


def says_secret(name: str) -> bool:
    """Whether what has this name is secret: `OPENAI_API_KEY`, `awsSecretAccessKey`, `x-api-key`; not `max_tokens`."""
    plain = _plain(name)
    if _SAYS_OTHERWISE.search(plain):
        return False
    return bool(_SAYS.search(plain))


def _plain(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[:120])
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def is_placeholder(value: str) -> bool:
    """Whether a value says itself that it is none: `sk-mock-key`, `YOUR KEY HERE`, AWS' documented examples."""
    lowered = value.lower()
    if not _WORDS.search(lowered) and "..." not in value and "…" not in value and "<" not in value:
        return False
    rest = re.sub(r"[^a-z0-9]", "", _WORDS.sub("", lowered))
    return len(rest) < 12 or sum(character.isdigit() for character in rest) < 3


def is_random(value: str) -> bool:
    """Whether a value looks as if nobody could have thought of it: long, without spaces, of many characters."""
    if len(value) < 16 or len(set(value)) < 8 or not value.isascii() or re.search(r"\s", value):
        return False
    digits = sum(character.isdigit() for character in value)
    upper = sum(character.isupper() for character in value)
    lower = sum(character.islower() for character in value)
    return (digits >= 2 and digits < len(value) and upper + lower >= 2) or (
        upper >= 3 and lower >= 3 and len(value) >= 20
    )


def is_worth_hiding(value: str) -> bool:
    """Whether the value of something whose name says that it is secret is one: not a placeholder, a path or a plain word."""
    if (
        len(value) < SHORTEST
        or is_placeholder(value)
        or _PATH.fullmatch(value)
        or _PLAIN_WORDS.fullmatch(value)
    ):
        return False
    return len(value) >= 16 or any(character.isdigit() for character in value)


def keys_in(text: str) -> Iterator[str]:
    """Everything in a text that is a key by its shape, or by the name that it stands beside."""
    for match in _KEY.finditer(text):
        if _is_key(match[0]):
            yield match[0]
    if _AWS_NEAR.search(text):
        for match in _AWS_SECRET.finditer(text):
            mixed = any(map(str.isdigit, match[0])) and any(map(str.isupper, match[0]))
            if mixed and any(map(str.islower, match[0])) and not is_placeholder(match[0]):
                yield match[0]
    for match in _QUOTED.finditer(text):
        if is_named_secret(match["name"], match["value"]):
            yield match["value"]
    for match in _BARE.finditer(text):
        digits = sum(map(str.isdigit, match["value"]))
        if digits >= 3 and is_random(match["value"]) and is_named_secret(match["name"], match["value"]):
            yield match["value"]
    for match in _IN_ADDRESS.finditer(text):
        if is_worth_hiding(match["value"]) and "{" not in match["value"]:
            yield match["value"]


def _is_key(text: str) -> bool:
    return (any(map(str.isdigit, text)) or is_random(text)) and not is_placeholder(text)


def is_named_secret(name: str, value: str) -> bool:
    """Whether a value that was given to a name is a secret."""
    if "[a key was here" in value or re.search(r"\s", value.strip()):
        return False
    if says_secret(name):
        return is_worth_hiding(value) and "{" not in value
    plain = _plain(name)
    return bool(
        _SAYS_KEY.search(plain)
        and not _OTHER_KEYS.search(plain)
        and len(value) >= 24
        and re.fullmatch(r"[A-Za-z0-9_+=-]+", value)
        and is_random(value)
        and not is_placeholder(value)
    )
