# The commands of this project, for people and for CI.

SHELL := /bin/bash
CARD := .venv/bin/python
NEWEST := .venv-newest/bin/python
# By file: a file's fixtures are made once. In order: the slow ones come early.
PYTEST := -m pytest -n auto --maxprocesses 4 --dist loadfile \
  --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help demo test lint test-newest test-large table finetune-table \
  bench resume hostile quickstart lock clean env env-newest

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' \
	  Makefile
	@echo 'ARGS="..." is passed on: make test ARGS="-k flow -x"'

demo: env  ## train, evaluate, export on embedded videos, or DATA=FOLDER
	$(CARD) -m d3d_tf.main --mode=distill $(if $(DATA),--data="$(DATA)") $(ARGS)

test: env  ## the fast tests
	$(CARD) $(PYTEST) $(ARGS)

test-large: env  ## the slow tests
	$(CARD) $(PYTEST) -m large $(ARGS)

test-newest: env-newest  ## the fast tests on the newest TensorFlow
	$(NEWEST) $(PYTEST) -m "not large and not card" $(ARGS)

# mypy does not know that setup.py maps tfrecords/ to d3d_tf.tfrecords; what is
# checked is the package as it is installed.
lint: env  ## format, style, types
	$(CARD) -m ruff check .
	$(CARD) -m ruff format --check .
	@rm -rf build/lib build/typed
	@$(CARD) -m pip install --quiet --disable-pip-version-check \
	  --no-deps --no-build-isolation --target build/typed .
	$(CARD) -m mypy build/typed/d3d_tf

table: env  ## the README's results table, from records/
	$(CARD) -m benchmarks.table $(ARGS)

resume: env  ## kill a training 20 times: does it end to the bit as without?
	$(CARD) -m benchmarks.resume $(ARGS)

finetune-table: env  ## fine-tuning with and without distillation before it
	$(CARD) -m benchmarks.finetune $(ARGS)

# What speed is compared with stays out of the environment.
bench: env build/torch build/openvino  ## speed, memory, data
	$(CARD) -m benchmarks

hostile: env  ## 2,000 hostile requests to a module in the C++ run time
	nice $(CARD) -m benchmarks.hostile $(ARGS)

quickstart: env-newest  ## run docs/quickstart.ipynb, and keep what it shows
	$(NEWEST) -m benchmarks.quickstart

build/torch:
	$(CARD) -m pip install --quiet --disable-pip-version-check \
	  --target build/torch.tmp torch==2.13.0
	mv build/torch.tmp build/torch

build/openvino:
	$(CARD) -m pip install --quiet --disable-pip-version-check --no-deps \
	  --target build/openvino.tmp openvino==2026.4.1
	mv build/openvino.tmp build/openvino

# Keeps the versions that still fit; ARGS=--upgrade takes the newest.
lock:  ## make requirements/*.lock again from requirements/*.in
	rm -rf build/lock
	$(or $(PYTHON),python3.11) -m venv build/lock
	build/lock/bin/python -m pip install --quiet \
	  --disable-pip-version-check uv
	cd requirements && for lane in card newest; do \
	  ../build/lock/bin/uv pip compile --quiet --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make lock" --override overrides.txt \
	    $(ARGS) -o $$lane.lock $$lane.in || exit; \
	done

clean:  ## remove what is made in seconds; keeps .venv*, runs/ and records/
	rm -rf build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv*' -prune \
	  -exec rm -rf {} +

env:
	@requirements/environment.sh card .venv

env-newest:
	@requirements/environment.sh newest .venv-newest
