"""The grader's labelled cases: right designs, right ones that look wrong, and designs with one fault each.

A sample of them is graded in every run of the tests; all of them by `python -m benchmarks.accuracy`, which counts what is missed
and who is accused wrongly. They test principles: none of them may be fitted to.
"""

from dataclasses import dataclass

from tests.grader.grading import Change

# a folder of tests/submissions → the kinds that it offers
DESIGNS: dict[str, frozenset[str]] = {
    "one_json_body": frozenset({"text", "image", "audio"}),
    "three_endpoints": frozenset({"text", "image", "audio"}),
    "flask_app": frozenset({"text", "image", "audio"}),
    "other_words": frozenset({"audio"}),
    "one_word": frozenset({"audio"}),
    "bare_starlette": frozenset({"image"}),
    "nested_json": frozenset({"text", "image"}),
    "django_app": frozenset({"text"}),
    "litestar_app": frozenset({"image", "audio"}),
    "background_jobs": frozenset({"text", "image"}),
    "api_key": frozenset({"text", "audio"}),
    "realtime_voice": frozenset({"audio"}),
    "answer-key": frozenset({"text", "image", "audio"}),
}

# put together here, so that this file itself holds nothing of a key's shape
KEY = "sk-" + "proj-" + "Zk3Jq9Lm2Xv7Rt5Bn8Wc4Hd6Fs1Gy0Pa"


@dataclass(frozen=True)
class Case:
    """A design with changes.

    Attributes:
        name: what was changed.
        base: which design.
        changes: the changes.
        criterion: the one that has to fail; None if none may.
        beside: others that may fail with it, since the fault is seen from there too.
    """

    name: str
    base: str
    changes: tuple[Change, ...]
    criterion: str | None = None
    beside: frozenset[str] = frozenset({"tests.pass"})


def _fault(criterion: str, base: str, *changes: tuple[str, str, str], beside: tuple[str, ...] = ()) -> Case:
    number = sum(case.criterion == criterion for case in FAULTS) + 1
    allowed = {"tests.pass", *beside} if not criterion.startswith("tests.") else set(beside)
    if criterion.startswith("errors."):
        allowed.add("openapi.responses")  # a wrong status is one that the document does not know, too
    return Case(
        f"{criterion} {number}",
        base,
        tuple(Change(*change) for change in changes),
        criterion,
        frozenset(allowed),
    )


FAULTS: list[Case] = []


def _add(criterion: str, base: str, *changes: tuple[str, str, str], beside: tuple[str, ...] = ()) -> None:
    FAULTS.append(_fault(criterion, base, *changes, beside=beside))


WORDS, WORDS_TEST = "service/api.py", "service/tests/test_say.py"
NESTED, NESTED_TEST = "backend/service.py", "backend/tests/test_service.py"
BARE, DJANGO, LITE, JOBS, KEYED, WORD = "web.py", "shop/views.py", "asgi.py", "app.py", "server.py", "main.py"

# --- endpoint
_add("endpoint.starts", "bare_starlette", (BARE, "import base64\n", "import base65\n"))
_add(
    "endpoint.starts",
    "nested_json",
    (NESTED, 'app = FastAPI(title="Maker"', 'settings = Settings()\napp = FastAPI(title="Maker"'),
)
_add("endpoint.uses_prompt", "other_words", (WORDS, "input=word,", 'input="hello",'))
_add(
    "endpoint.uses_prompt",
    "nested_json",
    (NESTED, '{"role": "user", "content": words}', '{"role": "user", "content": "a poem"}'),
)
_add(
    "endpoint.uses_prompt",
    "litestar_app",
    (LITE, 'prompt=f"A drawing of: {words}"', 'prompt="A drawing of a boat"'),
)
_add(
    "endpoint.uses_prompt", "api_key", (KEYED, 'voice="echo", input=prompt,', 'voice="echo", input="hello",')
)
_add("endpoint.saves_to_s3", "other_words", (WORDS, "Body=sound,", "Body=sound[:-1],"))
_add("endpoint.saves_to_s3", "django_app", (DJANGO, "Body=words.encode(),", "Body=words.upper().encode(),"))
_add(
    "endpoint.saves_to_s3",
    "bare_starlette",
    (
        BARE,
        "upload_fileobj(\n            io.BytesIO(picture),",
        "upload_fileobj(\n            io.BytesIO(picture[:500]),",
    ),
)
_add(
    "endpoint.saves_to_s3",
    "answer-key",
    ("src/files_api/storage.py", "Body=content,", 'Body=content + b"\\n",'),
    beside=("endpoint.serves_file",),
)
_add("endpoint.mime_type", "other_words", (WORDS, ", ContentType=kind)", ")"))
_add("endpoint.mime_type", "nested_json", (NESTED, '"text/plain; charset=utf-8"\n', '"application/json"\n'))
_add("endpoint.mime_type", "bare_starlette", (BARE, ', ExtraArgs={"ContentType": TYPES[match[1]]}', ""))
_add("endpoint.mime_type", "litestar_app", (LITE, '"wav", "audio/wav"', '"wav", "audio/mpeg"'))
_add("endpoint.mime_type", "flask_app", ("app.py", '"jpg": "image/jpeg"', '"jpg": "image/png"'))
_add(
    "endpoint.serves_file",
    "django_app",
    (DJANGO, 'content_type=found["ContentType"]', 'content_type="text/html"'),
)
_add(
    "endpoint.serves_file",
    "api_key",
    (
        KEYED,
        "return Response(content, media_type=media_type)",
        'return Response(b"a file", media_type=media_type)',
    ),
)

