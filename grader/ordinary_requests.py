"""The questions about what an app generates: what each is called in the evidence, and what is asked in words.

`grader.collect` puts them, and the criteria of `endpoint.*` judge the answers. A name that only one side knew would be a
question that nobody judges, so both take it from here.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class OrdinaryRequest:
    """One question. `id`: its name in the evidence. `asked`: the subject of a sentence about the answer."""

    id: str
    asked: str


GENERATES = OrdinaryRequest("endpoint.generates", "{kind} of something")
ORDINARY = OrdinaryRequest("endpoint.ordinary", "a prompt with capitals, digits and punctuation")
FOREIGN = OrdinaryRequest("endpoint.foreign", "a prompt in another language")
CHOICE = OrdinaryRequest("endpoint.choice", "the documented type “{type}”")
LONGEST = OrdinaryRequest("endpoint.longest", "a prompt of {length} characters, which your document allows")
AFTER = OrdinaryRequest("endpoint.after", "another ordinary request")
SERVES_FILE = OrdinaryRequest("endpoint.serves_file", "the stored file")
SERVES_AGAIN = OrdinaryRequest("endpoint.serves_again", "the stored file again")
