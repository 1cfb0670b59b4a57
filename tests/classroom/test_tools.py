"""Tools: which is called, with what, and that an agent's loop comes to its end."""

import json
import time

import openai
import pytest
from jsonschema import Draft202012Validator

from classroom.standin.generation import arguments
from classroom.standin.generation.tools import Offer, Tool, choose
from tests.classroom.test_structured import SCHEMAS

MODEL = "gpt-5.4-mini"
STRING, NUMBER, INTEGER = {"type": "string"}, {"type": "number"}, {"type": "integer"}


def tool(name, description="", /, **fields):
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {"type": "object", "properties": fields, "required": list(fields)},
        },
    }


WEATHER = tool("get_weather", "Get the weather", city=STRING)
TIME = tool("get_time", "Get the time", city=STRING)
ADD = tool("add_numbers", "Add two numbers", a=INTEGER, b=INTEGER)

# the usual examples of tutorials: a tool, a prompt that a model calls it for, and the arguments
PAIRS = {
    "snake case": (WEATHER, "What is the weather in Paris?", {"city": "Paris"}),
    "camel case": (tool("getWeather", city=STRING), "What's the weather like in Paris?", {"city": "Paris"}),
    "another word for it": (WEATHER, "Will it rain in Paris tomorrow?", {"city": "Paris"}),
    "one word of several": (
        tool("get_current_weather", location=STRING, unit={"type": "string", "enum": ["celsius", "fahrenheit"]}),
        "weather in Boston, MA in fahrenheit?",
        {"location": "Boston, MA", "unit": "fahrenheit"},
    ),
    "small letters": (WEATHER, "weather in paris please", {"city": "paris"}),
    "an expression": (tool("calculator", "Evaluates", expression=STRING), "What is 12 * (7 + 3)?", {"expression": "12 * (7 + 3)"}),
    "two numbers": (ADD, "What is 2 plus 3?", {"a": 2, "b": 3}),
    "fractions": (tool("multiply", a=NUMBER, b=NUMBER), "What is 6 times 7.5?", {"a": 6, "b": 7.5}),
    "a query": (
        tool("search_web", "Search the web", query=STRING),
        "Search for news about AI",
        {"query": "Search for news about AI"},
    ),
    "quotes and an address": (
        tool("send_email", to=STRING, subject=STRING, body=STRING),
        'Send an email to bob@example.com with subject "Hello" and body "See you"',
        {"to": "bob@example.com", "subject": "Hello", "body": "See you"},
    ),
    "a symbol": (tool("get_stock_price", symbol=STRING), "What is the price of AAPL?", {"symbol": "AAPL"}),
    "a code": (tool("lookup_order", order_id=STRING), "Where is my order A-1042?", {"order_id": "A-1042"}),
    "a number by its name": (tool("getUserById", user_id=INTEGER), "Show me user 42", {"user_id": 42}),
    "two places and a day": (
        tool("book_flight", origin=STRING, destination=STRING, date=STRING),
        "Book a flight from Paris to New York tomorrow",
        {"origin": "Paris", "destination": "New York", "date": "tomorrow"},
    ),
    "two languages": (
        tool("translate_text", text=STRING, target_language=STRING),
        'Translate "good morning" to French',
        {"text": "good morning", "target_language": "French"},
    ),
    "a list": (
        tool("sum_list", numbers={"type": "array", "items": NUMBER}),
        "sum 1, 2 and 3.5",
        {"numbers": [1, 2, 3.5]},
    ),
}  # fmt: skip


def ask(client, prompt, tools, **options):
    messages = [{"role": "user", "content": prompt}]
    return client.chat.completions.create(model=MODEL, messages=messages, tools=tools, **options).choices[0]


@pytest.mark.parametrize("case", PAIRS)
def test_a_tool_is_called_with_the_words_of_the_prompt(client, case):
    offered, prompt, wanted = PAIRS[case]
    choice = ask(client, prompt, [offered])
    [call] = choice.message.tool_calls or pytest.fail(f"no call: {choice.message.content}")
    assert json.loads(call.function.arguments) == wanted


@pytest.mark.parametrize(
    ("offered", "prompt"),
    [(WEATHER, "Write a poem about love"), (ADD, "Who was Ada Lovelace?"), (tool("send_mail"), "What is the weather?")],
)  # fmt: skip
def test_a_tool_that_the_prompt_does_not_speak_of_is_not_called(client, offered, prompt):
    assert ask(client, prompt, [offered]).message.tool_calls is None


