# One target per intent; each sets up what it needs. Needs Python 3.11 or newer and make, nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SETUP := pyproject.toml constraints.txt scripts/bootstrap.py
# One thread for each numeric library: the tests run as two processes.
TEST_ENV := OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false

.PHONY: help demo test notebooks format lint type check questions bench serve lock clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.core  ## the main job: a question about a shipped picture, answered with proof
	@$(BIN)/visual-agent ask "How much was the total?" samples/receipt.png --trace runs/demo.html

test: $(VENV)/.all  ## all tests (with coverage), notebooks and README examples
	$(TEST_ENV) $(BIN)/pytest -q -n 2 --dist worksteal --cov --cov-report=term:skip-covered tests
	$(TEST_ENV) $(BIN)/pytest -q --nbmake --nbmake-timeout=300 notebooks

notebooks: $(VENV)/.all  ## run the notebooks
	$(TEST_ENV) $(BIN)/pytest -q --nbmake --nbmake-timeout=300 notebooks

format: $(VENV)/.all  ## format the code
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lint: $(VENV)/.all  ## formatting, lint rules, import directions
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/lint-imports

type: $(VENV)/.all  ## strict types
	$(BIN)/mypy

check: lint type test  ## what continuous integration runs

questions: $(VENV)/.core  ## the question set: answers and score of both halves, keyword baseline beside it
	$(BIN)/python tests/questions/run.py --fresh

bench: $(VENV)/.all  ## speed figures, as ratios or with their noise
	$(BIN)/python tests/benchmarks/run.py

serve: $(VENV)/.all  ## the server on http://127.0.0.1:8000
	$(BIN)/visual-agent serve

lock: $(VENV)/.all  ## renew uv.lock and constraints.txt
	$(BIN)/pip install -q uv && $(BIN)/uv lock && $(BIN)/uv export -q --frozen --all-extras --all-groups --no-hashes --no-emit-project -o constraints.txt

clean:  ## remove the environment and what runs left behind
	rm -rf $(VENV) runs dist build

$(VENV)/.core: $(SETUP)
	@$(PYTHON) scripts/bootstrap.py $(VENV)
	@touch $@

$(VENV)/.all: $(SETUP)
	@$(PYTHON) scripts/bootstrap.py $(VENV) --extras all --groups dev
	@touch $@ $(VENV)/.core