# --- secrets
_add(
    "secrets.from_environment",
    "other_words",
    (WORDS, "OpenAI(timeout", 'OpenAI(api_key="sk-written-in-the-code", timeout'),
)
_add(
    "secrets.from_environment",
    "django_app",
    (DJANGO, "openai.OpenAI(timeout=3", 'openai.OpenAI(api_key="abc", timeout=3'),
)
_add(
    "secrets.not_leaked",
    "other_words",
    (WORDS, "        kind = {", '        print("using", os.environ["OPENAI_API_KEY"])\n        kind = {'),
)
_add(
    "secrets.not_leaked",
    "api_key",
    (
        KEYED,
        'headers = {"Location"',
        'headers = {"X-Debug": os.environ.get("OPENAI_API_KEY", ""), "Location"',
    ),
)
_add(
    "secrets.not_leaked",
    "nested_json",
    (NESTED, '"It made no sense."', 'os.environ.get("OPENAI_API_KEY", "no")'),
)
_add("secrets.not_in_code", "other_words", (WORDS, "NAME = ", f'OLD_KEY = "{KEY}"\nNAME = '))
_add("secrets.not_in_code", "litestar_app", ("test_asgi.py", 'api_key="x"', f'api_key="{KEY}"'))
_add(
    "secrets.not_in_code",
    "background_jobs",
    ("pytest.ini", "[pytest]\n", f"# OPENAI_API_KEY={KEY}\n[pytest]\n"),
)
_add("secrets.ignored_by_git", "other_words", (".gitignore", ".env\n", ""))
_add("secrets.ignored_by_git", "nested_json", (".gitignore", ".env\n", "*.log\n"))

