"""Flask, made by a factory, with a blueprint below a prefix; the form on its page has a token that has to come back."""

import os
import secrets

from flask import Blueprint, Flask, abort, request, session
from making import image

pages = Blueprint("pages", __name__, url_prefix="/studio")


@pages.route("/new", methods=["GET", "POST"])
def new():
    if request.method == "GET":
        session["token"] = secrets.token_hex(8)
        return (
            f'<form method="post"><input type="hidden" name="csrf_token" value="{session["token"]}">'
            '<label>Scene <textarea name="scenery"></textarea></label><input type="submit" name="submit" value="Paint"></form>'
        )
    if request.form.get("csrf_token") != session.get("token"):
        abort(400, "The CSRF token is missing.")
    return f"<p>{image(request.form['scenery'])}</p>"


def create_app(configuration=None):
    app = Flask(__name__)
    app.config["SECRET_KEY"] = os.environ["STUDIO_SECRET_KEY"]
    app.config.update(configuration or {})
    app.register_blueprint(pages)
    return app
