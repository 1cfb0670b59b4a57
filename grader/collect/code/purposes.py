"""What the values of variables are used for in a submission's code: which argument of a client, of a call or of a helper they become.

A key may pass through a helper's parameters before it comes to a client, so calls of the submission's own functions are
followed by their names; a name means what it means in the module that it is in, before what it means elsewhere.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from grader.collect.code.env_files import taken
from grader.collect.code.reads import dotted, held_name, read_name

_READ = "$"  # before the name of a variable that is read where its value is used
_ROUNDS = 3  # helpers that one value passes through, one calling the other
_CLIENTS = re.compile(
    r"OpenAI|^Client$|^AsyncClient$|^completion$|^acompletion$|ChatCompletion|^LLM$|^Agent$"
)
# what an argument of a call means, for a client of OpenAI's and for boto3's
_OF_OPENAI = {
    "api_key": "openai_key",
    "openai_api_key": "openai_key",
    "base_url": "openai_url",
    "api_base": "openai_url",
    "openai_api_base": "openai_url",
    "azure_endpoint": "azure_url",
    "api_version": "api_version",
    "openai_api_version": "api_version",
    "azure_deployment": "deployment",
    "deployment_name": "deployment",
    "model": "model",
    "model_name": "model",
}
_OF_S3 = {
    "aws_access_key_id": "access_key",
    "aws_secret_access_key": "secret_key",
    "endpoint_url": "s3_url",
    "region_name": "region",
    "Bucket": "bucket",
    "bucket": "bucket",
    "bucket_name": "bucket",
}
_OF_DATABASES = frozenset({"create_engine", "create_async_engine"})
_NAMES_MODEL = ("model", "engine", "deployment_id")
_ADDRESS = re.compile(r"api\.openai\.com|/chat/completions|/audio/speech|/images/generations|/v1/responses")
# the part of an SDK that a call belongs to, and what the model of such a call makes
_PARTS = {
    "images": "image_model",
    "Image": "image_model",
    "speech": "speech_model",
    "transcriptions": "transcription_model",
    "translations": "transcription_model",
    "Audio": "transcription_model",
    "embeddings": "embedding_model",
    "Embedding": "embedding_model",
    "Completion": "completion_model",
    "completions": "model",
    "responses": "model",
    "ChatCompletion": "model",
}
_OLD_IMAGES = frozenset({"response_format", "style"})  # parameters that only the models before gpt-image take
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Helpers = dict[str, tuple[tuple[str, ...], dict[str, str]]]  # by name: its parameters, and what some are for


class Purposes:
    """What names are used for in the modules of a submission.

    Args:
        modules: file and tree of each.
        held: for each variable, the files and the names there that hold its value.
    """

    def __init__(
        self, modules: Sequence[tuple[str, ast.Module]], held: Mapping[str, Sequence[tuple[str, str]]]
    ) -> None:
        self._held = held
        self._holds = {place: name for name, places in held.items() for place in places}
        helpers: _Helpers = {}
        for _ in range(_ROUNDS):
            found = dict(_helpers(modules, helpers))
            if found == helpers:
                break
            helpers = found
        self._uses = {file: _uses(tree, helpers) for file, tree in modules}

    def of(self, variable: str) -> str:
        """What a variable is used for, such as `openai_key`; empty where nothing says it."""
        places = self._held.get(variable, ())
        for uses in self._uses.values():
            if purpose := uses.get(_READ + variable):
                return purpose
        for file, name in places:
            if purpose := self._uses.get(file, {}).get(name):
                return purpose
        for name in dict.fromkeys([*(name for _, name in places), variable]):
            for file, uses in self._uses.items():
                if name in uses and self._holds.get((file, name), variable) == variable:
                    return uses[name]
        return ""


def _helpers(
    modules: Sequence[tuple[str, ast.Module]], known: _Helpers
) -> Iterator[tuple[str, tuple[tuple[str, ...], dict[str, str]]]]:
    """The submission's own functions and classes of which a parameter has a purpose."""
    for _, tree in modules:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                made = next((one for one in node.body if _is_called(one, "__init__")), None)
                if made is not None:
                    used = _uses(node, known)
                    for name, attribute in _kept(made):
                        if attribute in used:
                            used.setdefault(name, used[attribute])
                    yield from _helper(node.name, made, used)
            elif isinstance(node, _Function) and not node.name.startswith("__"):
                yield from _helper(node.name, node, _uses(node, known))


