# /// script
# requires-python = ">=3.11"
# dependencies = ["chromadb>=1", "openai"]
# ///
import os

import chromadb
from chromadb.utils.embedding_functions import OpenAIEmbeddingFunction
from features import calls, main, tries


@tries("embeddings")
def embeddings():
    make = OpenAIEmbeddingFunction(
        api_key="k", api_base=os.environ["OPENAI_BASE_URL"], model_name="text-embedding-3-small"
    )
    kept = chromadb.EphemeralClient().create_collection("texts", embedding_function=make)
    kept.add(ids=["a", "b", "c"], documents=["a red kite", "tax law of Norway", "a blue whale"])
    assert kept.query(query_texts=["the red kite"], n_results=1)["ids"] == [["a"]]
    assert {call["status"] for call in calls()} == {200}


@tries("dimensions")
def dimensions():
    make = OpenAIEmbeddingFunction(
        api_key="k",
        api_base=os.environ["OPENAI_BASE_URL"],
        model_name="text-embedding-3-large",
        dimensions=256,
    )
    assert len(make(["hello"])[0]) == 256


main()
