/*
 * limits.h - by what the policy service is limited, each with its reason. Those
 * that other wings share are in common/limits.h.
 */
#ifndef POSTSEAL_POLICYD_LIMITS_H
#define POSTSEAL_POLICYD_LIMITS_H

enum {
	/* A policy request: Postfix sends some 700 bytes; long senders, names
	 * and certificate subjects are each limited by Postfix to 2 KiB or
	 * less. */
	POLICY_REQUEST_MAX = 16 * 1024,

	/* Memory of one policy request: its fields, and twice the texts of a
	 * result (some 2,000 bytes). */
	REQUEST_MEMORY_MAX = 64 * 1024,

	/* The instance that a policy connection remembers. Postfix's has some
	 * 30 bytes ("pid.seconds.microseconds.sequence" in hex); a longer one
	 * is evaluated anew for each recipient. */
	POLICY_INSTANCE_MAX = 64,

	/* What a message was given that it gets once: "header" and copies,
	 * whose actions are lines of SMTP. More than 8 different ones could be
	 * told again. */
	POLICY_GIVEN_MAX = 4096,

	/* A policy connection before its first request, which Postfix sends at
	 * once. */
	POLICY_FIRST_MS = 180 * 1000,

	/* A policy connection on which nothing is said. Postfix closes it after
	 * 300 seconds, or 1,000 (smtpd_policy_service_max_idle, max_ttl), and
	 * who has raised these has not done so to hours. */
	POLICY_IDLE_MS = 7200 * 1000,

	/* TCP keepalive of a policy connection: a host that vanished without a
	 * word is noticed after 300 + 5 * 60 seconds. */
	POLICY_KEEPALIVE_IDLE = 300,
	POLICY_KEEPALIVE_INTERVAL = 60,
	POLICY_KEEPALIVE_COUNT = 5,

	/* The same when the settings were reloaded since, so that old workers
	 * end: what Postfix allows by default at the most. */
	POLICY_RETIRED_IDLE_MS = 1000 * 1000,

	/* How long a closed policy connection is kept for a peer that is slow
	 * to read its last reply: Postfix reads at once. */
	POLICY_FLUSH_MS = 10 * 1000
};

#endif
