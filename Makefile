# postseal: SPF policy service, DKIM signing milter and their admin command.
#
#   make              build the three daemons and the command into .build/release
#   make demo         as root: private Postfix, a good, two forged and a signed mail in,
#                     one mail out; shows what happened, then stops everything
#   make check        as root: install what is missing, build, pass all tests
#   make unit         the tests that need neither root nor network
#   make replay       recorded milter and policy sessions
#   make corpus       500 messages that are hard to sign, and four verifiers; 60
#                     forms of From beside OpenDKIM; 1,000 signed messages that
#                     were changed, and three verifiers beside ours (DIFF_MAIL,
#                     DIFF_SEED); DomainKeys by Mail::DKIM, here and there;
#                     policyd-spf in 240 configs, where it is installed;
#                     4,000 cases of DMARC beside OpenDMARC
#   make e2e          the tests on a real Postfix in namespaces of their own
#   make check-asan   unit and replay under ASan and UBSan
#   make check-valgrind  unit and replay under valgrind
#   make check-chroot demo and check on a bare Debian that debootstrap makes:
#                     SUITE=bookworm|trixie|forky
#   make check-package  as root: the Debian package in such a system, from build and
#                     install over setup, mail, systemd and upgrade to purge
#   make check-suites before a release: all that on Debian 12, 13 and 14, with lint
#                     and the sanitizers
#   make check-long   valgrind, the fuzzers, 1,000 messages, life under load, and
#                     check-package
#   make fuzz-smoke   each fuzzer for 60 seconds (FUZZ_SECONDS=60)
#   make fuzz-diff    random SPF zones, here and in pyspf (DIFF_CASES, DIFF_SEED)
#   make bench        benchmarks beside the peers, ratios printed
#   make coverage     line coverage of unit and replay
#   make manual       put the keys of the config into postseal.conf(5), sort the log
#                     lines in DIAGNOSTICS
#   make lint         formatting, fences between the rooms, cppcheck
#   make map          the rooms and their files
#   make deps         install libraries and test tools with apt-get
#   make install      PREFIX, SYSCONFDIR, DESTDIR and friends are honoured
#   make deb          Debian packages, into .build/deb
#   make uninstall    removes what install put there, but no config and no key
#   make clean        remove .build
#
# FLAVOUR=release|asan|valgrind|fuzz|coverage builds in its own folder, so that
# objects never mix. WERROR=1 makes warnings errors (set where CI is set).

VERSION := 0.1.0

PREFIX     ?= /usr/local
SBINDIR    ?= $(PREFIX)/sbin
LIBEXECDIR ?= $(PREFIX)/libexec
MANDIR     ?= $(PREFIX)/share/man
SYSCONFDIR ?= /etc
DESTDIR    ?=

FLAVOUR ?= release
O := .build/$(FLAVOUR)
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

ifdef CI
WERROR ?= 1
endif

# --- compilers and flags ---------------------------------------------------

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wformat=2 -Wundef \
	-Wold-style-definition -Wno-unused-parameter
ifeq ($(WERROR),1)
WARN += -Werror
endif

HARDEN := -fstack-protector-strong -fPIE
HARDEN_LD := -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack

ifeq ($(FLAVOUR),release)
MODE := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-clash-protection
ifeq ($(shell uname -m),x86_64)
MODE += -fcf-protection
endif
else ifeq ($(FLAVOUR),asan)
MODE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
else ifeq ($(FLAVOUR),valgrind)
MODE := -O1 -g -fno-omit-frame-pointer
else ifeq ($(FLAVOUR),fuzz)
CC := clang
MODE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fsanitize=fuzzer-no-link -fno-sanitize-recover=undefined
else ifeq ($(FLAVOUR),coverage)
MODE := -O0 -g --coverage
else
$(error unknown FLAVOUR '$(FLAVOUR)': release, asan, valgrind, fuzz, coverage)
endif

