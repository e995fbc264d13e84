PYTHON ?= python3
INSTALLED := .venv/installed

.PHONY: help train test lint types bench clean
.DEFAULT_GOAL := help

help:            ## list these targets
	@grep -E '^[a-z]+: .*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

train: $(INSTALLED)   ## train LeNet-5 on the bundled handwritten digits
	.venv/bin/loopnet train lenet5 --data digits

test: $(INSTALLED)    ## run the tests
	.venv/bin/pytest

lint: $(INSTALLED)    ## check style
	.venv/bin/ruff check

types: $(INSTALLED)   ## check types
	.venv/bin/mypy

bench: $(INSTALLED)   ## time the rungs against each other
	.venv/bin/loopnet bench

clean:           ## remove .venv and every cache; runs/ stays
	rm -rf .venv dist .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml
	test -x .venv/bin/pip || $(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --editable '.[dev]'
	touch $@
