# make lab         set everything up and open JupyterLab on the start page
# make test        set everything up and run every check, as CI does
# make notebooks   run the notebooks' sources and write what readers open
# make reference   build the pages of the public names into docs/reference
# make lint        style, types and layers
# make bench       measure speed; prints figures, fails nothing
# make class       write notebooks without solutions, and pages for teachers (CLASS=build/class)
# make record      record what this machine's device measures (DEVICE=cuda)
# make clean       remove the environment and everything that was made
#
# Every target makes what it needs: a stamp file in the environment says what was set up last.
# Options: PYTHON=python3.12  CONSTRAINTS=constraints-oldest.txt  DEVICE=cuda  LAB_FLAGS=--no-browser

PYTHON ?= python3
VENV := .venv
CONSTRAINTS ?= constraints.txt
DEVICE ?= cuda
CLASS ?= build/class
LAB_FLAGS ?=

ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
PY := $(BIN)/python
PIP := $(PY) -m pip --disable-pip-version-check install --quiet --constraint $(CONSTRAINTS)
SETTINGS := $(VENV)/etc/jupyter/labconfig
AS_ROOT := $(filter 0,$(shell id -u 2>/dev/null))
APT := $(and $(AS_ROOT),$(shell command -v apt-get 2>/dev/null))
# The limits are for what never ends: no honest cell comes near them on the slowest machine.
NBVAL := -m pytest --nbval --nbval-current-env --nbval-cell-timeout 36000 \
  --nbval-kernel-startup-timeout 3600 -n 2 --dist loadscope
SLOWEST := --durations=20
# The plugins that unit tests need; to load all takes each process seconds.
FEW := -p xdist -p _hypothesis_pytestplugin
# GNU make has this since 4.0; without it lines of both are mixed.
TOGETHER := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

READER := $(VENV)/.reader-stamp
DEVELOPER := $(VENV)/.developer-stamp

ifndef SIDE_BY_SIDE
.NOTPARALLEL:
endif
.PHONY: lab test notebooks lint drift unit browser nbval reference bench record test-machines \
  test-emulated chromium class clean

lab: $(READER)
	$(PY) -m jupyterlab $(if $(AS_ROOT),--allow-root) --ServerApp.root_dir=notebooks \
	  --LabApp.default_url=/lab/tree/00_start_here.ipynb $(LAB_FLAGS)

# The last step is pytest's, so the last line says how many tests passed. Unit and browser tests wait
# now and then, and go on side by side, so that no core does. Idle threads sleep instead of spinning,
# which changes no result and leaves the cores to the tests.
# Compiled modules are kept, so that each of the many processes need not compile the package anew.
test: export OMP_WAIT_POLICY := passive
test: export PYTHONDONTWRITEBYTECODE :=
test: lint chromium
	@echo "Unit and browser tests go on side by side; what each prints comes when it has ended."
	@$(MAKE) --no-print-directory --jobs=2 $(TOGETHER) SIDE_BY_SIDE=yes unit browser
	@$(MAKE) --no-print-directory nbval

lint: $(DEVELOPER)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy --strict workbook
	$(BIN)/lint-imports

# Each notebook is what its source makes, and its figures are what the code draws. (`nbval` checks
# the same, from its own run of the cells.)
drift: $(DEVELOPER)
	$(PY) chapters/build.py --check

# Everything without a browser, with the coverage of the package. Of what is one more of a kind that
# another test has (marked `further`), `python -m pytest` runs all, as the workflow does elsewhere.
unit: export PYTEST_DISABLE_PLUGIN_AUTOLOAD := 1
unit: $(DEVELOPER)
	$(PY) -m coverage erase
	$(PY) -m coverage run --include="$(CURDIR)/workbook/*" -m pytest $(FEW) --ignore=tests/browser -m "not further" -n 2 --dist worksteal $(SLOWEST)
	$(PY) -m coverage combine --quiet
	$(PY) -m coverage report

# A real JupyterLab, driven in Chromium; two of them, because each waits for its kernel half the time.
browser: $(DEVELOPER) chromium
	$(PY) -m pytest tests/browser -m "not further" -n 2 --dist worksteal $(SLOWEST)

# The text of every committed notebook, compared with a new run, and the drift check of that run.
nbval: $(DEVELOPER)
	$(PY) $(NBVAL) $(SLOWEST) $(wildcard notebooks/*.ipynb)

# Unit tests and notebooks with other instruction sets, thread counts, cores, and under load.
test-machines: $(DEVELOPER)
	$(PY) -m tests.machines

# The notebooks on other processors, emulated: hours. Writes docs/machines.md.
test-emulated: $(DEVELOPER)
	$(PY) -m tests.emulated

notebooks: $(DEVELOPER)
	$(PY) chapters/build.py

reference: $(DEVELOPER)
	$(PY) docs/build.py

bench: $(DEVELOPER) chromium
	$(PY) -m benchmarks

class: $(READER)
	$(PY) chapters/teach.py $(CLASS)

record: $(READER)
	$(PY) -m workbook record --device $(DEVICE)

clean:
	rm -rf $(VENV) build dist docs/reference bench-results test-results .coverage .coverage.* .hypothesis \
	  .import_linter_cache .mypy_cache .pytest_cache .ruff_cache *.egg-info
	find . -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf

# What a reader of the notebooks needs. Debian ships Python without venv: as root, its package is added.
$(READER): pyproject.toml $(CONSTRAINTS) lab-settings.json
	@$(PYTHON) -c "import sys; sys.exit(0 if sys.version_info >= (3, 10) else 'The workbook needs Python 3.10 or newer; name one: make PYTHON=python3.12')"
	test -x $(PY) || $(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); $(if $(APT),apt-get -qq update && apt-get -qq install -y python3-venv &&) $(PYTHON) -m venv $(VENV); }
	$(PIP) --editable ".[lab]"
	mkdir -p $(SETTINGS)
	cp lab-settings.json $(SETTINGS)/default_setting_overrides.json
	touch $@

# What the checks need on top.
$(DEVELOPER): $(READER)
	$(PIP) --editable ".[lab,test]"
	touch $@

# Chromium: Debian's as root, else Playwright's own. Without one the browser tests say why they are
# skipped, and fail where CI is set.
chromium: $(DEVELOPER)
	@$(PY) -m tests.browser.chromium || \
	  $(if $(APT),{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium fonts-dejavu-core; },$(PY) -m playwright install chromium) || \
	  echo "Chromium could not be installed: the browser tests will be skipped"
