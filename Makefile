PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup demo test test-slow lint clean

# One environment with everything the project's own commands need. CPU torch first: ranges would pull CUDA builds.
setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,demo,cjk,prep,denoise,separate,youtube,align]"
	touch $@

demo: setup
	$(BIN)/dimts demo --out demo

test: setup
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow and not gpu" tests

test-slow: setup
	$(BIN)/python -m pytest -m "slow and not gpu" tests

lint: setup
	$(BIN)/ruff check src tests
	$(BIN)/ruff format --check src tests
	$(BIN)/mypy

clean:
	rm -rf $(VENV) demo build dist
