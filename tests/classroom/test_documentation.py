"""The page of the stand-in says what there is."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import classroom.standin
from classroom.standin import routes
from classroom.standin.records.verdicts import Rule
from classroom.standin.routing import OPERATIONS
from classroom.standin.scripting.faults import EFFECTS
from classroom.standin.scripting.replies import CONTENTS
from classroom.standin.scripting.scripts import read_script

PAGE = Path(classroom.standin.__file__).with_name("README.md").read_text(encoding="utf-8")


def test_every_route_is_on_the_page_and_no_other():
    routes = PAGE.partition("## Every route")[2].partition("\n## ")[0]
    documented = set(re.findall(r"`((?:GET|POST|DELETE) /[^`]+)`", routes))
    assert documented == {f"{each.method} /{each.path}" for each in OPERATIONS}


def test_every_module_of_routes_is_served():
    modules = [import_module(f"{routes.__name__}.{each.name}") for each in iter_modules(routes.__path__)]
    written = [each for module in modules for each in getattr(module, "OPERATIONS", ())]
    assert [f"{each.method} {each.path}" for each in written if each not in OPERATIONS] == []


def test_every_family_of_routes_is_in_the_contract():
    page = Path(__file__).parents[2] / "docs" / "contract.md"
    listed = page.read_text(encoding="utf-8").partition("## The OpenAI stand-in")[2].partition("\n## ")[0]
    families = {each.path.partition("/")[0] for each in OPERATIONS}
    assert {family for family in families if f"/{family}" not in listed} == set()


def test_every_fault_and_every_verdict_is_on_the_page():
    for effect in EFFECTS:
        assert f'effect="{effect}"' in PAGE
    for rule in Rule.__args__:
        assert f"`{rule}`" in PAGE


def test_the_page_s_example_runs(capsys):
    example, _ = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("[429, 200] 0.000")


def test_the_page_s_replies_can_be_scripted(openai_mock):
    _, example = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(example.replace('"lighthouse.png"', "b'png'"), "README.md", "exec"), {"mock": openai_mock})


def test_the_page_s_script_can_be_read(tmp_path):
    [script] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "script.toml"
    path.write_text(script)
    assert read_script(path).replies


def test_every_content_of_a_reply_is_on_the_page():
    for content in CONTENTS:
        assert f"| `{content}`" in PAGE
