#include "policyd/skip.h"

enum skip
skip_client(const struct policyd_settings *p, const struct ip *client)
{
	for (size_t i = 0; i < p->trusted_networks.n; i++) {
		if (cidr_contains(&p->trusted_networks.v[i], client))
			return SKIP_TRUSTED_NETWORK;
	}
	return SKIP_NO;
}

const char *
skip_word(enum skip s)
{
	switch (s) {
	case SKIP_NO:
		break;
	case SKIP_TRUSTED_NETWORK:
		return "trusted_networks";
	}
	return NULL;
}
