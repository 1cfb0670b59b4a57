"""Flask; a page's form of texts alone, one of which has to be a number: any other is an error without a word."""

from flask import Flask, request
from making import image

app = Flask(__name__)
PAGE = """<h1>Badges</h1><form action="/" method="post">
<input type="text" name="shade" placeholder="e.g. pale green" required>
<input type="text" name="motto" placeholder="e.g. Slow Bakery" required>
<input type="text" name="sheets" placeholder="1 to 3" required><input type="submit"></form>"""


@app.route("/", methods=["GET", "POST"])
def badges():
    if request.method == "GET":
        return PAGE
    words = f"A badge in {request.form['shade']} that says {request.form['motto']}"
    keys = [image(words) for _ in range(min(int(request.form["sheets"]), 3))]
    return f"<ul>{''.join(f'<li>{key}</li>' for key in keys)}</ul>"
