"""What a variable is for, where its value passes through a helper, shares a name with another, or is a model's name."""

from pathlib import Path
from textwrap import dedent

import pytest

from grader.collect.code.variables import read_variables


def purposes(root: Path, **modules: str) -> dict[str, str]:
    for name, text in modules.items():
        (root / f"{name}.py").write_text(dedent(text), encoding="utf-8")
    return {
        name: one.purpose for name, one in read_variables(root, [f"{each}.py" for each in modules]).items()
    }


@pytest.mark.parametrize(
    "helper",
    [
        "def asked(words, key):\n    return OpenAI(api_key=key).responses.create(input=words)\n",
        "def asked(words, *, key):\n    openai.api_key = key\n",
        "class asked:\n    def __init__(self, words, key):\n        self.client = OpenAI(api_key=key)\n",
        "class asked:\n    def __init__(self, words, key):\n        self.secret = key\n"
        "    def client(self):\n        return OpenAI(api_key=self.secret)\n",
    ],
)
def test_a_key_that_a_helper_passes_on_is_the_client_s(tmp_path, helper):
    found = purposes(
        tmp_path,
        asking="import openai\nfrom openai import OpenAI\n" + helper,
        main="import os\nfrom asking import asked\nACCESS = os.getenv('ACCESS')\nasked('hello', key=ACCESS)\n",
    )
    assert found == {"ACCESS": "openai_key"}


def test_a_key_passes_through_two_helpers(tmp_path):
    found = purposes(
        tmp_path,
        client="from openai import OpenAI\ndef make(key):\n    return OpenAI(api_key=key)\n",
        texts="from client import make\ndef write(prompt, access):\n    return make(access)\n",
        main="import os\nfrom texts import write\nwrite('hello', os.environ['ACCESS'])\n",
    )
    assert found == {"ACCESS": "openai_key"}


def test_a_name_means_what_its_own_module_gives_it(tmp_path):
    found = purposes(
        tmp_path,
        door="import os\nKEY = os.getenv('DOOR_KEY')\ndef opens(brought):\n    return brought == KEY\n",
        texts="import os\nfrom openai import OpenAI\nKEY = os.getenv('MODEL_KEY')\nclient = OpenAI(api_key=KEY)\n",
    )
    assert found == {"DOOR_KEY": "", "MODEL_KEY": "openai_key"}


def test_settings_are_used_in_other_modules_than_their_own(tmp_path):
    found = purposes(
        tmp_path,
        settings="import os\nclass Settings:\n    writer = os.getenv('WRITER')\n",
        texts="from openai import OpenAI\nfrom settings import Settings\nclient = OpenAI(api_key=Settings.writer)\n",
    )
    assert found == {"WRITER": "openai_key"}


@pytest.mark.parametrize(
    ("call", "purpose"),
    [
        ("client.responses.create(model=NAME)", "model"),
        ("client.chat.completions.create(model=NAME)", "model"),
        ("openai.ChatCompletion.create(engine=NAME)", "model"),
        ("client.audio.speech.create(model=NAME)", "speech_model"),
        ("client.audio.speech.with_streaming_response.create(model=NAME)", "speech_model"),
        ("client.audio.transcriptions.create(model=NAME)", "transcription_model"),
        ("client.images.generate(model=NAME)", "image_model"),
        ("client.images.generate(model=NAME, response_format='b64_json')", "old_image_model"),
        ("client.embeddings.create(model=NAME)", "embedding_model"),
        ("OpenAIEmbeddings(model=NAME)", "embedding_model"),
        ("ChatOpenAI(model=NAME)", "model"),
        ("openai.Completion.create(model=NAME)", "completion_model"),
        ("Car.objects.create(model=NAME)", ""),
    ],
)
def test_a_model_s_name_is_for_what_its_call_makes(tmp_path, call, purpose):
    assert purposes(tmp_path, main=f"import os\nNAME = os.getenv('NAME')\nmade = {call}\n") == {
        "NAME": purpose
    }


def test_functions_that_call_each_other_are_read_once(tmp_path):
    found = purposes(
        tmp_path,
        main="import os\ndef one(key):\n    return two(key)\ndef two(key):\n    return one(key)\none(os.getenv('KEY'))\n",
    )
    assert found == {"KEY": ""}


@pytest.mark.parametrize(
    "kept",
    [
        "app.config['EIMER'] = given or os.environ['ORT']\ndef save():\n    s3.put_object(Bucket=current_app.config['EIMER'])\n",
        "def save(given=None):\n    s3.put_object(Bucket=given or os.environ['ORT'])\n",
    ],
)
def test_a_value_is_followed_through_a_configuration_and_a_choice(tmp_path, kept):
    assert purposes(tmp_path, main=f"import os\n{kept}") == {"ORT": "bucket"}