def test_of_several_tools_the_one_that_fits_is_called(client):
    choice = ask(client, "What is 2 plus 3?", [WEATHER, TIME, ADD])
    assert [call.function.name for call in choice.message.tool_calls] == ["add_numbers"]


def test_tools_that_the_prompt_names_are_called_together_unless_that_is_forbidden(client):
    prompt = "What are the weather and the time in Oslo?"
    both = ask(client, prompt, [WEATHER, TIME]).message.tool_calls
    assert [call.function.name for call in both] == ["get_weather", "get_time"]
    assert len({call.id for call in both}) == 2
    assert len(ask(client, prompt, [WEATHER, TIME], parallel_tool_calls=False).message.tool_calls) == 1


def test_one_tool_is_called_for_each_place(client):
    calls = ask(client, "weather in Paris, Rome and New York?", [WEATHER]).message.tool_calls
    cities = [json.loads(call.function.arguments)["city"] for call in calls]
    assert cities == ["Paris", "Rome", "New York"]


def test_without_parallel_calls_the_places_come_one_after_the_other(client):
    messages, cities = [{"role": "user", "content": "weather in Paris, Rome and New York?"}], []
    for _ in range(5):
        order = {"model": MODEL, "messages": messages, "tools": [WEATHER], "parallel_tool_calls": False}
        message = client.chat.completions.create(**order).choices[0].message
        if not message.tool_calls:
            break
        (call,) = message.tool_calls
        cities.append(json.loads(call.function.arguments)["city"])
        messages += [message, {"role": "tool", "tool_call_id": call.id, "content": f"14 in {cities[-1]}"}]
    assert cities == ["Paris", "Rome", "New York"]
    assert message.content


def test_several_calls_stream_as_they_are_whole(client):
    order = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "weather in Paris and Rome?"}],
        "tools": [WEATHER],
    }
    whole = client.chat.completions.create(**order).choices[0].message.tool_calls
    with client.chat.completions.create(**order, stream=True) as stream:
        parts = [part for chunk in stream for part in chunk.choices[0].delta.tool_calls or []]
    for index, call in enumerate(whole):
        own = [part for part in parts if part.index == index]
        assert own[0].id == call.id
        assert "".join(part.function.arguments for part in own) == call.function.arguments


def loop(client, prompt, tools, **options):
    """An agent's loop of at most ten turns: the names called, and the last words."""
    messages, called = [{"role": "user", "content": prompt}], []
    for _ in range(10):
        order = {"model": MODEL, "messages": messages, "tools": tools, **options}
        message = client.chat.completions.create(**order).choices[0].message
        if not message.tool_calls:
            return called, message.content
        messages.append(message)
        for call in message.tool_calls:
            called.append(call.function.name)
            messages.append(
                {"role": "tool", "tool_call_id": call.id, "content": f"result of {call.function.name}"}
            )
    pytest.fail(f"the loop did not end: {called}")


@pytest.mark.parametrize("choice", ["auto", "required"])
def test_a_loop_calls_each_tool_once_and_ends_with_words(client, choice):
    called, words = loop(client, "weather in Paris?", [WEATHER, ADD], tool_choice=choice)
    assert called == ["get_weather"]
    assert "result of get_weather" in words


def test_a_tool_without_a_result_is_called_before_the_model_speaks(client):
    prompt = "weather in Paris, and add 1 and 2"
    called, _ = loop(client, prompt, [WEATHER, ADD], parallel_tool_calls=False)
    assert sorted(called) == ["add_numbers", "get_weather"]


def test_required_tools_end_with_the_one_that_takes_the_answer(client):
    final = tool("final_result", "The final response", answer=STRING)
    called, _ = loop(client, "weather in Paris?", [WEATHER, final], tool_choice="required")
    assert called == ["get_weather", "final_result"]


def test_a_result_that_asks_for_another_try_gets_it_and_not_for_ever():
    wanted = Offer((Tool("final_result", "", {"type": "object"}),), "required")
    call = {"id": "c", "function": {"name": "final_result"}}
    turn = [{"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "c", "content": "Fix the errors and try again."}]  # fmt: skip
    conversation = [{"role": "user", "content": "hi"}, *turn]
    assert choose(wanted, "hi", conversation)
    assert not choose(wanted, "hi", [*conversation, *turn, *turn])


def test_the_user_s_next_words_may_call_the_tool_again(client):
    first = ask(client, "weather in Paris?", [WEATHER]).message
    messages = [
        {"role": "user", "content": "weather in Paris?"},
        first,
        {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "fog"},
        {"role": "assistant", "content": "Fog."},
        {"role": "user", "content": "And the weather in Rome?"},
    ]
    again = client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER]).choices[0].message
    assert json.loads(again.tool_calls[0].function.arguments) == {"city": "Rome"}


