PYTHON ?= python3
LOOPNET := .venv/bin/loopnet
INSTALLED := .venv/installed
CUDA := .venv/installed-cuda
BIOME := @biomejs/biome@2.6.8

.PHONY: help train test test-cuda-compile test-gpu test-faults tutorials lint types bench clean
.DEFAULT_GOAL := help

help:            ## list these targets
	@grep -E '^[a-z-]+: .*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 28

train: $(LOOPNET)   ## install into .venv, and train LeNet-5 on the bundled handwritten digits
	$(LOOPNET) train lenet5 --data digits

test: $(INSTALLED)    ## run the tests
	.venv/bin/pytest -n 2 --dist loadfile --no-loadscope-reorder --durations 30

test-cuda-compile: $(CUDA)   ## compile every CUDA kernel for three cards, without one
	.venv/bin/pytest -n 2 tests/test_cuda_compile.py -rs

test-gpu: $(CUDA)   ## run the CUDA tests on a GPU
	.venv/bin/pytest tests/test_gpu.py -rs

test-faults: $(INSTALLED)   ## inject faults by the thousand, and write docs/reliability.md (an hour or less)
	.venv/bin/python tests/faults_table.py

tutorials: $(INSTALLED)   ## run every notebook from scratch; LOOPNET_TUTORIALS=quick trains less in them
	OMP_WAIT_POLICY=passive .venv/bin/pytest -n 2 --nbmake --nbmake-timeout=300 tutorials

lint: $(INSTALLED)    ## check style; the pages' scripts too where there is Node.js
	.venv/bin/ruff check
	@if command -v npx >/dev/null; then npx --yes $(BIOME) check; \
	else echo "no Node.js here: the scripts of loopnet/pages are not checked"; fi

types: $(INSTALLED)   ## check types
	.venv/bin/mypy

bench: $(INSTALLED)   ## time the rungs against each other
	.venv/bin/loopnet bench

clean:           ## remove .venv and every cache; runs/ stays
	rm -rf .venv dist .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(LOOPNET): pyproject.toml
	test -x .venv/bin/pip || $(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --editable '.[terminal]'
	touch $@

$(INSTALLED): pyproject.toml
	test -x .venv/bin/pip || $(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --editable '.[dev]'
	touch $@

$(CUDA): $(INSTALLED)
	.venv/bin/pip install --quiet --editable '.[dev,cuda13]'
	touch $@