PKGS := libevent libidn2 libcrypto jansson
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LIBS = -Wl,--as-needed -lspf2 -levent -lidn2 -lcrypto -ljansson

ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -I. -DPOSTSEAL_VERSION='"$(VERSION)"' \
	-DPOSTSEAL_SYSCONFDIR='"$(SYSCONFDIR)"' \
	-DPOSTSEAL_LIBEXECDIR='"$(LIBEXECDIR)"' \
	$(WARN) $(MODE) $(HARDEN) $(PKG_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(MODE) $(HARDEN_LD) $(LDFLAGS)

# --- sources: every .c file of a wing belongs to the wing's library --------

wing = $(filter-out $1/main.c,$(wildcard $1/*.c $1/*/*.c))
objs = $(patsubst %.c,$(O)/%.o,$1)

PROGRAMS := $(O)/postseal-policyd $(O)/postseal-signer $(O)/postseal-verifier \
	$(O)/postseal
LIBRARIES := $(O)/libadmin.a $(O)/libpolicyd.a $(O)/libsigner.a $(O)/libverifier.a \
	$(O)/libcommon.a

all: $(PROGRAMS) $(O)/postseal.bash

$(O)/libcommon.a: $(call objs,$(call wing,common))
$(O)/libpolicyd.a: $(call objs,$(call wing,policyd))
$(O)/libsigner.a: $(call objs,$(call wing,signer))
$(O)/libverifier.a: $(call objs,$(call wing,verifier))
$(O)/libadmin.a: $(call objs,$(call wing,admin))
$(O)/libsupport.a: $(call objs,$(wildcard tests/support/*.c))
$(O)/libfake.a: $(call objs,$(wildcard tests/support/fake/*.c))
$(O)/libreal.a: $(call objs,$(wildcard tests/support/real/*.c))

$(O)/%.a:
	@rm -f $@
	$(AR) rcs $@ $^

$(O)/%.o: %.c $(O)/paths
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# What is compiled into the programs: `make install PREFIX=/usr` after a plain `make`
# builds again.
$(O)/paths: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION) $(SYSCONFDIR) $(LIBEXECDIR)' | cmp -s - $@ || \
	  echo '$(VERSION) $(SYSCONFDIR) $(LIBEXECDIR)' >$@

$(O)/postseal-policyd: $(O)/policyd/main.o $(O)/libpolicyd.a $(O)/libcommon.a
$(O)/postseal-signer: $(O)/signer/main.o $(O)/libsigner.a $(O)/libcommon.a
$(O)/postseal-verifier: $(O)/verifier/main.o $(O)/libverifier.a $(O)/libcommon.a
$(O)/postseal: $(O)/admin/main.o $(LIBRARIES)
$(PROGRAMS):
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# What bash completes, from the rows of the subcommands.
$(O)/postseal.bash: $(O)/postseal
	$< --completion >$@

# --- tests -----------------------------------------------------------------
# tests/<room>/t_<stem>.c is a program; a room is common/bytes or signer. The fakes of
# tests/support/fake (loop, resolver) take the place of the real ones, but in a test
# that says "Real:" in its first line: it has the clocks of tests/support/real.

WINGS := common policyd signer verifier admin
TEST_SRC := $(wildcard $(foreach w,$(WINGS),tests/$w/t_*.c tests/$w/*/t_*.c))
REPLAY_SRC := $(wildcard tests/replay/t_*.c)
REAL := $(patsubst %.c,$(O)/%,$(shell grep -l '^/\* Real: ' $(TEST_SRC)))
TESTS := $(patsubst %.c,$(O)/%,$(TEST_SRC))
REPLAYS := $(patsubst %.c,$(O)/%,$(REPLAY_SRC))

# whole: the linker must meet the fakes before it looks for the real ones.
whole = -Wl$(comma)--whole-archive $1 -Wl$(comma)--no-whole-archive
comma := ,
fake = $(O)/lib$(if $(filter $1,$(REAL)),real,fake).a

define test_program
$1: $1.o $(O)/libsupport.a $(call fake,$1) $(LIBRARIES)
	$$(CC) $$(ALL_LDFLAGS) -o $$@ $1.o -Wl,--start-group \
	  $(call whole,$(call fake,$1)) $(O)/libsupport.a $(LIBRARIES) \
	  -Wl,--end-group \
	  $$(LIBS) -lcunit
endef
$(foreach t,$(TESTS) $(REPLAYS),$(eval $(call test_program,$t)))

# The scripted DNS server as a program, for scripts.
$(O)/dnsd: $(O)/tests/support/prog/dnsd.o $(O)/libsupport.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^

# Random SPF records, here and in pyspf: run by fuzz-diff.
$(O)/spfdiff: $(O)/tests/support/prog/spfdiff.o $(O)/libfake.a $(O)/libsupport.a \
	$(LIBRARIES)
	$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group \
	  $(call whole,$(O)/libfake.a) $(O)/libsupport.a $(LIBRARIES) \
	  -Wl,--end-group $(LIBS) -lcunit

# DMARC of cases that it reads: run by corpus.
$(O)/dmarccase: $(O)/tests/support/prog/dmarccase.o $(LIBRARIES)
	$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(LIBRARIES) \
	  -Wl,--end-group $(LIBS)

DIFF_CASES ?= 10000
DIFF_SEED ?= 1
fuzz-diff: $(O)/spfdiff
	@tests/fuzz/spfdiff $(O) $(DIFF_CASES) $(DIFF_SEED)

tests: $(TESTS) $(REPLAYS) $(PROGRAMS) $(O)/dnsd

unit: $(TESTS) $(PROGRAMS)
	@tests/run "unit ($(FLAVOUR))" $(O) $(TESTS)

replay: $(REPLAYS) $(PROGRAMS)
	@tests/run "replay ($(FLAVOUR))" $(O) $(REPLAYS)

# The targets below build with all cores and then run one thing after the other
JOBS ?= $(shell nproc)
PARALLEL = $(MAKE) --no-print-directory -j$(JOBS)
# after `sudo make check` a plain `make` must still be able to write to .build
GIVE_BACK = [ "$$(id -u)" != 0 ] || chown -R --reference=Makefile .build

check: deps
	@$(PARALLEL) all tests
	@rc=0; $(MAKE) -k --no-print-directory unit replay corpus e2e || rc=$$?; \
	  $(GIVE_BACK); exit $$rc

check-asan:
	@$(PARALLEL) FLAVOUR=asan all tests
	@$(MAKE) --no-print-directory FLAVOUR=asan unit replay

check-valgrind:
	@tests/deps valgrind
	@$(PARALLEL) FLAVOUR=valgrind all tests
	@RUN_UNDER="$(VALGRIND)" $(MAKE) --no-print-directory FLAVOUR=valgrind \
	  unit replay

VALGRIND := valgrind -q --error-exitcode=99 --leak-check=full \
	--errors-for-leak-kinds=definite,indirect --trace-children=no

DIFF_MAIL ?= 1000
corpus: $(O)/postseal-signer $(O)/postseal $(O)/postseal-verifier $(O)/dnsd \
	$(O)/dmarccase
	@tests/corpus/run $(O)
	@tests/corpus/froms $(O)
	@tests/corpus/verifydiff $(O) $(DIFF_MAIL) $(DIFF_SEED)
	@tests/corpus/domainkeys $(O)
	@tests/corpus/policyd-spf --compare
	@tests/corpus/dmarcdiff $(O)

e2e: all $(O)/dnsd
	@tests/e2e/run $(O)

check-long: check-valgrind fuzz-smoke
	@$(PARALLEL) all
	@tests/e2e/run --long $(O)
	@$(MAKE) --no-print-directory check-package

SUITE ?= bookworm
SUITES ?= bookworm trixie forky

check-chroot:
	@tests/deps package
	@SUITE=$(SUITE) tests/e2e/chroot

check-package:
	@tests/deps package
	@SUITE=$(SUITE) tests/e2e/package

# all of it on each, also where one has failed; the last lines name those
check-suites:
	@tests/deps package
	@tests/e2e/suites $(SUITES)

demo: deps
	@$(PARALLEL) all
	@$(GIVE_BACK)
	@tests/e2e/demo $(O)

# --- fuzzers: tests/fuzz/f_<stem>.c ----------------------------------------

FUZZ_SECONDS ?= 60
FUZZERS := $(patsubst %.c,$(O)/%,$(wildcard tests/fuzz/f_*.c))

define fuzz_program
$1: $1.o $(O)/libsupport.a $(O)/libfake.a $(LIBRARIES)
	$$(CC) $$(ALL_LDFLAGS) -fsanitize=fuzzer -o $$@ $1.o -Wl,--start-group \
	  $(call whole,$(O)/libfake.a) $(O)/libsupport.a $(LIBRARIES) \
	  -Wl,--end-group \
	  $$(LIBS) -lcunit
endef
ifeq ($(FLAVOUR),fuzz)
$(foreach f,$(FUZZERS),$(eval $(call fuzz_program,$f)))
fuzzers: $(FUZZERS)
	@tests/fuzz/run $(FUZZ_SECONDS) $(FUZZERS)
else
fuzzers:
	@tests/deps fuzz
	@$(PARALLEL) FLAVOUR=fuzz fuzzers
endif
fuzz-smoke: fuzzers

# --- benchmarks: tests/bench/b_<stem>.c ------------------------------------

BENCHES := $(patsubst %.c,$(O)/%,$(wildcard tests/bench/b_*.c))

define bench_program
$1: $1.o $(O)/libsupport.a $(LIBRARIES)
	$$(CC) $$(ALL_LDFLAGS) -o $$@ $1.o -Wl,--start-group \
	  $(O)/libsupport.a $(LIBRARIES) -Wl,--end-group $$(LIBS) -lcunit
endef
$(foreach b,$(BENCHES),$(eval $(call bench_program,$b)))

bench: bench-spf bench-signer bench-verifier
bench-deps: # the peers
	@tests/deps bench
bench-spf: bench-deps all $(BENCHES) $(O)/dnsd
	@tests/bench/spf $(O)
bench-signer: bench-deps all $(BENCHES)
	@tests/bench/signer $(O)
bench-verifier: bench-deps all $(BENCHES) $(O)/dnsd
	@tests/bench/verifier $(O)

# --- coverage, lint, deps --------------------------------------------------

coverage:
	@$(PARALLEL) FLAVOUR=coverage all tests
	@$(MAKE) --no-print-directory FLAVOUR=coverage unit replay
	@tests/lint/coverage .build/coverage

# The keys in postseal.conf(5) come from the rows of the config.
$(O)/manualkeys: $(O)/tests/support/prog/manualkeys.o $(O)/libcommon.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

manual: $(O)/manualkeys
	@tests/lint/manual --write $(O)

lint: all $(O)/manualkeys
	@tests/deps lint
	@tests/lint/manual $(O)
	@tests/lint/run

map:
	@tests/lint/rooms --map

deps:
	@tests/deps

deps-build: # only what building needs: for a mail server
	@tests/deps build

# --- installing ------------------------------------------------------------

LIBDIR ?= $(PREFIX)/lib
UNITDIR ?= $(LIBDIR)/systemd/system
DOCDIR ?= $(PREFIX)/share/doc/postseal
BASHDIR ?= $(PREFIX)/share/bash-completion/completions

MANUALS := $(wildcard conf/man/*.[1-8])
UNITS := postseal-policyd.service postseal-signer.service postseal-verifier.service

# What names a program says where it is installed.
# install(1), not '>': its modes do not depend on the umask.
located = sed 's|/usr/local/libexec|$(LIBEXECDIR)|g' $1 | \
	install -m 0644 /dev/stdin $(DESTDIR)$2/$(notdir $1)

install: all
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBEXECDIR)/postseal \
	  $(DESTDIR)$(SYSCONFDIR)/postseal/domains.d $(DESTDIR)$(UNITDIR) \
	  $(DESTDIR)$(LIBDIR)/sysusers.d $(DESTDIR)$(LIBDIR)/tmpfiles.d \
	  $(DESTDIR)$(DOCDIR) $(DESTDIR)$(BASHDIR)
	install -d -m 0711 $(DESTDIR)$(SYSCONFDIR)/postseal/keys
	install -m 0755 $(O)/postseal-policyd $(O)/postseal-signer \
	  $(O)/postseal-verifier $(DESTDIR)$(LIBEXECDIR)/postseal/
	install -m 0755 $(O)/postseal $(DESTDIR)$(SBINDIR)/
	install -m 0644 $(O)/postseal.bash $(DESTDIR)$(BASHDIR)/postseal
	[ -e $(DESTDIR)$(SYSCONFDIR)/postseal/postseal.conf ] || install -m 0644 \
	  conf/postseal.conf $(DESTDIR)$(SYSCONFDIR)/postseal/
	for unit in $(UNITS); do \
	  $(call located,conf/systemd/$$unit,$(UNITDIR)) || exit 1; done
	$(call located,master.cf.snippet,$(DOCDIR))
	install -m 0644 conf/grafana-dashboard.json conf/alerts.yml conf/fail2ban.conf \
	  conf/doc/*.md $(DESTDIR)$(DOCDIR)/
	install -m 0644 -D -t $(DESTDIR)$(DOCDIR)/logwatch conf/logwatch/postseal \
	  conf/logwatch/postseal.conf
	install -m 0644 conf/postseal.sysusers \
	  $(DESTDIR)$(LIBDIR)/sysusers.d/postseal.conf
	install -m 0644 conf/postseal.tmpfiles \
	  $(DESTDIR)$(LIBDIR)/tmpfiles.d/postseal.conf
	for page in $(MANUALS); do \
	  install -D -m 0644 -t $(DESTDIR)$(MANDIR)/man$${page##*.} $$page || exit 1; \
	done

# What install put there; a config that was changed and keys stay.
uninstall:
	rm -rf $(DESTDIR)$(LIBEXECDIR)/postseal $(DESTDIR)$(DOCDIR)
	rm -f $(DESTDIR)$(SBINDIR)/postseal $(DESTDIR)$(BASHDIR)/postseal \
	  $(addprefix $(DESTDIR)$(UNITDIR)/,$(UNITS)) \
	  $(DESTDIR)$(LIBDIR)/sysusers.d/postseal.conf \
	  $(DESTDIR)$(LIBDIR)/tmpfiles.d/postseal.conf
	for page in $(notdir $(MANUALS)); do \
	  rm -f $(DESTDIR)$(MANDIR)/man$${page##*.}/$$page; done
	! cmp -s conf/postseal.conf $(DESTDIR)$(SYSCONFDIR)/postseal/postseal.conf || \
	  rm $(DESTDIR)$(SYSCONFDIR)/postseal/postseal.conf
	rmdir --ignore-fail-on-non-empty \
	  $(addprefix $(DESTDIR)$(SYSCONFDIR)/,postseal/domains.d postseal/keys postseal)

# Debian packages, in DEB, from a copy of what git knows. Debian's makefile names
# folders of its own; what this one was called with must not reach it.
DEB ?= .build/deb
deb: deps-deb
	rm -rf $(DEB)
	mkdir -p $(DEB)/postseal-$(VERSION)
	git ls-files -z | tar -c --null -T - | tar -x -C $(DEB)/postseal-$(VERSION)
	cp -r conf/debian $(DEB)/postseal-$(VERSION)/debian
	cd $(DEB)/postseal-$(VERSION) && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
	  dpkg-buildpackage -b -us -uc
	lintian --fail-on error $(DEB)/*.changes

deps-deb:
	@tests/deps deb

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

clean:
	rm -rf .build

.PHONY: all tests unit replay check check-asan check-valgrind check-long \
	check-chroot check-package check-suites corpus e2e \
	demo fuzzers fuzz-smoke fuzz-diff bench bench-deps bench-spf bench-signer coverage manual lint deps deps-build \
	install uninstall deb deps-deb help clean FORCE
.SECONDARY:

-include $(shell find $(O) -name '*.d' 2>/dev/null)