def _is_called(node: ast.stmt, name: str) -> bool:
    return isinstance(node, _Function) and node.name == name


def _helper(
    name: str, function: ast.stmt, used: Mapping[str, str]
) -> Iterator[tuple[str, tuple[tuple[str, ...], dict[str, str]]]]:
    assert isinstance(function, _Function)
    arguments = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    if arguments[:1] in (["self"], ["cls"]):
        arguments = arguments[1:]
    every = (*arguments, *(each.arg for each in function.args.kwonlyargs))
    purposes = {one: used[one] for one in every if one in used}
    if purposes:
        yield name, (tuple(arguments), purposes)


def _kept(function: ast.stmt) -> Iterator[tuple[str, str]]:
    """A parameter's name, and the attribute that keeps it."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Attribute(attr=attribute)], value=ast.Name(id=name)):
                yield name, attribute


def _uses(tree: ast.AST, helpers: _Helpers) -> dict[str, str]:
    """What variables, or the names that hold their values, are used for in a part of a module."""
    found: dict[str, str] = {}
    asks_openai = any(
        isinstance(node, ast.Constant) and isinstance(node.value, str) and _ADDRESS.search(node.value)
        for node in ast.walk(tree)
    )
    for node in ast.walk(tree):
        match node:
            case ast.Call():
                for value, purpose in _of_call(node, helpers):
                    _note(found, value, purpose)
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id="openai" | "litellm"), attr=attr)], value=value
            ):
                if attr in _OF_OPENAI:
                    _note(found, value, _OF_OPENAI[attr])
            case ast.Assign(
                targets=[ast.Subscript(slice=ast.Constant(value="SQLALCHEMY_DATABASE_URI"))], value=value
            ):
                _note(found, value, "database")
            case ast.JoinedStr(
                values=[ast.Constant(value=str() as before), ast.FormattedValue(value=value), *_]
            ):
                if asks_openai and before.endswith("Bearer "):
                    _note(found, value, "openai_key")
    return found


def _of_call(node: ast.Call, helpers: _Helpers) -> Iterator[tuple[ast.expr, str]]:
    parts = dotted(node.func).split(".")
    known = _OF_OPENAI if _CLIENTS.search(parts[-1]) else _OF_S3
    asked = next((_PARTS[part] for part in reversed(parts[:-1]) if part in _PARTS), "")
    named = {each.arg for each in node.keywords}
    if asked == "image_model" and named & _OLD_IMAGES:
        asked = "old_image_model"
    for each in node.keywords:
        if asked and each.arg in _NAMES_MODEL:
            yield each.value, asked
        elif each.arg in known:
            purpose = known[each.arg]
            yield (
                each.value,
                "embedding_model" if purpose == "model" and "Embedding" in parts[-1] else purpose,
            )
    if parts[-1] in _OF_DATABASES and node.args:
        yield node.args[0], "database"
    if parts[-1] in helpers:
        arguments, purposes = helpers[parts[-1]]
        given = [
            *zip(arguments, node.args, strict=False),
            *((each.arg, each.value) for each in node.keywords),
        ]
        for name, value in given:
            if name in purposes:
                yield value, purposes[name]


def _note(found: dict[str, str], value: ast.expr, purpose: str) -> None:
    if isinstance(value, ast.BoolOp):  # `bucket or os.environ["PLACE"]`
        for each in value.values:
            _note(found, each, purpose)
        return
    if (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and value.func.attr == "get_secret_value"
    ):
        value = value.func.value
    read = read_name(value) or taken(value)
    name = _READ + read[0] if read else held_name(value)
    if name:
        found.setdefault(name, purpose)
    if isinstance(value, ast.Subscript) and (key := held_name(value)):
        found.setdefault(
            key, purpose
        )  # what looks like a variable of a file may be an entry of a configuration
