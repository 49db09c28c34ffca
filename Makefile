PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXTRAS ?= dev,demo,cjk,prep,denoise,youtube,align,ui

.PHONY: setup demo test test-browser test-slow lint clean

# One environment with everything the project's own commands need. CPU torch first: ranges would pull CUDA builds.
# Tests of what is not there are skipped: `separate` (demucs, 80 MB) has four, `make setup EXTRAS=...,separate` runs them.
setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$(EXTRAS)]"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps distillmos resemblyzer  # for their weights
	touch $@

demo: setup
	$(BIN)/dimts demo --out demo

test: setup
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow and not gpu and not browser" tests

# The page in Chromium (apt install chromium fonts-sil-abyssinica); skipped with its reason where there is none. CI leaves the slow ones out.
test-browser: setup
	$(BIN)/python -m pytest -rs -m browser tests/browser

test-slow: setup
	$(BIN)/python -m pytest -m "slow and not gpu and not browser" tests

lint: setup
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy

clean:
	rm -rf $(VENV) demo build dist