# --- validation
_add(
    "validation.missing_prompt",
    "django_app",
    (DJANGO, 'order["prompt"], order["title"]', 'order.get("prompt", "a fox"), order["title"]'),
)
_add(
    "validation.missing_prompt",
    "api_key",
    (KEYED, 'examples=["a fox"])],\n    extension', 'examples=["a fox"])] = "a fox",\n    extension'),
    (
        KEYED,
        "    prompt: Annotated[str, Form(max_length=1500",
        "    *,\n    prompt: Annotated[str, Form(max_length=1500",
    ),
    beside=("validation.blank_prompt",),  # FastAPI takes an empty field of a form for one that is not there
)
_add("validation.blank_prompt", "other_words", (WORDS, 're.fullmatch(r"\\s*", word)', "False"))
_add("validation.blank_prompt", "nested_json", (NESTED, "if not value.strip():", "if not value:"))
_add(
    "validation.blank_prompt",
    "litestar_app",
    (
        LITE,
        "    if not words.strip():\n        raise HTTPException(status_code=400, detail",
        "    if not words:\n        raise HTTPException(status_code=400, detail",
    ),
)
_add(
    "validation.oversized_prompt",
    "other_words",
    (WORDS, "Form(max_length=400, ", "Form("),
    (WORDS, "input=word,", "input=word[:4000],"),
)
_add("validation.oversized_prompt", "bare_starlette", (BARE, "1 <= len(what) <= 2000", "len(what) >= 1"))
_add("validation.oversized_prompt", "django_app", (DJANGO, " or len(prompt) > LONGEST", ""))
_add(
    "validation.wrong_file_type",
    "other_words",
    (WORDS, r"\.(mp3|aac)$", r"\.[a-z0-9]+$"),
    (WORDS, "response_format=form\n", 'response_format=form if form == "aac" else "mp3"\n'),
    (WORDS, '"aac": "audio/aac"}[form]', '"aac": "audio/aac"}.get(form, "audio/mpeg")'),
    beside=("validation.extension_mismatch",),  # sound is kept in a file that ends with .png, too
)
_add(
    "validation.wrong_file_type",
    "api_key",
    (KEYED, 'Literal["mp3", "flac", "md"], Form(', "str, Form("),
    (
        KEYED,
        '    prompt = " ".join(prompt.split())\n',
        '    prompt = " ".join(prompt.split())\n    extension = extension if extension in MEDIA else "mp3"\n',
    ),
    beside=("tests.pass", "endpoint.generates_text"),
)
_add(
    "validation.extension_mismatch",
    "nested_json",
    (NESTED, 'if job.target.object_key.endswith(".webp") != wants_picture:', "if False:"),
)
_add(
    "validation.unsafe_path",
    "nested_json",
    (NESTED, r'pattern=r"^[a-z0-9][a-z0-9/_-]*\.(txt|md|webp)$"', r'pattern=r"^.+\.(txt|md|webp)$"'),
)
_add("validation.unsafe_path", "django_app", (DJANGO, "not SLUG.fullmatch(name)", "not name"))

# --- errors
_add(
    "errors.rate_limit",
    "nested_json",
    (NESTED, 'raise Trouble(429, "busy"', 'raise Trouble(200, "busy"'),
    beside=("errors.quota",),
)
_add(
    "errors.quota",
    "one_json_body",
    (
        "app/main.py",
        '503 if error.code == "insufficient_quota" else 429',
        '200 if error.code == "insufficient_quota" else 429',
    ),
)
_add("errors.bad_key", "django_app", (DJANGO, "{400: 422, 429: 429}", "{400: 422, 429: 429, 401: 200}"))
_add(
    "errors.content_policy",
    "nested_json",
    (NESTED, 'raise Trouble(400, "rejected"', 'raise Trouble(200, "rejected"'),
)
_add("errors.server_error", "other_words", (WORDS, "{429: 429, ", "{429: 429, 500: 200, "))
_add("errors.server_error", "django_app", (DJANGO, "{400: 422, 429: 429}", "{400: 422, 429: 429, 500: 203}"))
_add("errors.timeout", "nested_json", (NESTED, "AsyncOpenAI(timeout=4", "AsyncOpenAI(timeout=120"))
_add("errors.timeout", "flask_app", ("app.py", "OpenAI(timeout=2, max_retries=0)", "OpenAI(max_retries=0)"))
_add(
    "errors.malformed",
    "other_words",
    (WORDS, 'if not sound.startswith((b"ID3", b"\\xff")):', "if not sound:"),
)
_add(
    "errors.malformed",
    "bare_starlette",
    (BARE, "except (ValueError, LookupError, TypeError):", "except (LookupError, TypeError):"),
)
_add(
    "errors.malformed",
    "background_jobs",
    (
        JOBS,
        "except (OpenAIError, ValueError, AttributeError, LookupError, TypeError):",
        "except OpenAIError:",
    ),
    beside=("errors.empty_result",),  # reported by the same clause
)
# the picture is fetched from the address in OpenAI's answer, as the retired models give one
FETCHED = (
    (
        "main.py",
        'images = client.images.generate(model="gpt-image-2", prompt=words, size="1024x1024")\n'
        "        return base64.b64decode(images.data[0].b64_json)",
        'images = client.images.generate(model="dall-e-3", prompt=words, size="1024x1024")\n'
        "        return fetched(images.data[0].url)",
    ),
    (
        "main.py",
        "def checked(prompt: str) -> str:",
        "def fetched(address: str) -> bytes:\n"
        "    try:\n"
        "        return httpx.get(address, timeout=2, trust_env=False).content\n"
        "    except httpx.HTTPError as error:\n"
        '        raise ValueError("no picture") from error\n\n\n'
        "def checked(prompt: str) -> str:",
    ),
    ("main.py", "import boto3\nimport openai\n", "import boto3\nimport httpx\nimport openai\n"),
)
_add(
    "errors.malformed",
    "three_endpoints",
    *FETCHED,
    ("main.py", '"png": b"\\x89PNG", "mp3"', '"png": b"", "mp3"'),
)
_add(
    "errors.empty_result",
    "other_words",
    (
        WORDS,
        'if not sound.startswith((b"ID3", b"\\xff")):',
        'if not sound.startswith((b"ID3", b"\\xff")) and sound:',
    ),
)
_add(
    "errors.empty_result",
    "nested_json",
    (NESTED, "if not content.strip() or (wants_picture", "if (wants_picture"),
)
_add("errors.empty_result", "background_jobs", (JOBS, "if not content.strip():", "if False:"))
_add(
    "errors.storage_down", "other_words", (WORDS, "except (ClientError, BotoCoreError):", "except KeyError:")
)
_add(
    "errors.storage_down",
    "nested_json",
    (NESTED, '        raise Trouble(503, "storage", "It could not be kept.") from None', "        pass"),
)
_add(
    "errors.storage_down",
    "litestar_app",
    (
        LITE,
        '        raise HTTPException(status_code=503, detail="Nothing could be kept.") from error',
        "        del error",
    ),
)
_add("errors.no_internals", "other_words", (WORDS, '"The voice said no."', "str(error)"))
_add(
    "errors.no_internals",
    "django_app",
    (
        DJANGO,
        '    except (BotoCoreError, ClientError):\n        return problem(503, "The shelf is out of reach.")',
        "    except (BotoCoreError, ClientError) as error:\n        return problem(503, str(error))",
    ),
)

