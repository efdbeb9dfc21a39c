# The commands of this project, for people and for CI.

SHELL := /bin/bash
# LANE is card or newest; without it, what there is a Python for. PYTHON= names
# another one. Asked once, when the environment is there.
ENVIRONMENT = PYTHON="$(PYTHON)" requirements/environment.sh
VENV = $(eval VENV := $$(shell $(ENVIRONMENT) --folder $(LANE)))$(VENV)
PY = $(VENV)/bin/python
NEWEST := .venv-newest/bin/python
# Only .venv, where it is no link, has what the tests marked `card` need.
NOT_CARD = $(if $(filter .venv,$(VENV)),,and not card)
# One process more than cores, as tests also wait; each takes up to 2 GiB. By
# file: a file's fixtures are made once. In order: the slow ones come early.
PYTEST := -m pytest -n $(shell n=$$(getconf _NPROCESSORS_ONLN); \
  echo $$((n < 3 ? n + 1 : 4))) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help demo test lint test-newest test-large table finetune-table \
  bench effect jhmdb jhmdb-search ablations backbones relays ava-table probes \
  fewer-frames resume hostile \
  faults quickstart docs lock clean env env-newest

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' \
	  Makefile
	@echo 'ARGS="..." is passed on: make test ARGS="-k flow -x"'
	@echo 'LANE=card (Python 3.11) or LANE=newest (3.10 to 3.13), PYTHON=PATH'

# A third of the steps and half of the videos of the recipe `toy`.
SMALL := --set steps=300 --set train_videos=384 --set test_videos=160

demo: env  ## train, evaluate, export on embedded videos, or DATA=FOLDER
	$(PY) -m d3d_tf.main --mode=distill \
	  $(if $(DATA),--data="$(DATA)",$(SMALL)) $(ARGS)

test: env  ## the fast tests
	$(PY) $(PYTEST) -m "not large $(NOT_CARD)" $(ARGS)

test-large: env build/torch build/torchvision build/openvino  ## the slow tests
	$(PY) $(PYTEST) -m "large $(NOT_CARD)" $(ARGS)

# What hangs on the versions of TensorFlow and Keras: what they compute, train,
# save and serve. ARGS=tests runs all there.
OF_TENSORFLOW := $(wildcard tests/hub_export/test_*.py \
  tests/d3d_tf/models/*/test_parity.py tests/d3d_tf/models/*/test_family.py) \
  $(addprefix tests/, hub_export/features/test_module.py \
  $(addprefix d3d_tf/, layers heads models/dnr \
  models/inception/test_networks.py distill/test_train_step.py \
  distill/test_distiller.py distill/test_terms.py \
  training/test_trainer.py training/test_callbacks.py \
  training/test_checkpoints.py training/test_optimizers.py \
  training/test_precise_batch_norm.py training/test_step_memory.py \
  training/test_strategy.py evaluation/test_cost.py data/test_pipeline.py \
  data/test_service.py data/test_shuffle.py data/test_youtube8m.py \
  detector/test_network.py test_parity.py commands/test_distill.py))

test-newest: env-newest  ## the fast tests on the newest TensorFlow
	$(NEWEST) $(PYTEST) -m "not large and not card" \
	  $(if $(findstring tests,$(ARGS)),,--ignore-glob="*/checkpoints/*" \
	  -k "not count and not restatement" $(OF_TENSORFLOW)) $(ARGS)

# mypy and import-linter do not know that setup.py maps tfrecords/ to
# d3d_tf.tfrecords; what is checked is the package as it is installed.
lint: env  ## format, style, types, imports
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	@rm -rf build/lib build/typed
	@$(PY) -m pip install --quiet --disable-pip-version-check \
	  --no-deps --no-build-isolation --target build/typed .
	$(PY) -m mypy build/typed/d3d_tf
	@cd build/typed && $(abspath $(PY)) -c \
	  "from importlinter.cli import lint_imports_command as lint; lint()" \
	  ../../pyproject.toml --no-cache --no-logo

table: env  ## the README's results table, from records/
	$(PY) -m benchmarks.table $(ARGS)

effect: env  ## D3D against RGB and the control on eight seeds of the toy
	$(PY) -m benchmarks.effect $(ARGS)

