// The pool in words: names of its codes, and an explanation as sentences. Not pure: it formats.
#include "control/pool/pool.h"

#include <stdio.h>

static const struct {
	const char *name, *text;
} whys[POOL_WHY_COUNT] = {
	[POOL_OK] = {"ok", "nothing is in the way"},
	[POOL_UNKNOWN_NODE] = {"unknown-node", "the pool knows no such node"},
	[POOL_NODES_FULL] = {"nodes-full", "connections to as many nodes as possible are open"},
	[POOL_BAD_NAME] = {"bad-name", "a node's name has 1 to 63 characters"},
	[POOL_NODE_GONE] = {"node-gone", "membership says that the node is dead or has left"},
	[POOL_BREAKER_OPEN] = {"breaker-open", "the node's circuit breaker is open"},
	[POOL_DRAINING] = {"draining", "it is being drained; \"sluice pool resume\" ends that"},
	[POOL_WAITERS_FULL] = {"waiters-full", "as many requests wait as may"},
	[POOL_DEADLINE] = {"deadline", "its deadline came first"},
	[POOL_PAUSED] = {"paused", "it is paused; \"sluice pool resume\" ends that"},
	[POOL_BACKING_OFF] = {"backing-off", "dials have failed and the next one is not due yet"},
	[POOL_DIALING] = {"dialing", "a connection is being dialed"},
	[POOL_CHECKING] = {"checking", "an idle connection is checked first"},
	[POOL_NODE_LIMIT] = {"node-limit", "the node's limit of stream slots is reached"},
	[POOL_TOTAL_LIMIT] = {"total-limit", "the limit of all stream slots is reached"},
	[POOL_QUEUED] = {"queued", "what is in use will be free before a dial is done"},
	[POOL_IDLE_TIMEOUT] = {"idle-timeout", "nobody used it for a while"},
	[POOL_LIFETIME] = {"lifetime", "it was as old as a connection may be"},
	[POOL_DIAL_TIMEOUT] = {"dial-timeout", "it was not connected in time"},
	[POOL_DIAL_FAILED] = {"dial-failed", "it could not be connected"},
	[POOL_PING_TIMEOUT] = {"ping-timeout", "a ping or a check was not answered in time"},
	[POOL_CHECK_FAILED] = {"check-failed", "a ping or a check found it broken"},
	[POOL_BROKEN] = {"broken", "a request on it failed"},
	[POOL_FLUSHED] = {"flushed", "another connection to the same node broke"},
	[POOL_GOAWAY] = {"goaway", "its peer wants no more requests on it"},
	[POOL_SHRUNK] = {"shrunk", "little of what the node keeps ready was used"},
	[POOL_ROOM] = {"room", "another node needed its slot"},
	[POOL_CLOSED] = {"closed", "its peer closed it"},
};

const char *pool_why_name(enum pool_why why)
{
	return (unsigned)why < POOL_WHY_COUNT ? whys[why].name : "?";
}

const char *pool_why_text(enum pool_why why)
{
	return (unsigned)why < POOL_WHY_COUNT ? whys[why].text : "?";
}

const char *pool_health_name(enum pool_health health)
{
	static const char *const names[] = {"healthy", "degraded", "unhealthy", "dead"};

	return (unsigned)health < 4 ? names[health] : "?";
}

const char *pool_breaker_name(enum pool_breaker breaker)
{
	static const char *const names[] = {"closed", "open", "half-open"};

	return (unsigned)breaker < 3 ? names[breaker] : "?";
}

const char *pool_liveness_name(enum pool_liveness liveness)
{
	static const char *const names[] = {"alive", "suspect", "gone"};

	return (unsigned)liveness < 3 ? names[liveness] : "?";
}

// "in 1.5 s"; nothing when the time is not known or over.
static const char *when(char text[48], const char *before, uint64_t now_ns, uint64_t at_ns)
{
	text[0] = 0;
	if (at_ns > now_ns)
		snprintf(text, 48, "%s %.3g s", before, (double)(at_ns - now_ns) / 1e9);
	return text;
}

const char *pool_explanation_text(
	const struct pool_explanation *e, uint64_t now_ns, char text[POOL_TEXT_SIZE])
{
	char retry[48], estimate[48];
	const struct pool_node_report *n = &e->node;

	if (e->why == POOL_UNKNOWN_NODE) {
		snprintf(text, POOL_TEXT_SIZE, "Refused: %s.", pool_why_text(e->why));
		return text;
	}
	when(retry, "; try again in", now_ns, e->retry_ns);
	if (e->result == POOL_GRANTED)
		snprintf(text, POOL_TEXT_SIZE,
			"Granted at once, %s: %u of the node's %u slots are idle.",
			e->is_hinted ? "on the connection that its kind of request used last"
				     : "on the connection that was used last",
			n->slots.idle, n->slots.leased + n->slots.idle);
	else if (e->result == POOL_REFUSED)
		snprintf(text, POOL_TEXT_SIZE, "Refused: %s%s.", pool_why_text(e->why), retry);
	else
		snprintf(text, POOL_TEXT_SIZE,
			"Waits behind %u: %s%s%s. In use: %u of the node's %u slots, %u of all "
			"%u.",
			e->ahead, pool_why_text(e->why),
			when(retry, "; due in", now_ns, e->retry_ns),
			when(estimate, "; about", now_ns, now_ns + e->wait_estimate_ns),
			n->slots.leased + n->slots.idle + n->slots.dialing, e->node_max,
			e->total.leased + e->total.idle + e->total.dialing, e->total_max);
	return text;
}
