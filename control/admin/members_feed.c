// Changes of members become lines, once for all who watch.
#include "control/admin/members_feed.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/admin/method.h"
#include "control/admin/rpc.h"
#include "control/node.h"

enum { ROOM_FIRST = 4096 };

// ---- lines -------------------------------------------------------------------------------------

// What a row of `members` has, with the state before and after in front.
static char *line_of_change(const struct members_feed *feed, const struct members_delta *delta)
{
	const struct gossip *gossip = &feed->node->gossip;
	json_t *row = method_member_row(gossip, delta->member, loop_now_ns(feed->node->loop));
	json_t *params = json_pack("{s:O, s:s, s:s, s:O, s:s, s:I, s:I, s:b}", "name",
		json_object_get(row, "name"), "from", member_state_names[delta->from], "to",
		member_state_names[delta->to], "address", json_object_get(row, "address"), "event",
		"change", "generation", (json_int_t)gossip->members.generation, "time_s",
		(json_int_t)time(NULL), "meta_changed", delta->meta_changed);

	json_object_update_missing(params, row);
	json_object_del(params, "state"); // that is "to"
	json_decref(row);
	return rpc_frame_note("members.watch", params);
}

static char *line_of_rtt(const struct swim_view *view, uint64_t rtt_ns)
{
	return rpc_frame_note("members.watch",
		json_pack("{s:o, s:s, s:I, s:I}", "name", rpc_text(view->name), "event", "rtt",
			"rtt_ns", (json_int_t)rtt_ns, "time_s", (json_int_t)time(NULL)));
}

static char *line_of_all(const struct members_feed *feed, uint64_t lost, uint64_t now_ns)
{
	json_t *params = method_members_all(feed->node, true, now_ns);

	json_object_set_new(params, "event", json_string("resync"));
	json_object_set_new(params, "lost", json_integer((json_int_t)lost));
	json_object_set_new(params, "time_s", json_integer((json_int_t)time(NULL)));
	return rpc_frame_note("members.watch", params);
}

// ---- streams -----------------------------------------------------------------------------------

static bool stream_reserve(struct members_stream *stream, size_t size)
{
	size_t room = stream->room ? stream->room : ROOM_FIRST;
	char *grown;

	while (room <= size)
		room *= 2;
	if (room == stream->room)
		return true;
	grown = realloc(stream->text, room);
	if (!grown)
		return false;
	stream->text = grown;
	stream->room = room;
	return true;
}

// False: there is no room for it. After one that was lost all are, until the whole list has gone:
// what came behind a gap would be taken for the whole story.
static bool stream_put(struct members_stream *stream, const char *line, size_t size)
{
	if (stream->lost || !line || stream->size + size > MEMBERS_FEED_WAITING_MAX ||
		!stream_reserve(stream, stream->size + size))
		return false;
	memcpy(stream->text + stream->size, line, size);
	stream->size += size;
	return true;
}

static void feed_on_delta(void *owner, const struct members_delta *delta)
{
	struct members_feed *feed = owner;
	char *line = line_of_change(feed, delta);
	size_t size = line ? strlen(line) : 0;

	for (struct members_stream *stream = feed->streams; stream; stream = stream->next) {
		if (!stream_put(stream, line, size))
			stream->lost++;
		stream->on_news(stream->owner);
	}
	free(line);
}

// One that does not fit is no loss: another one comes with the next probe.
static void feed_on_rtt(void *owner, uint32_t member, uint64_t rtt_ns)
{
	struct members_feed *feed = owner;
	struct swim_view view;
	char *line = NULL;

	for (struct members_stream *stream = feed->streams; stream; stream = stream->next) {
		if (!stream->rtt)
			continue;
		if (!line && swim_member(feed->node->gossip.swim, member, &view))
			line = line_of_rtt(&view, rtt_ns);
		if (line && stream_put(stream, line, strlen(line)))
			stream->on_news(stream->owner);
	}
	free(line);
}

void members_feed_init(struct members_feed *feed, struct node *node)
{
	*feed = (struct members_feed){
		.node = node, .watcher = {.on_delta = feed_on_delta, .owner = feed}};
}

int members_feed_add(struct members_feed *feed, struct members_stream *stream, bool rtt)
{
	struct gossip *gossip = &feed->node->gossip;

	if (feed->count == MEMBERS_FEED_CLIENTS_MAX)
		return -1;
	if (feed->count++ == 0) {
		members_watch(&gossip->members, &feed->watcher);
		gossip->on_rtt = feed_on_rtt;
		gossip->rtt_owner = feed;
	}
	stream->on = true;
	stream->rtt = rtt;
	stream->next = feed->streams;
	feed->streams = stream;
	return 0;
}

void members_feed_remove(struct members_feed *feed, struct members_stream *stream)
{
	struct members_stream **at;

	if (!stream->on)
		return;
	for (at = &feed->streams; *at != stream; at = &(*at)->next)
		;
	*at = stream->next;
	if (--feed->count == 0) {
		members_unwatch(&feed->node->gossip.members, &feed->watcher);
		feed->node->gossip.on_rtt = NULL;
	}
	free(stream->text);
	stream->text = NULL;
	stream->size = stream->room = 0;
	stream->lost = 0;
	stream->on = false;
}

// The whole list costs the loop time by the number of members: slow readers, however many, get it
// one after another.
static char *stream_again(struct members_feed *feed, struct members_stream *stream, uint64_t now_ns,
	uint64_t *wait_ns)
{
	const struct members *members = &feed->node->gossip.members;
	char *line;

	if (now_ns < feed->again_ns) {
		*wait_ns = feed->again_ns - now_ns;
		return NULL;
	}
	feed->again_ns = now_ns + members->order_count * (MEMBERS_FEED_AGAIN_US * 1000ull);
	line = line_of_all(feed, stream->lost, now_ns);
	if (line)
		stream->lost = 0;
	else
		*wait_ns = 1000000000; // no memory
	return line;
}

char *members_feed_take(struct members_feed *feed, struct members_stream *stream, uint64_t now_ns,
	uint64_t *wait_ns)
{
	char *text = stream->text;

	*wait_ns = 0;
	if (stream->size == 0)
		return stream->lost ? stream_again(feed, stream, now_ns, wait_ns) : NULL;
	text[stream->size] = 0; // stream_reserve has room for it
	stream->text = NULL;
	stream->size = stream->room = 0;
	return text;
}
