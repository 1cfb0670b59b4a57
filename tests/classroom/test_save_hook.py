"""What is taken out of a notebook before it is saved, and what is left as it is."""

import copy
import secrets

import pytest

from classroom.jupyter_hooks.saving import BLOT, before_saving

OPENAI = "sk-" + "proj-" + secrets.token_hex(24)
AWS = "AKIA" + "Q3EGRTZ7XBMNPLK2"


def saved(*sources, outputs=(), metadata=None):
    cells = [{"cell_type": "code", "source": source, "outputs": list(outputs)} for source in sources]
    model = {"type": "notebook", "content": {"cells": cells, "metadata": metadata or {}}}
    before_saving(model, path="a.ipynb", contents_manager=None)
    return model["content"]


@pytest.mark.parametrize("key", [OPENAI, AWS], ids=["OpenAI", "AWS"])
def test_a_key_is_taken_out_wherever_it_stands(key):
    output = {"output_type": "stream", "text": f"the key is {key}\n", "data": {"text/plain": [key]}}
    notebook = saved(f'client = OpenAI(api_key="{key}")', outputs=[output])
    assert key not in str(notebook)
    assert notebook["cells"][0]["source"] == f'client = OpenAI(api_key="{BLOT}")'


def test_a_secret_of_the_environment_is_taken_out_whatever_its_shape(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x/Y" * 13)
    assert "x/Yx/Y" not in str(saved(f"secret = '{'x/Y' * 13}'"))


@pytest.mark.parametrize(
    "text", ["sk-your-secret-key-goes-here", "sk-mock-key", "AKIAIOSFODNN7EXAMPLE", "a task-1234", "testing"]
)
def test_placeholders_stay(text):
    assert saved(f"key = '{text}'")["cells"][0]["source"] == f"key = '{text}'"


def test_the_state_of_widgets_is_left_out():
    assert saved("x", metadata={"widgets": {"value": OPENAI}, "kernelspec": {}})["metadata"] == {
        "kernelspec": {}
    }


def test_other_files_are_left_alone():
    model = {"type": "file", "content": f"key={OPENAI}"}
    same = copy.deepcopy(model)
    before_saving(model, path=".env", contents_manager=None)
    assert model == same
