"""Secrets found in files, notebooks and history; placeholders accused of nothing; what git ignores; what CI runs."""

import json
import subprocess

import pytest

from grader.collect.scanning.scans import _odd, scan, secrets_in
from grader.sandbox import Sandbox
from grader.submission import open_submission

# put together here, so that this file itself holds nothing of a secret's shape
OPENAI = "sk-" + "proj-" + "Zk3Jq9Lm2Xv7Rt5Bn8Wc4Hd6Fs1Gy0Pa"
AWS = "AKIA" + "Q7W2E9R4T6Y1U8I3"


@pytest.mark.parametrize(
    "text",
    [
        f'client = OpenAI(api_key="{OPENAI}")',
        f"OPENAI_API_KEY={OPENAI}",
        "key = '" + "sk-" + "4fK9pLq2Zx7Vb1Nm8Rt5Wc3Hd6'",
        f"aws_access_key_id = {AWS}",
        "aws_secret_access_key = " + "q8Rk2Lp9Zx4Vb7Nm1Tt5Wc3Hd6Fs0Gy+Pa/Je9Uo"[:40],
        "token: " + "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
        'API_KEY = "' + "f3a9c17be2d84650" + '9b1c7d2e8f406a35"',
        "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7x9kQ2",
    ],
)
def test_a_credential_is_found(text):
    assert list(secrets_in(text))


@pytest.mark.parametrize(
    "text",
    [
        'OPENAI_API_KEY = "mocked_key"',
        'os.environ["AWS_SECRET_ACCESS_KEY"] = "testing"',
        "OPENAI_API_KEY=YOUR KEY HERE",
        "api_key='sk-test-key-for-unit-tests-0001'",
        "AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        'api_key=os.environ["OPENAI_API_KEY_OF_THE_CLASS"]',
        'password = "{settings.database_password_2}"',
        r'"forgotPassword": "\u5fd8\u8bb0\u5bc6\u7801\u4e86\u5417"',
        "sk-xxxxxxxxxxxxxxxxxxxxxxxx",
        "the task-force-of-2024-and-its-many-members1",
        'digest = "sha256:4f2a"',
        'openai_api_key="sk-your-key-goes-here-123"',
        "ANTHROPIC_API_KEY=sk-ant-" + "supersecreto-12345",
        ".sk-spinner-pulse-bounce2-delay-animation { color: red }",
        'SECRET_KEY = "django-insecure-9s#kd2!mfq8"',
        'password = "correct-horse-battery-staple1"',
        'api_key = "sk-1234567890abcdefghijklmnop"',
        "OPENAI_API_KEY=sk-" + "proj-" + "f64609172efea86a_f64609172efea86a",
    ],
)
def test_a_placeholder_is_not_accused(text):
    assert list(secrets_in(text)) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("sk-" + "ant-api03-" + "Zk3Jq9Lm2Xv7Rt5Bn8Wc4Hd6Fs1Gy0Pa", "Anthropic key"),
        ("sk-" + "or-v1-" + "9f3a1c7be2d846509b1c7d2e8f406a35", "OpenRouter key"),
        (OPENAI, "OpenAI key"),
        ("gsk" + "_" + "Zk3Jq9Lm2Xv7Rt5Bn8Wc4Hd6Fs1Gy0PaZk3Jq9Lm2Xv7Rt5Bn8", "Groq key"),
        ("hf" + "_" + "Zk3Jq9Lm2Xv7Rt5Bn8Wc4Hd6Fs1Gy0PaQw", "Hugging Face token"),
    ],
)
def test_a_credential_is_named_once_and_by_its_issuer(text, kind):
    assert [found for found, *_ in secrets_in(f"KEY={text}")] == [kind]