# --- openapi
_add(
    "openapi.valid",
    "bare_starlette",
    ("openapi.json", '"in": "path", "required": true, ', '"in": "nowhere", '),
)
_add("openapi.described", "other_words", (WORDS, '"""Say a word."""', ""))
_add(
    "openapi.described",
    "django_app",
    ("shop/document.py", '                "description": "Writes it and keeps it.",\n', ""),
)
_add("openapi.inputs", "other_words", (WORDS, 'description="What to say.", ', ""))
_add(
    "openapi.inputs",
    "nested_json",
    (NESTED, ', description="What to make.", examples=["a fox"]', ', description="What to make."'),
)
_add("openapi.responses", "other_words", (WORDS, "504: PROBLEM", "418: PROBLEM"))
_add(
    "openapi.responses",
    "nested_json",
    (NESTED, "(400, 422, 429, 502, 503, 504)", "(400, 422, 429, 503, 504)"),
)

# --- tests
_add("tests.pass", "other_words", (WORDS_TEST, '200, {"stored"', '201, {"stored"'))
_add(
    "tests.pass",
    "django_app",
    (
        "tests.py",
        'self.assertEqual(self.post(prompt="a fox", title="fox").status_code, 201)',
        'self.assertEqual(self.post(prompt="a fox", title="fox").status_code, 200)',
    ),
)
_add(
    "tests.no_spend",
    "one_json_body",
    (
        "tests/test_make.py",
        "from app import main\n",
        "import openai\nfrom app import main\n\n\ndef test_the_network():\n    try:\n        openai.OpenAI(max_retries=0).models.list()\n    except openai.OpenAIError:\n        pass\n\n\n",
    ),
)
_add("tests.happy_path", "other_words", (WORDS_TEST, ', ["hi"])', ", heard)"))
_add(
    "tests.happy_path",
    "bare_starlette",
    (
        "test_web.py",
        '    assert (seen.content, seen.headers["content-type"]) == (PNG, "image/png")\n',
        "    assert seen.content == PNG\n",
    ),
)
_add("tests.happy_path", "litestar_app", ("test_asgi.py", "    assert sent[0][field] == words\n", ""))
_add("tests.error_cases", "other_words", (WORDS_TEST, '" "}).status_code == 422', '" "}).content'))
_add(
    "tests.runs_in_ci", "other_words", ("pyproject.toml", 'markers = ["costs_money: asks OpenAI itself"]', "")
)
_add(
    "tests.runs_in_ci",
    "api_key",
    (".github/workflows/ci.yml", "      - run: pytest\n", "      - run: python -m compileall .\n"),
)


