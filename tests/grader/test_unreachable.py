"""What an app can't reach because it is graded without a network is no fault of its author's, whatever status it answers with."""

import pytest

from grader.collect.code.reaching import Reach
from grader.collect.code.services import missing_service
from grader.collect.questioning.asking import _admits


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
