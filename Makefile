# Two commands for a newcomer: `make run` and `make test`. Everything else builds on .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The real corpus, where it is at hand; tests that need it skip visibly without it.
GIGSIM_CORPUS ?= $(wildcard ../shared/corpus/resumes_corpus.zip)
export GIGSIM_CORPUS

.PHONY: run app test check lint test-gpu clean

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

run: $(VENV)/installed
	$(BIN)/gigsim run default

app: $(VENV)/installed
	$(BIN)/gigsim app

test: $(VENV)/installed
	$(BIN)/pytest -n 2 -m "not slow and not gpu"

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# With CI set, hypothesis draws the same examples every time: whether a change may land does not
# hang on luck. `make test` looks at other ones each time.
check: lint
	CI=true $(BIN)/pytest -n 2 -m "not gpu"

test-gpu: $(VENV)/installed
	$(BIN)/pytest -m gpu -rs

clean:
	rm -rf $(VENV) .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
