// What a node tells a monitoring system: families of metrics (openmetrics.h) from the same tables
// as status, worker.list, link.list and session.show.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

struct node;

// Sessions have a series each for so many; sluice_sessions counts all.
#define METRICS_SESSIONS_MAX 256u

// An array of families: a new reference. `now_ns`: CLOCK_MONOTONIC; `unix_s`: the same instant as
// seconds since 1970; `each_member`: members have series of their own, too.
json_t *metrics_gather(const struct node *node, uint64_t now_ns, double unix_s, bool each_member);

// So many of them; sluice_members counts all.
#define METRICS_MEMBERS_MAX 256u

// Append the families of membership (metrics_swim.c), of connections to other nodes
// (metrics_pool.c), of links, of workers (metrics_plane.c) and of
// sessions (metrics_session.c).
struct gossip;
void metrics_swim(json_t *families, const struct gossip *gossip, bool each_member);
struct tables;
struct calls;
void metrics_pool(json_t *families, const struct calls *calls);
void metrics_links(json_t *families, const struct tables *tables);
void metrics_workers(json_t *families, const struct tables *tables, uint64_t now_ns);
void metrics_sessions(json_t *families, const struct tables *tables);