def test_a_handoff_goes_alone_and_the_next_agent_speaks_of_the_question(client):
    refund, sales = (
        tool("transfer_to_refund_agent", "Handoff to the Refund agent"),
        tool("transfer_to_sales_agent"),
    )
    [call] = ask(client, "I want a refund", [sales, refund]).message.tool_calls
    assert call.function.name == "transfer_to_refund_agent"
    messages = [
        {"role": "user", "content": "I want a refund for my order 42"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call.id, "content": '{"assistant": "Refund agent"}'},
    ]
    order = {"model": MODEL, "messages": messages}
    issue = tool("issue_refund", "Refund an order", order_id=INTEGER)
    [issued] = client.chat.completions.create(**order, tools=[issue]).choices[0].message.tool_calls
    assert json.loads(issued.function.arguments) == {"order_id": 42}
    assert "my order 42" in client.chat.completions.create(**order).choices[0].message.content


def test_a_response_calls_and_goes_on_in_the_same_way(client):
    flat = [{"type": "function", **each["function"]} for each in (WEATHER, ADD)]
    order = {"model": MODEL, "tools": flat, "tool_choice": "required"}
    given = [{"role": "user", "content": "weather in Paris and Rome?"}]
    first = client.responses.create(**order, input=given)
    assert [json.loads(item.arguments)["city"] for item in first.output] == ["Paris", "Rome"]
    assert len({item.id for item in first.output}) == len({item.call_id for item in first.output}) == 2
    results = [
        {"type": "function_call_output", "call_id": item.call_id, "output": "fog"} for item in first.output
    ]
    assert client.responses.create(**order, input=[*given, *first.output, *results]).output_text
    assert client.responses.create(**order, input=results, previous_response_id=first.id).output_text


@pytest.mark.parametrize("choice", [{"name": "set_weather"}, "always"])
def test_a_function_call_that_names_no_function_is_refused(client, choice):
    order = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "hi"}],
        "functions": [WEATHER["function"]],
    }
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**order, function_call=choice)
    assert caught.value.param == "function_call"


@pytest.mark.parametrize("wanted", SCHEMAS)
@pytest.mark.parametrize(
    "prompt", ["", "add 3 and 4", 'Send "x" to Ada in Paris on 2026-01-02', "a is ABC-1234"]
)
def test_arguments_fit_their_schema_whatever_the_prompt(wanted, prompt):
    validator = Draft202012Validator(wanted, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for made in arguments.fill(wanted, prompt, seed="1", several=True):
        assert not list(validator.iter_errors(made))


HOSTILE = [
    "(" * 1_000_000,
    "1 " * 500_000,
    "A " * 500_000,
    '"' * 500_000,
    "in A, and " * 100_000,
    "a@" * 500_000,
    "1+" * 500_000,
]


@pytest.mark.parametrize("prompt", HOSTILE, ids=range(len(HOSTILE)))
def test_a_prompt_made_to_be_slow_to_read_is_read_quickly(prompt):
    names = (
        "city",
        "expression",
        "email",
        "url",
        "query",
        "order_id",
        "date",
        "currency",
        "title",
        "x" * 50_000,
    )
    wide = {"type": "object", "properties": dict.fromkeys([*names, *map(str, range(2_000))], STRING)}
    offer = Offer(tuple(Tool(f"get_{name[:20]}", "what it is", wide) for name in names))
    start = time.perf_counter()
    chosen = choose(offer, prompt, [{"role": "user", "content": prompt}])
    arguments.fill(wide, prompt, seed="1", several=True)
    assert time.perf_counter() - start < 3
    assert len(chosen) <= len(names)


def _asked(client, *items):
    asked = [{"role": "user", "content": "What is the weather in Oslo?"}, *items]
    return client.responses.create(model="gpt-5.4-mini", input=asked)


_CALL = {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{}"}
_OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "14 degrees"}


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([_OUTPUT], "No tool call found for function call output with call_id call_1"),
        ([_CALL], "No tool output found for function call call_1"),
        ([_CALL, {**_OUTPUT, "call_id": "call_2"}], "call_id call_2"),
    ],
)
def test_a_call_without_its_output_or_an_output_without_its_call_is_refused(client, items, words):
    with pytest.raises(openai.BadRequestError, match=words):
        _asked(client, *items)
    assert "14 degrees" in _asked(client, _CALL, _OUTPUT).output_text
