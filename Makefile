# The only builder of what is shipped and tested. Everything that a user runs ends up in
# target/release: libsandbox.so, sandboxify, sandbox-policy, oz, oz-init, oz-seccomp and oz-seccomp-tracer.

CARGO ?= cargo
CC ?= cc
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR ?=
# Where oz looks for profiles (profile_dir of oz.conf).
CELLS ?= /var/lib/oz/cells.d

RELEASE = target/release
DOORS = libsandbox sandboxify oz

# Where a file of settings is, and what was installed as such: the one may have been changed, the other is not.
SETTINGS = $(DESTDIR)$(SYSCONFDIR)/oz/blacklist-generic.seccomp $(DESTDIR)$(PREFIX)/share/oz/blacklist-generic.seccomp
# The profiles as they are shipped; what differs from these has been changed.
SHIPPED = $(DESTDIR)$(PREFIX)/share/oz/profiles
PROFILES = $(filter-out blacklist-generic.seccomp,$(notdir $(wildcard profiles/*)))

# The object is linked here and not by cargo: rustc writes a version script of its own, and two do
# not mix. memcpy pulls the whole (one object, by LTO) out of the archive; gc-sections drops the rest.
# object.ld lays it out without unwind tables, so they get no index, and without gaps in the file.
OBJECT_FLAGS = -shared -nostdlib -nostartfiles \
	-Wl,--version-script=version-script.map -Wl,-T,object.ld -Wl,--gc-sections -Wl,-u,memcpy \
	-Wl,-z,now,-z,relro,-z,noexecstack,-z,noseparate-code -Wl,--no-eh-frame-hdr -Wl,-s

# A cell need not have the libraries of the host, so oz-init brings its own. It is copied at every start of
# a cell, so it has no symbols.
INIT_FLAGS = -C target-feature=+crt-static -C strip=symbols

# libseccomp is linked statically into sandboxify and sandbox-policy: sandboxify has no libraries, and
# without these two variables its wrapper links the dynamic one without a word. Expanded when a
# command is run, because `deps` may just have installed it.
export LIBSECCOMP_LINK_TYPE = static
export LIBSECCOMP_LIB_PATH = $(patsubst %/,%,$(dir $(shell $(CC) -print-file-name=libseccomp.a)))

.PHONY: all
all:
	@case "$(LIBSECCOMP_LIB_PATH)" in /*) ;; *) echo 'libseccomp.a is missing: packaging/install-deps build' >&2; exit 1;; esac
	$(CARGO) build --release --workspace $(DOORS:%=--exclude %)
	$(CARGO) rustc --release -p libsandbox --crate-type staticlib
	$(CC) $(OBJECT_FLAGS) -o $(RELEASE)/libsandbox.so $(RELEASE)/liblibsandbox.a
	$(CARGO) rustc --release -p sandboxify -- -C target-feature=+crt-static
	$(CARGO) build --release -p oz --bin oz --bin oz-seccomp --bin oz-seccomp-tracer
	$(CARGO) rustc --release -p oz --bin oz-init -- $(INIT_FLAGS)

.PHONY: help
help:
	@echo 'make             build libsandbox.so, sandboxify, sandbox-policy and oz in $(RELEASE)'
	@echo 'make try         install what is missing, build, and run real programs under a filter'
	@echo 'make test        install what is missing, check, build, and run all tests'
	@echo 'make test-all    the same with full counts and large programs'
	@echo 'make bench       what a filter costs, as ratios (JSON=1 for JSON, RUNS=5 for medians of runs)'
	@echo 'make check       formatting and clippy'
	@echo 'make deny        licences and sources of the dependencies (needs cargo-deny)'
	@echo 'make install     into $$DESTDIR$$PREFIX ($(PREFIX)) and $$DESTDIR$$SYSCONFDIR ($(SYSCONFDIR));'
	@echo '                 make uninstall takes it out again, but no settings that were changed'

.PHONY: deps
deps:
	packaging/install-deps build

.PHONY: try
try: deps
	packaging/install-deps try
	$(MAKE) all
	examples/try

.PHONY: check
check:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --quiet --workspace --all-targets -- -D warnings

.PHONY: test
test: deps
	packaging/install-deps test
	$(MAKE) check
	$(MAKE) all
	tests/run

.PHONY: test-all
test-all:
	$(MAKE) test SANDBOX_FULL_TESTS=1

export SANDBOX_FULL_TESTS

.PHONY: bench
bench: all
	$(CARGO) bench --quiet -p sandbox-tests --bench cost -- $(if $(JSON),--json) $(if $(RUNS),--runs $(RUNS))

.PHONY: deny
deny:
	@$(CARGO) deny --version >/dev/null 2>&1 || { echo 'cargo-deny is missing: cargo install --locked cargo-deny' >&2; exit 1; }
	$(CARGO) deny check licenses bans sources

.PHONY: install
install:
	install -D -m 755 $(RELEASE)/sandboxify $(DESTDIR)$(PREFIX)/bin/sandboxify
	install -D -m 755 $(RELEASE)/sandbox-policy $(DESTDIR)$(PREFIX)/bin/sandbox-policy
	install -D -m 755 $(RELEASE)/oz $(DESTDIR)$(PREFIX)/bin/oz
	install -D -m 755 $(RELEASE)/oz-init $(DESTDIR)$(PREFIX)/bin/oz-init
	install -D -m 755 $(RELEASE)/oz-seccomp $(DESTDIR)$(PREFIX)/bin/oz-seccomp
	install -D -m 755 $(RELEASE)/oz-seccomp-tracer $(DESTDIR)$(PREFIX)/bin/oz-seccomp-tracer
	install -D -m 755 $(RELEASE)/libsandbox.so $(DESTDIR)$(PREFIX)/lib/libsandbox.so
	install -D -m 644 docs/man/oz.1 $(DESTDIR)$(PREFIX)/share/man/man1/oz.1
	install -D -m 644 docs/man/oz-seccomp.1 $(DESTDIR)$(PREFIX)/share/man/man1/oz-seccomp.1
	install -D -m 644 docs/man/oz-seccomp-tracer.1 $(DESTDIR)$(PREFIX)/share/man/man1/oz-seccomp-tracer.1
	install -D -m 644 docs/man/sandboxify.1 $(DESTDIR)$(PREFIX)/share/man/man1/sandboxify.1
	install -D -m 644 docs/man/sandbox-policy.1 $(DESTDIR)$(PREFIX)/share/man/man1/sandbox-policy.1
	install -D -m 644 docs/man/seccomp-policy.5 $(DESTDIR)$(PREFIX)/share/man/man5/seccomp-policy.5
	install -D -m 644 docs/man/oz-profile.5 $(DESTDIR)$(PREFIX)/share/man/man5/oz-profile.5
	install -D -m 644 docs/man/libsandbox.7 $(DESTDIR)$(PREFIX)/share/man/man7/libsandbox.7
	install -D -m 644 packaging/completions/sandboxify.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sandboxify
	install -D -m 644 packaging/completions/_sandboxify $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sandboxify
	install -D -m 644 packaging/completions/oz-seccomp.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/oz-seccomp
	ln -sf oz-seccomp $(DESTDIR)$(PREFIX)/share/bash-completion/completions/oz-seccomp-tracer
	install -D -m 644 packaging/completions/_oz-seccomp $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_oz-seccomp
	$(RELEASE)/sandbox-policy completions bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/sandbox-policy
	$(RELEASE)/sandbox-policy completions zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sandbox-policy
	$(RELEASE)/oz completions bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/oz
	$(RELEASE)/oz completions zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_oz
	chmod 644 $(DESTDIR)$(PREFIX)/share/bash-completion/completions/oz $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_oz
	chmod 644 $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sandbox-policy
	chmod 644 $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sandbox-policy
	packaging/settings install profiles/blacklist-generic.seccomp $(SETTINGS)
	@for name in $(PROFILES); do \
		packaging/settings install profiles/$$name $(DESTDIR)$(CELLS)/$$name $(SHIPPED)/$$name || exit 1; done

.PHONY: uninstall
uninstall:
	packaging/settings remove $(SETTINGS)
	@for name in $(notdir $(wildcard $(SHIPPED)/*)); do \
		packaging/settings remove $(DESTDIR)$(CELLS)/$$name $(SHIPPED)/$$name || exit 1; done
	rm -f $(DESTDIR)$(PREFIX)/bin/sandboxify $(DESTDIR)$(PREFIX)/lib/libsandbox.so
	rm -f $(DESTDIR)$(PREFIX)/bin/oz $(DESTDIR)$(PREFIX)/bin/oz-init
	rm -f $(DESTDIR)$(PREFIX)/bin/oz-seccomp $(DESTDIR)$(PREFIX)/bin/oz-seccomp-tracer
	rm -f $(DESTDIR)$(PREFIX)/share/man/man1/oz.1 $(DESTDIR)$(PREFIX)/share/man/man1/oz-seccomp.1
	rm -f $(DESTDIR)$(PREFIX)/share/man/man1/oz-seccomp-tracer.1
	rm -f $(DESTDIR)$(PREFIX)/share/man/man1/sandboxify.1 $(DESTDIR)$(PREFIX)/share/man/man7/libsandbox.7
	rm -f $(DESTDIR)$(PREFIX)/share/man/man5/seccomp-policy.5 $(DESTDIR)$(PREFIX)/share/man/man5/oz-profile.5
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sandboxify
	rm -f $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sandboxify
	rm -f $(DESTDIR)$(PREFIX)/bin/sandbox-policy $(DESTDIR)$(PREFIX)/share/man/man1/sandbox-policy.1
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/oz-seccomp
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/oz-seccomp-tracer
	rm -f $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_oz-seccomp
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sandbox-policy
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/oz $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_oz
	rm -f $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sandbox-policy

.PHONY: clean
clean:
	$(CARGO) clean
