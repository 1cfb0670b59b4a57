"""What an app can't reach because it is graded without a network is no fault of its author's, whatever status it answers with."""

from types import SimpleNamespace

import pytest

from grader.collect.code.reaching import Reach
from grader.collect.code.services import missing_service
from grader.collect.questioning.asking import _admits, _asked_elsewhere
from grader.inside.unanswered import LINE


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            '{"response": "Error: HTTPSConnectionPool(host=\'mine.openai.azure.com\', port=443): '
            'Max retries exceeded (Name or service not known)"}',
            True,
        ),
        (
            '{"error": "ChainedTokenCredential failed to retrieve a token from the included credentials."}',
            True,
        ),
        ('{"response": "Error: the words are too long"}', False),
        ('{"response": "bad input"}', False),
    ],
)
def test_an_answer_of_success_may_say_what_could_not_be_asked(body, said):
    assert _admits(body) is said


def test_a_sign_in_that_a_request_needs_is_named():
    log = "azure.core.exceptions.ClientAuthenticationError: DefaultAzureCredential failed to retrieve a token"
    assert missing_service(log) == "a sign-in with Azure"


def test_openai_s_package_for_agents_asks_openai(tmp_path):
    (tmp_path / "main.py").write_text("from agents.realtime import RealtimeRunner\n", encoding="utf-8")
    assert Reach(tmp_path).asks_openai(tmp_path / "main.py")


def _session(*places: str):
    printed = "\n".join(LINE.format(place=place) for place in places)
    return SimpleNamespace(printing=SimpleNamespace(log_since=lambda start: printed))


def test_a_client_of_another_service_that_was_asked_in_vain_is_named_whatever_the_app_answers(tmp_path):
    code = 'client = OpenAI(api_key="x", base_url="https://router.example.com/api/v1")\n'
    (tmp_path / "main.py").write_text(code, encoding="utf-8")
    assert _asked_elsewhere(tmp_path, _session("router.example.com:443")) == "router.example.com"
    assert _asked_elsewhere(tmp_path, _session("news.example.com:443")) == ""
    (tmp_path / "main.py").write_text("client = OpenAI()\n", encoding="utf-8")
    assert _asked_elsewhere(tmp_path, _session("router.example.com:443")) == ""
