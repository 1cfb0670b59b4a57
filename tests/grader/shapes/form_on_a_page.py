"""Flask; a page with a form, whose answer is a page."""

from flask import Flask, request
from making import image

app = Flask(__name__)
PAGE = """<h1>Pictures</h1><form method="post"><textarea name="description"></textarea>
<select name="look"><option>oil</option><option>pencil</option></select>
<button name="submit" value="go">Go</button></form>"""


@app.route("/", methods=["GET", "POST"])
def index():
    if "submit" in request.form:
        if request.form["look"] not in ("oil", "pencil"):
            return "<p>No such look</p>", 400
        return f"<p>{image(request.form['description'])}</p>"
    return PAGE
