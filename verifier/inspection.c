/*
 * Trap: a question that is under way points into the letter, so that it is
 * cancelled before anything else.
 */
#include "verifier/inspection.h"

bool
inspection_waits(const struct inspection *l)
{
	bool ours = l->keys.open > 0 || dmarc_message_waits(&l->dmarc);

	return (ours && l->trouble == NULL) || envelope_waits(&l->envelope);
}

void
inspection_reset(struct inspection *l)
{
	envelope_reset(&l->envelope);
	dmarc_message_reset(&l->dmarc);
	keyfetch_reset(&l->keys);
	l->nresults = l->nrecipients = 0;
	for (size_t i = 0; i < BODIES; i++)
		l->body[i].wanted = l->body[i].done = false;
	strip_init(&l->strip);
	dkmessage_free(l->domainkeys);
	l->domainkeys = NULL;
	l->picked = (struct picked){NULL, 0, 0};
	l->whose = WHOSE_STRANGER;
	l->author[0] = '\0';
	l->list = l->unasked = l->may_hold = l->undone = false;
	l->now = l->ended_ms = l->waited_ms = 0;
	l->trouble = l->reply = l->own_message = NULL;
}

void
inspection_free(struct inspection *l)
{
	inspection_reset(l);
	for (size_t i = 0; i < BODIES; i++)
		bodyhash_free(l->body[i].hash);
	memset(l, 0, sizeof *l);
}
