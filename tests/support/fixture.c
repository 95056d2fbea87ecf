#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/fixture.h"
#include "tests/support/pem.h"

static void
fail(const char *what)
{
	perror(what);
	abort();
}

static void
write_file(
    const struct fixture *f, const char *name, const char *text, mode_t mode)
{
	char path[TMPDIR_PATH_MAX];
	int fd = open(fixture_file(f, name, path),
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t n = strlen(text);

	if (fd < 0 || write(fd, text, n) != (ssize_t)n ||
	    fchmod(fd, mode) != 0 || close(fd) != 0)
		fail(path);
}

/* Another modulus: a letter of the second line of base64 is changed. */
static void
write_twisted(const struct fixture *f)
{
	char text[4096];
	char *line;

	snprintf(text, sizeof text, "%s", pem_rsa2048);
	line = strchr(strchr(text, '\n') + 1, '\n') + 1;
	line[20] = line[20] == 'A' ? 'B' : 'A';
	write_file(f, "twisted.pem", text, 0600);
}

static void
read_settings(struct fixture *f, const char *config)
{
	struct buf text, why;

	buf_init(&text, 1 << 20);
	buf_init(&why, 1 << 16);
	for (const char *p = config; *p != '\0'; p++) {
		if (*p == '@')
			buf_fmt(&text, "%s/", f->dir.path);
		else
			buf_byte(&text, *p);
	}
	if (settings_parse("test.conf", buf_view(&text), SETTINGS_SIGNER,
	        &f->settings, &why, &why) != 0) {
		fprintf(stderr, "%s", buf_text(&why));
		fail("settings");
	}
	buf_free(&text);
	buf_free(&why);
}

static void
no_files(const struct tmpdir *d)
{
	(void)d;
}

void
fixture_make(struct fixture *f, const char *config)
{
	fixture_make_with(f, config, no_files);
}

void
fixture_make_with(struct fixture *f, const char *config,
    void (*files)(const struct tmpdir *d))
{
	*f = (struct fixture){.keys = NULL};
	tmpdir_make(&f->dir);
	write_file(f, "ed.pem", pem_ed25519, 0600);
	write_file(f, "rsa.pem", pem_rsa2048, 0600);
	write_file(f, "short.pem", pem_rsa1024, 0600);
	write_file(f, "open.pem", pem_ed25519, 0644);
	write_file(f, "garbage.pem", "not a key\n", 0600);
	write_twisted(f);
	files(&f->dir);
	read_settings(f, config);
	buf_init(&f->why, 1 << 16);
	buf_init(&f->warn, 1 << 16);
	if (keyring_open(f->settings, &f->keys, &f->why, &f->warn) != 0 ||
	    signer_init(&f->signer, f->settings, f->keys) != 0)
		fail("keyring");
	logged_begin(&f->log);
}

void
fixture_free(struct fixture *f)
{
	logged_end(&f->log);
	signer_free(&f->signer);
	keyring_free(f->keys);
	settings_free(f->settings);
	buf_free(&f->why);
	buf_free(&f->warn);
	tmpdir_remove(&f->dir);
}

char *
fixture_file(const struct fixture *f, const char *name, char *path)
{
	return tmpdir_file(&f->dir, name, path);
}

const char *
fixture_logged(struct fixture *f)
{
	return logged_text(&f->log);
}

unsigned
fixture_lines(const char *text)
{
	unsigned n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

const char fixture_foreign[] =
    "From: eve@elsewhere.example\r\nSubject: t\r\n\r\nhi\r\n";

const char fixture_message[] =
    "Received: from x by y;\r\n\tSun, 22 Nov 2026 10:00:00 +0000\r\n"
    "From: Alice <alice@ed.example>\r\n"
    "To: bob@rcpt.example\r\n"
    "Subject:  two spaces,\r\n\tand a fold \r\n"
    "Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
    "Message-ID: <1@ed.example>\r\n"
    "\r\n"
    "Hello  \r\nworld\r\n\r\n\r\n";

struct key *
fixture_key(const struct fixture *f, const char *domain, size_t i)
{
	return keyring_find(f->keys, span_str(domain))->key[i].key;
}
