"""Its inputs have German names, and the file gets the name that the caller gives, wherever that leads."""

from fastapi import FastAPI
from making import text
from pydantic import BaseModel, Field

app = FastAPI()


class Auftrag(BaseModel):
    eingabe: str = Field(min_length=1, max_length=900, examples=["Ein Leuchtturm im Nebel"])
    dateiname: str = Field(pattern=r"^[A-Za-z0-9._/-]{1,60}$", examples=["leuchtturm"])


@app.post("/erzeugnisse", status_code=201)
def erzeugen(auftrag: Auftrag) -> dict[str, str]:
    name = auftrag.dateiname if auftrag.dateiname.endswith(".txt") else f"{auftrag.dateiname}.txt"
    return {"ort": text(auftrag.eingabe, name)}
