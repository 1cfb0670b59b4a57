# Each target is one line over Python commands that work alone, on Windows too: see README.md.
PYTHON ?= python3
BIN := .venv/bin
SUBMISSION ?= answer-key
ISOLATION ?= auto
COMPILE := --quiet --universal --no-emit-index-url --no-annotate --upgrade --custom-compile-command "make requirements"

.PHONY: lab grade test conformance setup setup-dev requirements release notebooks site
.SILENT:

lab: setup        ## open JupyterLab on the first notebook, with the stand-ins running
	$(BIN)/classroom lab

grade: setup      ## grade a submission: make grade SUBMISSION=path
	$(BIN)/grader check "$(SUBMISSION)" --isolation "$(ISOLATION)" --json reports/report.json --html reports/report.html

test: setup-dev   ## every test, every notebook, the style, the types
	$(BIN)/python -m tests

conformance: setup-dev ## OpenAI's own SDK tests against the stand-in (needs the package index)
	$(BIN)/python -m tests.conformance

release: setup    ## write lab/ and notebooks/ from answer-key/
	$(BIN)/grader release .

notebooks: setup  ## run the solved notebooks again and keep what they show
	$(BIN)/python -m classroom.standin.language_model.training
	$(BIN)/jupyter nbconvert --log-level WARN --to notebook --execute --inplace --ExecutePreprocessor.record_timing=False --ExecutePreprocessor.store_widget_state=False answer-key/notebooks/*.ipynb

site: setup-dev   ## the course as a web page, in build/site
	$(BIN)/python -m course.build

requirements: setup-dev ## compile requirements.txt and requirements-dev.txt from pyproject.toml
	$(BIN)/python -m uv pip compile $(COMPILE) requirements.in -o requirements.txt
	mkdir -p build && grep -v '^-e' requirements.txt >build/pinned.txt
	$(BIN)/python -m uv pip compile $(COMPILE) -c build/pinned.txt requirements-dev.in -o requirements-dev.txt

setup:
	$(PYTHON) bootstrap.py

setup-dev:
	$(PYTHON) bootstrap.py --dev
