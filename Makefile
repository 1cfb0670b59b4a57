# Each target is one line over Python commands that work alone, on Windows too: see README.md.
PYTHON ?= python3
BIN := .venv/bin
SUBMISSION ?= answer-key
ISOLATION ?= auto

.PHONY: lab grade test conformance setup requirements release notebooks site
.SILENT:

lab: setup        ## open JupyterLab on the first notebook, with the stand-ins running
	$(BIN)/classroom lab

grade: setup      ## grade a submission: make grade SUBMISSION=path
	$(BIN)/grader check "$(SUBMISSION)" --isolation "$(ISOLATION)" --json reports/report.json --html reports/report.html

test: setup       ## every test, every notebook, the style, the types
	$(BIN)/python -m tests

conformance: setup ## OpenAI's own SDK tests against the stand-in (needs the package index)
	$(BIN)/python -m tests.conformance

release: setup    ## write lab/ and notebooks/ anew from answer-key/
	$(BIN)/grader release .

notebooks: setup  ## run the solved notebooks anew and keep what they show
	$(BIN)/jupyter nbconvert --log-level WARN --to notebook --execute --inplace --ExecutePreprocessor.record_timing=False --ExecutePreprocessor.store_widget_state=False answer-key/notebooks/*.ipynb

site: setup       ## the course as a web page, in build/site
	$(BIN)/python -m course.build

requirements: setup ## compile requirements.txt anew from pyproject.toml
	$(BIN)/python -m uv pip compile --quiet --universal --no-emit-index-url --no-annotate --upgrade --custom-compile-command "make requirements" pyproject.toml requirements.in -o requirements.txt

setup:
	$(PYTHON) bootstrap.py