_DRAWN = "Zk3Jq9Lm2Xv7Rt5Bn8Wc4Hd6Fs1Gy0PaZk3Jq9Lm2Xv7Rt5Bn8Wc4Hd6Fs1Gy0PaQe7U4oS2iT"
_HEX = "9f3a1c7be2d846509b1c7d2e8f406a35d7c48e1096b2f35a"
OTHERS = {
    "Azure key": _DRAWN[:52] + "JQQJ" + "99BKACYe" + "BjFXJ3w3AAABACOGp5Rx",
    "xAI key": "xai" + "-" + (_DRAWN + "Rk8Lp2Zx")[:80],
    "Perplexity key": "pplx" + "-" + _DRAWN[:48],
    "Cerebras key": "csk" + "-" + _DRAWN[:48].lower(),
    "Together key": "tgp" + "_v1_" + _DRAWN[:20] + "-_" + _DRAWN[:21],
    "NVIDIA key": "nvapi" + "-" + _DRAWN[:64],
    "Fireworks key": "fw" + "_" + _DRAWN[:24],
    "Voyage key": "pa" + "-" + _DRAWN[:43],
    "Jina key": "jina" + "_" + _HEX[:32] + _DRAWN[:28],
    "Tavily key": "tvly" + "-dev-" + _DRAWN[:32],
    "Pinecone key": "pcsk" + "_" + _DRAWN[:5] + "_" + _DRAWN[:63],
    "LangSmith key": "lsv2" + "_pt_" + _HEX[:32] + "_" + _HEX[:10],
    "ElevenLabs key": "sk" + "_" + _HEX,
    "Databricks token": "dapi" + _HEX[:32],
    "npm token": "npm" + "_" + _DRAWN[:36],
    "PyPI token": "pypi" + "-AgEIcHlwaS5vcmc" + _DRAWN[:70],
    "Docker token": "dckr" + "_pat_" + _DRAWN[:27],
    "DigitalOcean token": "dop" + "_v1_" + (_HEX + _HEX)[:64],
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_vendors_keys_are_known_by_their_form_alone(kind):
    assert [found for found, *_ in secrets_in(f'client("{OTHERS[kind]}")', strict=True)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "from fw_configuration_of_the_router2024 import fw_update_every_table_of_rules1",
        ".pa-lg-4 .pa-2-on-small-screens-and-pa-4-on-large-screens-only2 { padding: 0 }",
        "npm_config_registry=1 npm_package_dependencies_of_the_project_2024",
        "jina_embeddings_v3_with_late_chunking_and_768_dimensions",
        "sk_buff_head_init_class2_of_the_kernels_network_stack",
        "xai-explainable-models-2024 pplx-7b-online pplx-70b-chat",
        "nvapi-your-key-goes-here-and-nowhere-else-since-it-is-a-placeholder-0001",
        "tvly-YOUR_API_KEY tvly-the-search-for-agents-of-the-year-2024-edition",
        "dapi-service-of-the-data-team-v2 pcsk_index_name_1_of_the_vector_store",
        "sha256:" + _HEX + _HEX[:16] + " csk-north-2 dop_v1_docs lsv2_pt_" + "x" * 32,
    ],
)
def test_names_that_begin_as_keys_do_are_not_accused(text):
    assert list(secrets_in(text, strict=True)) == []


PACKED = "!function(){var e={apiKey:'" + "f3a9c17be2d84650" + "9b1c7d2e8f406a35'};" + "a();" * 600 + "}()"


@pytest.mark.parametrize("name", ["static/app.js", "static/jquery.min.js", "vendor/lib.js", "poetry.lock"])
def test_what_others_made_and_packed_is_not_accused_for_a_name(tmp_path, name):
    file = tmp_path / "work" / name
    file.parent.mkdir(parents=True)
    file.write_text(PACKED)
    assert scanned(tmp_path / "work").secrets == ()


def test_a_key_that_was_built_into_a_page_s_program_is_found_all_the_same(tmp_path):
    (tmp_path / "app.min.js").write_text(f"var k='{OPENAI}';" + "a();" * 600)
    [secret] = scanned(tmp_path).secrets
    assert secret.kind == "OpenAI key"


def scanned(path, app=None):
    with open_submission(str(path), tier="process") as submission, Sandbox("process") as sandbox:
        return scan(submission, sandbox, app)


def test_a_key_in_a_notebook_s_output_is_found_and_not_repeated(tmp_path):
    output = {"output_type": "stream", "text": ["key: " + OPENAI[:9], OPENAI[9:], "\n"]}
    (tmp_path / "n.ipynb").write_text(
        json.dumps({"cells": [{"source": ["print(key)"], "outputs": [output]}]})
    )
    [secret] = scanned(tmp_path).secrets
    assert (secret.kind, secret.where.partition(",")[0]) == ("OpenAI key", "n.ipynb")
    assert OPENAI not in secret.shown


