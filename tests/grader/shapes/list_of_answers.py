"""Flask; the body is a list of objects, and what each of them has to hold is said by refusals alone."""

from flask import Flask, request
from making import text

NEEDED = ("wonder", "remark")

app = Flask(__name__)


@app.post("/ratings")
def rate():
    rows = request.get_json(silent=True)
    if not isinstance(rows, list):
        return {"message": f'Expected a list of items but got type "{type(rows).__name__}".'}, 400
    lacking = [{name: ["This field is required."] for name in NEEDED if not row.get(name)} for row in rows]
    if not rows or any(lacking):
        return {"message": str(lacking)}, 400
    return {"key": text("\n".join(" ".join(str(row[name]) for name in NEEDED) for row in rows))}
