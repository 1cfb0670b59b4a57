"""An app that keeps something in Redis finds one; what it asks for elsewhere is named."""

import re

from grader.collect.code import services
from grader.collect.code.reaching import Reach
from grader.collect.code.variables import Variable
from grader.collect.start import redis


def variable(name: str, default: str = "") -> Variable:
    return Variable(name, "main.py", 1, not default, default=default)


def test_variables_lead_to_it_by_their_names_and_by_what_they_lead_to_without_a_value():
    names = {
        "CACHE_REDIS_URL": "",
        "BROKER": "redis://redis:6379/3",
        "REDIS_HOST": "cache",
        "REDIS_PORT": "6379",
    }
    found = redis.values({name: variable(name, default) for name, default in names.items()}, 4000)
    assert found == {
        "CACHE_REDIS_URL": "redis://127.0.0.1:4000/0",
        "BROKER": "redis://127.0.0.1:4000/3",
        "REDIS_HOST": "127.0.0.1",
        "REDIS_PORT": "4000",
    }


def test_other_variables_are_left_alone():
    names = {"REDIS_PASSWORD": "", "DATABASE_URL": "postgresql://db/app", "REDIS_TTL": "60"}
    assert redis.values({name: variable(name, default) for name, default in names.items()}, 4000) == {}


def test_the_host_that_could_not_be_reached_is_named_and_what_is_only_mentioned_is_not():
    output = (
        "see https://errors.pydantic.dev/2/v\n"
        "HTTPSConnectionPool(host='files.example.net', port=443): Max retries exceeded with url: /base.bin\n"
        "http://127.0.0.1:9 connection refused\n"
    )
    assert services.hosts_named(output) == ["files.example.net"]


def test_a_container_s_secret_in_the_code_is_found_where_it_is(tmp_path):
    (tmp_path / "main.py").write_text("place = '/run/secrets/openai_key'\n")
    reach = Reach(tmp_path)
    pattern = re.compile(r"/run/secrets/\w+")
    assert reach.quoted(["main.py"], pattern) == "/run/secrets/openai_key"
    assert reach.quoted([], pattern) == ""
