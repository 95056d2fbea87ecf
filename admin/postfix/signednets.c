#include "admin/postfix/signednets.h"

#include "admin/limits.h"
#include "admin/postfix/wiring.h"
#include "admin/tool/tool.h"
#include "common/bytes/arena.h"
#include "common/io/own.h"
#include "signer/limits.h"
#include "signer/tables/hosts.h"

void
signednets_put(const struct cidr *net, struct buf *out)
{
	bool v6 = ip_width(&net->ip) > 32;
	char text[IP_TEXT_MAX];

	if (settings_is_this_host(net))
		buf_str(out, " " SETTINGS_THIS_HOST);
	else
		buf_fmt(out, v6 ? " [%s]/%u" : " %s/%u",
		    ip_text(&net->ip, text), net->bits);
}

/* Whose mail is signed, or is not to be. */
struct signed_hosts {
	struct hosts internal, ignored;
	struct own own;
};

static bool
is_loopback(const struct cidr *net)
{
	static const char *const loops[] = {"127.0.0.0/8", "::1"};

	for (size_t i = 0; i < 2; i++) {
		struct cidr loop;

		if (cidr_parse(span_str(loops[i]), &loop) == 0 &&
		    cidr_within(net, &loop))
			return true;
	}
	return false;
}

static bool
is_in_hosts(const struct hosts *h, const struct cidr *net)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct hosts_entry *e = &h->v[i];

		if (!e->not &&e->kind == HOSTS_NET && cidr_within(net, &e->net))
			return true;
	}
	return false;
}

/* True if mail of that network is signed, or was left out on purpose. */
static bool
is_settled(const struct signed_hosts *s, const struct cidr *net)
{
	bool one = net->bits == ip_width(&net->ip);

	if (is_loopback(net) || is_in_hosts(&s->internal, net) ||
	    is_in_hosts(&s->ignored, net))
		return true;
	for (size_t i = 0; one && i < s->internal.n; i++) {
		if (s->internal.v[i].kind == HOSTS_OWN &&
		    own_has(&s->own, &net->ip))
			return true;
	}
	return false;
}

static bool
has_names(const struct hosts *h)
{
	for (size_t i = 0; i < h->n; i++) {
		if (h->v[i].kind != HOSTS_NET && h->v[i].kind != HOSTS_OWN)
			return true;
	}
	return false;
}

/* The lists as far as they can be read; what is wrong there is told elsewhere.
 */
static bool
read_hosts(const struct signer_settings *g, struct arena *arena,
    struct signed_hosts *ret)
{
	struct buf why;
	bool good;

	buf_init(&why, POSTCONF_VALUE_MAX);
	*ret = (struct signed_hosts){.own = {.n = 0}};
	good = hosts_open(&g->internal_hosts, arena, &ret->internal, &why,
	           &why) == 0 &&
	    hosts_open(&g->ignore_hosts, arena, &ret->ignored, &why, &why) ==
	        0 &&
	    own_read(&ret->own) == 0;
	buf_free(&why);
	return good && !has_names(&ret->internal);
}

/* Appends them, for people to out and for the config to list. */
static void
list_unsigned(const struct signed_hosts *s, struct span mynetworks,
    struct buf *out, struct buf *list)
{
	char text[IP_TEXT_MAX];
	struct span item;
	bool bad = false;
	size_t told = 0;

	while (told < CHECK_NETWORKS_MAX &&
	    wiring_next(&mynetworks, &item, &bad)) {
		struct cidr net;

		if (!wiring_network(item, &net) || is_settled(s, &net))
			continue;
		signednets_put(&net, out);
		buf_fmt(list, ", \"%s/%u\"", ip_text(&net.ip, text), net.bits);
		told++;
	}
}

/* What is there now, and the list. */
static void
put_value(const struct text_list *now, struct span list, struct buf *out)
{
	buf_byte(out, '{');
	for (size_t i = 0; i < now->n; i++) {
		buf_str(out, i > 0 ? ", " : "");
		tool_config_string(now->v[i], out);
	}
	buf_span(out, now->n > 0 ? list : span_skip(list, 2));
	buf_byte(out, '}');
}

void
signednets_missing(const struct settings *s, struct span mynetworks,
    struct buf *ret_networks, struct buf *ret_value)
{
	struct signed_hosts hosts;
	struct arena arena;
	struct buf list;

	arena_init(&arena, 2 * TABLE_FILE_MAX);
	buf_init(&list, POSTCONF_VALUE_MAX);
	if (read_hosts(&s->signer, &arena, &hosts))
		list_unsigned(&hosts, mynetworks, ret_networks, &list);
	if (list.n > 0)
		put_value(
		    &s->signer.internal_hosts, buf_view(&list), ret_value);
	own_free(&hosts.own);
	buf_free(&list);
	arena_free(&arena);
}
