"""Flask; pages to sign up and to sign in, a session's cookie for HTTPS alone, and every other page leads back to them."""

import os

from flask import Flask, redirect, request, session
from making import text

app = Flask(__name__)
app.secret_key = os.environ["SECRET_KEY"]
app.config["SESSION_COOKIE_SECURE"] = True
known: dict[str, str] = {}
_FIELDS = '<input name="username"><input name="password" type="password">'


@app.route("/signup", methods=["GET", "POST"])
def signup():
    if request.method == "GET":
        return (
            f'<form method="post">{_FIELDS}<input name="confirm" type="password"><button>Join</button></form>'
        )
    if request.form["password"] != request.form["confirm"]:
        return "The passwords differ.", 400
    known[request.form["username"]] = request.form["password"]
    return redirect("/signin")


@app.route("/signin", methods=["GET", "POST"])
def signin():
    if request.method == "POST" and known.get(request.form["username"]) == request.form["password"]:
        session["who"] = request.form["username"]
        return redirect("/")
    return f'<form method="post">{_FIELDS}<button>Enter</button></form>'


@app.route("/", methods=["GET", "POST"])
def home():
    if "who" not in session:
        return redirect("/signin")
    if request.method == "POST":
        return f"<p>{text(request.form['dream'])}</p>"
    return '<form method="post"><textarea name="dream"></textarea><button>Tell</button></form>'
