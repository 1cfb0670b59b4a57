"""Apps as people write them, each of one shape that is hard to find, with what a person finds in it by hand."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Shape:
    """One app. `kinds`: what it makes. `place`: where it is asked. `prompt`: the input, as `location:name`."""

    kinds: frozenset[str]
    place: str
    prompt: str


def _shape(kinds: str, place: str, prompt: str) -> Shape:
    return Shape(frozenset(kinds.split()), place, prompt)


SHAPES = {
    "untyped_json": _shape("text", "POST /chat", "json:user_said"),
    "plain_words": _shape("audio", "POST /aloud", "text:"),
    "chosen_by_accept": _shape("text image audio", "POST /renderings", "text:"),
    "three_at_once": _shape("text image audio", "POST /cards", "json:idea"),
    "json_api": _shape("image", "POST /sketches", "json:data.attributes.brief"),
    "body_value": _shape("text", "POST /completion", "json:"),
    "any_object": _shape("image", "POST /poster", "json:motif"),
    "examples_on_parameters": _shape("text image audio", "POST /v1/files/generated/{where}", "query:prompt"),
    "form_on_a_page": _shape("image", "POST /", "form:description"),
    "blueprint_json": _shape("audio", "POST /api/v2/read-aloud", "json:input_text"),
    "flask_query": _shape("audio", "GET /say", "query:phrase"),
    "flask_method_view": _shape("text", "POST /stories/", "form:about"),
    "django_form": _shape("text", "POST /ask/", "form:question"),
    "django_json": _shape("text", "POST /api/rooms/{room}/tale", "json:hero"),
    "mounted": _shape("text", "POST /inner/v3/themes", "json:theme"),
    "messages": _shape("text", "POST /chat", "json:messages.0.content"),
    "multipart": _shape("image", "POST /paint", "multipart:idea"),
    "with_a_picture": _shape("image", "POST /change", "multipart:wish"),
    "prompt_in_a_file": _shape("text image", "POST /letters", "multipart:letter"),
    "ending_fits_the_choice": _shape("text image", "PUT /shelf/{name}", "json:data.attributes.prompt"),
    "in_a_header": _shape("text", "POST /whisper", "header:x-words"),
    "in_the_path": _shape("audio", "GET /speak/{name}", "path:name"),
    "picky": _shape("image", "POST /print", "json:caption"),
    "refusing": _shape("image", "POST /orders", "json:subject"),
    "modes": _shape("text image audio", "POST /wish", "json:about"),
    "azure": _shape("text", "POST /write", "json:prompt"),
    "hosted_tool": _shape("image", "POST /draw", "query:prompt"),
    "job_in_a_200": _shape("image", "POST /jobs", "json:prompt"),
    "event_stream": _shape("text", "GET /stream", "query:message"),
    "web_socket": _shape("text", "WEBSOCKET /ws/chat", "json:line"),
    "limited": _shape("text", "POST /verse", "query:prompt"),
    "expensive": _shape("audio", "POST /words", "query:word"),
    "undocumented": _shape("audio", "POST /api/stage/lines", "json:line"),
    "starlette_form": _shape("text", "POST /poems/limerick", "form:person"),
    "in_another_module": _shape("text", "POST /notes", "json:matter"),
    "finished_in_main": _shape("audio", "POST /api/voices", "json:line"),
    "form_with_a_token": _shape("image", "POST /studio/new", "form:scenery"),
    "opened_first": _shape("text", "POST /lines", "json:line"),
    "two_doors": _shape("image", "POST /pictures", "json:prompt"),
    "counted_in_words": _shape("image", "POST /", "form:shade"),
    "list_of_turns": _shape("text", "POST /talk/", "json:turns.0.content"),
    "word_in_the_body": _shape("text", "POST /question", "json:question"),
    "keys_passed_on": _shape("text", "POST /pages", "json:about"),
    "named_in_another_language": _shape("text", "POST /erzeugnisse", "json:eingabe"),
    "about_a_paper": _shape("text", "POST /answers", "multipart:wonder"),
    "titled": _shape("text", "POST /notes", "json:about"),
    "own_hosts": _shape("text", "POST /slogans", "json:product"),
    "expected_server": _shape("audio", "POST /cues", "json:line"),
    "type_of_question": _shape("text", "POST /answers", "json:question"),
    "swagger_two": _shape("image", "POST /v1/pictures", "json:scene"),
    "guarded_by_a_key": _shape("text", "POST /gedichte", "json:thema"),
    "members_with_a_token": _shape("text", "POST /riddles", "json:subject"),
    "one_known_member": _shape("image", "POST /gallery/paintings", "query:prompt"),
    "signed_in_by_a_page": _shape("text", "POST /", "form:dream"),
    "remembers_in_redis": _shape("text", "POST /guides", "json:town"),
    "script_on_a_page": _shape("text", "POST /answers/", "json:question"),
    "told_in_the_code": _shape("text", "POST /counsel", "json:turns.0.content"),
    "served_by_tornado": _shape("text", "POST /api/epitaphs", "json:hero"),
    "served_by_aiohttp": _shape("audio", "GET /read/{language}", "query:line"),
    "served_by_the_library": _shape("image", "POST /stamps", "json:motif"),
    "list_of_answers": _shape("text", "POST /ratings", "json:0.wonder"),
    "passed_on": _shape("text", "POST /relay/", "json:turns.0.content"),
    "service_of_the_caller": _shape("text", "POST /dialogues", "json:line"),
    "behind_a_word": _shape("text", "GET /wish:{words}", "path:words"),
    "written_address": _shape("image", "POST /mosaics", "json:motif"),
    "one_of_two_ways": _shape("text", "POST /desk/", "json:message"),
    "values_of_a_file": _shape("text", "POST /toasts", "json:occasion"),
}
