# Everything on a machine without ROS: `make demo` and `make test` set up .venv first.
# On a machine with a sourced ROS 2, `colcon build` is all.
PYTHON ?= python3
SEED ?=
GENERATOR ?=
TASK ?=

.PHONY: demo test setup setup-development

demo: setup
	.venv/bin/dreamitate demo $(if $(SEED),--seed $(SEED)) $(if $(GENERATOR),--generator $(GENERATOR)) $(if $(TASK),--task $(TASK))

test: setup-development
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/pytest

setup:
	@$(PYTHON) tools/bootstrap.py

setup-development:
	@$(PYTHON) tools/bootstrap.py --development