jhmdb: env  ## D3D on real videos: three splits, hours; goes on where it was
	$(PY) -m benchmarks.jhmdb $(if $(DATA),--data="$(DATA)") $(ARGS)

jhmdb-search: env  ## settings for these recipes, on films held out of training
	$(PY) -m benchmarks.jhmdb_search $(if $(DATA),--data="$(DATA)") $(ARGS)

ablations: env  ## table 6 of the paper, on the runs of effect and jhmdb
	$(PY) -m benchmarks.ablations $(ARGS)

backbones: env  ## tables 7 and 8: I3D, S3D-G, non-local; fused
	$(PY) -m benchmarks.backbones $(ARGS)

relays: env  ## TSN, TSM and DNR from labels, on the toy and on JHMDB
	$(PY) -m benchmarks.relays $(ARGS)

fewer-frames: env  ## students of fewer frames, on YouTube-8M in miniature
	$(PY) -m benchmarks.fewer_frames $(ARGS)

ava-table: env  ## what a detector starts from, on AVA in miniature
	$(PY) -m benchmarks.ava_table $(ARGS)

probes: env  ## table 1 and figure 3: the motion in these networks
	$(PY) -m benchmarks.probes $(ARGS)

resume: env  ## kill a training 20 times: does it end to the bit as without?
	$(PY) -m benchmarks.resume $(ARGS)

finetune-table: env  ## fine-tuning with and without distillation before it
	$(PY) -m benchmarks.finetune $(ARGS)

# What speed and weights are compared with stays out of the environment.
bench: env build/torch build/torchvision build/openvino build/slowfast  ## speed, memory, data
	$(PY) -m benchmarks

hostile: env  ## 2,000 hostile requests to a module in the C++ run time
	nice $(PY) -m benchmarks.hostile $(ARGS)

faults: env  ## damage, kills, full disks, bad servers: is anything silent?
	$(PY) -m benchmarks.faults $(ARGS)

quickstart: env-newest  ## run docs/quickstart.ipynb, and keep what it shows
	$(NEWEST) -m benchmarks.quickstart

docs: env  ## docs/api.md from docstrings, docs/README.md, the index
	$(PY) -m docs.make_pages

# X3D's original code, without what it takes to read videos and detect people.
PYTORCHVIDEO := pytorchvideo==0.1.5 fvcore==0.1.5.post20221221 \
  iopath==0.1.10 yacs==0.1.8 portalocker==3.2.0 tabulate==0.9.0 \
  termcolor==2.5.0 parameterized==0.9.0

build/torch:
	$(PY) -m pip install --quiet --disable-pip-version-check \
	  --target build/torch.tmp torch==2.13.0
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps \
	  --target build/torch.tmp $(PYTORCHVIDEO)
	mv build/torch.tmp build/torch

# The original code of ImageNet's ResNets; of its pictures nothing is read.
build/torchvision:
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps \
	  --target build/torchvision.tmp torchvision==0.28.0
	mv build/torchvision.tmp build/torchvision

# ActivityNet's evaluation of AVA is in it; nothing else of it is run.
build/slowfast:
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps \
	  --target build/slowfast.tmp pyslowfast==1.0
	mv build/slowfast.tmp build/slowfast

build/openvino:
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps \
	  --target build/openvino.tmp openvino==2026.4.1
	mv build/openvino.tmp build/openvino

# Keeps the versions that still fit; ARGS=--upgrade takes the newest.
lock:  ## make requirements/*.lock again from requirements/*.in
	rm -rf build/lock
	$(or $(PYTHON),python3) -m venv build/lock
	build/lock/bin/python -m pip install --quiet \
	  --disable-pip-version-check uv
	cd requirements && ../build/lock/bin/uv $(COMPILE) \
	  --python-version 3.11 -o card.lock card.in
	cd requirements && ../build/lock/bin/uv $(COMPILE) --universal \
	  --python-version 3.10 -o newest.lock newest.in

COMPILE = pip compile --quiet --generate-hashes --emit-build-options \
  --no-emit-index-url --no-emit-find-links --override overrides.txt \
  --custom-compile-command "make lock" $(ARGS)

clean:  ## remove what is made in seconds; keeps .venv*, runs/ and records/
	rm -rf build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv*' -prune \
	  -exec rm -rf {} +

env:
	@$(ENVIRONMENT) $(LANE)

env-newest:
	@$(ENVIRONMENT) newest
