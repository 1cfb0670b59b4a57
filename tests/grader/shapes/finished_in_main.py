"""Flask; a factory makes a bare app, and only the script gives it its routes before it runs it."""

from flask import Blueprint, Flask, request
from making import speech

voices = Blueprint("voices", __name__)


@voices.post("/voices")
def voice():
    return {"key": speech(request.get_json()["line"])}


def create_app():
    return Flask(__name__)


def main():
    app = create_app()
    app.register_blueprint(voices, url_prefix="/api")
    app.run(debug=True, port=5000)


if __name__ == "__main__":
    main()