def test_a_git_ignored_env_file_is_no_offence_and_one_that_git_sees_is(tmp_path):
    (tmp_path / "main.py").write_text("")
    (tmp_path / ".env").write_text(f"OPENAI_API_KEY={OPENAI}")
    seen = scanned(tmp_path)
    assert (len(seen.secrets), seen.env_is_ignored) == (1, False)
    (tmp_path / ".gitignore").write_text(".env\n")
    seen = scanned(tmp_path)
    assert (len(seen.secrets), seen.env_is_ignored) == (0, True)


IN_A_FOLDER = {
    "backend/requirements.txt": "fastapi\n",
    "backend/.gitignore": ".env\n",
    "backend/app/main.py": "",
    "frontend/package.json": "{}",
}


@pytest.mark.parametrize(
    ("beside", "ignored"),
    [
        ({}, True),
        ({"compose.yml": "services: {web: {image: nginx}}\n"}, True),
        ({"compose.yml": "services: {web: {env_file: .env}}\n"}, False),
        ({".env.example": "OPENAI_API_KEY=\n"}, False),
        ({"backend/.gitignore": "*.pyc\n"}, False),
        ({"backend/.gitignore": "*.pyc\n", ".gitignore": ".env\n"}, True),
    ],
)
def test_the_env_file_of_an_app_in_a_folder_belongs_there_unless_the_whole_has_one(tmp_path, beside, ignored):
    for name, text in {**IN_A_FOLDER, **beside}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert scanned(tmp_path, "backend/app/main.py").env_is_ignored is ignored


@pytest.fixture
def repository(tmp_path):
    """A repository in which a key was committed, and taken out again."""
    work = tmp_path / "work"
    work.mkdir()

    def git(*arguments):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments], cwd=work, check=True
        )

    git("init", "-q")
    for text in (f"key = '{OPENAI}'", "key = None"):
        (work / "main.py").write_text(text)
        git("add", ".")
        git("commit", "-qm", "x")
    git("bundle", "create", "-q", "../work.bundle", "--all")
    return work


def test_a_key_that_was_committed_once_is_found_in_the_history(repository):
    seen = scanned(repository)
    assert seen.history
    assert [one.where.split()[0] for one in seen.secrets] == ["commit"] * len(seen.secrets) != []


def test_a_bundle_brings_its_history(repository):
    assert scanned(repository.parent / "work.bundle").secrets


def test_commands_in_a_repository_s_configuration_are_not_run(repository, tmp_path):
    trap = tmp_path / "trapped"
    with (repository / ".git" / "config").open("a") as config:
        config.write(f'[core]\n\tfsmonitor = "touch {trap}; false"\n\tpager = "touch {trap}"\n')
        config.write(
            f'[diff]\n\texternal = "touch {trap}"\n[uploadpack]\n\tpackObjectsHook = "touch {trap}; cat"\n'
        )
    assert scanned(repository).secrets
    assert not trap.exists()


@pytest.mark.parametrize(
    ("files", "ci", "markers"),
    [
        ({".github/workflows/ci.yml": "steps:\n- run: echo pytest passes\n"}, (), ()),
        (
            {".github/workflows/ci.yml": "steps:\n- run: echo testing && pytest\n"},
            (".github/workflows/ci.yml",),
            (),
        ),
        ({".github/workflows/a.yml": "run: pytest -q"}, (".github/workflows/a.yml",), ()),
        ({".github/workflows/a.yml": "run: echo hello"}, (), ()),
        ({".gitlab-ci.yml": "script: make test"}, (".gitlab-ci.yml",), ()),
        ({".gitlab-ci.yml": "script:\n  - pip install -r r.txt && pytest"}, (".gitlab-ci.yml",), ()),
        ({".gitlab-ci.yml": "script:\n  - pip install \\\n    pytest boto3\n  - echo done"}, (), ()),
        ({".github/workflows/a.yml": "- name: Run pytest\n  run: uv pip install pytest"}, (), ()),
        ({".github/workflows/a.yml": "- run: uv run -m pytest  # all"}, (".github/workflows/a.yml",), ()),
        ({".github/workflows/a.yml": "# pytest\n- run: echo hello"}, (), ()),
        ({".github/workflows/a.yml": "- uses: someone/pytest-action@v2"}, (".github/workflows/a.yml",), ()),
        (
            {
                ".github/workflows/a.yml": "- run: |\n    bash -x tasks.sh check:all\n",
                "tasks.sh": "function check:all {\n    through\n}\nfunction through {\n    python -m pytest tests\n}\n",
            },
            (".github/workflows/a.yml",),
            (),
        ),
        (
            {
                ".github/workflows/a.yml": "- run: |\n    bash -x tasks.sh build\n",
                "tasks.sh": "function build {\n    python -m build\n}\nfunction test {\n    python -m pytest tests\n}\n",
            },
            (),
            (),
        ),
        (
            {"pytest.ini": "[pytest]\nmarkers =\n    live: costs\n", "test_a.py": "@pytest.mark.live"},
            (),
            ("live",),
        ),
        ({"pytest.ini": "[pytest]\nmarkers =\n    live: costs\n", "test_a.py": ""}, (), ()),
        ({"test_a.py": "@pytest.mark.live"}, (), ()),
        (
            {"setup.cfg": "[tool:pytest]\nmarkers = paid: costs\n", "t/a_test.py": "pytest.mark.paid"},
            (),
            ("paid",),
        ),
    ],
)
def test_what_ci_runs_is_read(tmp_path, files, ci, markers):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    seen = scanned(tmp_path)
    assert (seen.ci, seen.live_markers) == (ci, markers)


