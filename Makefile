# Two commands: `make run` serves the page, `make test` passes the tests. Both do their own set-up.
PYTHON ?= python3.11
PORT ?= 8501
BIN := .venv/bin

.PHONY: run test check format clean

run: .venv/serve.stamp
	$(BIN)/streamlit run app.py --server.port $(PORT)

test: .venv/dev.stamp check
	$(BIN)/coverage run -m pytest
	@$(BIN)/coverage report --fail-under=90 > coverage.txt || (cat coverage.txt; exit 1)

check: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.venv/serve.stamp: requirements.txt requirements-serve.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-serve.txt
	touch $@

.venv/dev.stamp: requirements.txt requirements-dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache htmlcov .coverage coverage.txt