def _tricky(name: str, base: str, *changes: tuple[str, str, str], noticed: bool = False) -> Case:
    """`noticed`: the design's own tests look at what was changed, and rightly fail."""
    beside = frozenset({"tests.pass"} if noticed else ())
    return Case(name, base, tuple(Change(*change) for change in changes), None, beside)


# right, though they look unusual
TRICKY: list[Case] = [
    _tricky(
        "the picture is fetched from its address, and looked at",
        "three_endpoints",
        *FETCHED,
        noticed=True,
    ),
    _tricky(
        "the prompt goes into a template",
        "nested_json",
        (
            NESTED,
            '{"role": "user", "content": words}',
            '{"role": "user", "content": f"Write prose.\\n\\n<request>{words}</request>"}',
        ),
        (
            NESTED_TEST,
            'self.asked.append(messages[-1]["content"])',
            'self.asked.append(messages[-1]["content"].split(">")[1].split("<")[0])',
        ),
    ),
    _tricky(
        "a file of facts is stored beside",
        "nested_json",
        (
            NESTED,
            "        client.put_object(\n            Bucket=self.name, Key=key, Body=content",
            "        facts = b'{}'\n"
            '        client.put_object(Bucket=self.name, Key=key + ".json", Body=facts, ContentType="application/json")\n'
            "        client.put_object(\n            Bucket=self.name, Key=key, Body=content",
        ),
    ),
    _tricky(
        "an unusual status for trouble",
        "other_words",
        (
            WORDS,
            "{429: 429, 400: 400}.get(error.status_code, 502)",
            "{429: 429, 400: 400}.get(error.status_code, 500)",
        ),
        (WORDS, "502: PROBLEM", "500: PROBLEM, 502: PROBLEM"),
    ),
    _tricky(
        "problem+json and no body at all for success",
        "other_words",
        (
            WORDS,
            '        return {"stored": f"sayings/{object_name}"}',
            "        return JSONResponse(None, 200)",
        ),
        (WORDS_TEST, '(200, {"stored": "sayings/hi.mp3"}, ["hi"])', '(200, None, ["hi"])'),
    ),
    _tricky(
        "the bucket is written into the code",
        "three_endpoints",
        ("main.py", 'bucket = os.environ["S3_BUCKET_NAME"]', 'bucket = "a-bucket-of-mine"'),
        noticed=True,
    ),
    _tricky(
        "a retired model that is still asked for",
        "three_endpoints",
        ("main.py", 'gpt-4o-mini"', 'gpt-3.5-turbo"'),
        noticed=True,
    ),
    _tricky(
        "the prompt is put into small letters",
        "django_app",
        (DJANGO, "words = write(prompt)", "words = write(prompt.lower())"),
    ),
    _tricky(
        "the bytes go up in parts",
        "bare_starlette",
        (BARE, "import boto3\n", "import boto3\nfrom boto3.s3.transfer import TransferConfig\n"),
        (
            BARE,
            'ExtraArgs={"ContentType": TYPES[match[1]]}',
            'ExtraArgs={"ContentType": TYPES[match[1]]}, Config=TransferConfig(multipart_threshold=5_000_000)',
        ),
    ),
    _tricky(
        "a key of a shape that only looks like one",
        "litestar_app",
        ("test_asgi.py", 'api_key="x"', 'api_key="sk-test-not-a-real-key"'),
    ),
    _tricky(
        "the documented AWS example key",
        "api_key",
        (
            "tests/test_server.py",
            'MP3 = b"ID3 sound"\n',
            'MP3 = b"ID3 sound"\nEXAMPLE = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")\n',
        ),
    ),
    _tricky(
        "a lifespan that makes the bucket if it is missing",
        "background_jobs",
        (
            JOBS,
            "def bucket():\n",
            'def bucket():\n    if "CREATE_BUCKET" in os.environ:\n        boto3.client("s3").create_bucket(Bucket=os.environ["S3_BUCKET_NAME"])\n',
        ),
    ),
    _tricky(
        "an integer job number, no Location",
        "background_jobs",
        (JOBS, 'Job(id=str(uuid.uuid4()), state="queued")', 'Job(id=str(len(jobs) + 1), state="queued")'),
        (JOBS, '    response.headers["Location"] = f"/jobs/{job.id}"\n', ""),
        (
            "tests/test_jobs.py",
            'client.get(answer.headers["location"])',
            "client.get(f\"/jobs/{answer.json()['id']}\")",
        ),
    ),
]