def test_code_that_looks_for_the_runs_is_pointed_out_whichever_file_holds_it(tmp_path):
    (tmp_path / "shelf.py").write_text("import gc\n\nfound = gc.get_objects()\n")
    (tmp_path / "jobs.py").write_text("job.outcome = 'done'\n")
    (tmp_path / "fast.so").write_bytes(b"\x7fELF")
    odd = list(_odd(tmp_path, sorted(tmp_path.iterdir())))
    assert odd == [
        "fast.so: compiled code",
        "shelf.py, line 1: import gc",
        "shelf.py, line 3: gc.get_objects",
    ]


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("from gc import get_objects", "import gc"),
        ("import os, gc", "import gc"),
        ("import gc as g", "import gc"),
        ("x = '#'; import gc", "import gc"),
        ("import \\\n    gc", "import gc"),
        ("from sys import _getframe", "sys._getframe"),
        ("import sys as s\ns._getframe()", "sys._getframe"),
        ("import importlib\nimportlib.import_module('gc')", "import gc"),
        ("import threading\nthreading.setprofile(None)", "threading.setprofile"),
        ("def look(frame):\n    return frame.f_locals", "f_locals"),
    ],
)
def test_code_that_looks_for_the_runs_is_pointed_out_in_whichever_words(code, named, tmp_path):
    (tmp_path / "shelf.py").write_text(f"{code}\n")
    (tmp_path / ".gitignore").write_text("shelf.py\n")
    assert any(
        place.startswith("shelf.py, line ") and place.endswith(f": {named}")
        for place in scanned(tmp_path).odd
    )


def test_compiled_code_is_pointed_out_wherever_it_lies(tmp_path):
    (tmp_path / "x__pycache__").mkdir()
    (tmp_path / "x__pycache__" / "shelf.pyc").write_bytes(b"\0")
    (tmp_path / "main.py").write_text("")
    assert list(scanned(tmp_path).odd) == ["x__pycache__/shelf.pyc: compiled code"]


@pytest.mark.parametrize(
    "code",
    [
        "x = 1  # import gc",
        "import os\nimport sys\nprint(os.environ, sys.path, sys.argv)",
        "model.eval()\nast.literal_eval('1')",
        "import inspect\nprint(inspect.signature(print))",
        "import logging\nframe = logging.currentframe()\nwhile frame.f_back:\n    frame = frame.f_back",
    ],
)
def test_ordinary_code_is_not_pointed_out(code, tmp_path):
    (tmp_path / "main.py").write_text(f"{code}\n")
    assert scanned(tmp_path).odd == ()


def test_an_env_file_that_was_committed_before_it_was_ignored_is_named_and_looked_through(tmp_path):
    work = tmp_path / "work"
    (work / "backend").mkdir(parents=True)

    def git(*arguments):
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", *identity, *arguments], cwd=work, check=True)

    (work / "backend/.env").write_text(f"OPENAI_API_KEY={OPENAI}")
    (work / "main.py").write_text("")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "x")
    (work / ".gitignore").write_text(".env\n")
    git("add", ".")
    git("commit", "-qm", "y")
    seen = scanned(work)
    assert (seen.env_is_ignored, seen.tracked_env) == (True, ("backend/.env",))
    assert "backend/.env, line 1" in {secret.where for secret in seen.secrets}
