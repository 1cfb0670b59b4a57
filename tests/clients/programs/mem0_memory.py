# /// script
# requires-python = ">=3.11"
# dependencies = ["mem0ai>=2"]
# ///
import os
import tempfile

os.environ["MEM0_TELEMETRY"] = "False"
os.environ["MEM0_DIR"] = tempfile.mkdtemp()
from features import main, tries
from mem0 import Memory


def memory():
    place = {"path": tempfile.mkdtemp(), "on_disk": False}
    return Memory.from_config(
        {
            "llm": {"provider": "openai", "config": {"model": "gpt-5.4-mini"}},
            "embedder": {"provider": "openai", "config": {"model": "text-embedding-3-small"}},
            "vector_store": {"provider": "qdrant", "config": place},
            "history_db_path": ":memory:",
        }
    )


@tries("embeddings")
def embeddings():
    kept = memory()
    for fact in ("I love sci-fi movies", "I eat no meat"):
        kept.add(fact, user_id="ada", infer=False)
    found = kept.search("sci-fi movies", filters={"user_id": "ada"})["results"]
    assert found[0]["memory"] == "I love sci-fi movies"


@tries("structured")
def structured():
    kept = memory()
    for words in ("My name is Ada and I live in Paris.", "I moved to Oslo."):
        made = kept.add([{"role": "user", "content": words}], user_id="ada")
        assert words in made["results"][0]["memory"]


main()
