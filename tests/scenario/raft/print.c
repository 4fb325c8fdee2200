// Messages, entries and members in words.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/scenario/raft/world.h"

struct line {
	char text[8192];
	size_t size;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...)
{
	size_t room = sizeof(line->text) - line->size;
	va_list list;
	int size;

	va_start(list, format);
	size = vsnprintf(line->text + line->size, room, format, list);
	va_end(list);
	line->size += size < 0 ? 0 : (size_t)size < room ? (size_t)size : room - 1;
}

static const char *role_text(const struct raft_member *member, bool joint)
{
	switch (member->roles) {
	case RAFT_VOTER:
		return joint ? ":comes" : "";
	case RAFT_VOTER_OLD:
		return ":goes";
	case RAFT_VOTER_OLD | RAFT_LEARNER:
		return ":to-learner";
	case RAFT_LEARNER:
		return ":learner";
	case RAFT_LEARNER | RAFT_PROMOTE:
		return ":promote";
	default:
		return "";
	}
}

const char *conf_text(const struct raft_conf *conf)
{
	static struct line line;

	line.size = 0;
	add(&line, "%s", conf_is_joint(conf) ? "joint" : "members");
	for (uint32_t i = 0; i < conf->members; i++)
		add(&line, " %u%s", (unsigned)conf->member[i].id,
			role_text(&conf->member[i], conf_is_joint(conf)));
	return line.text;
}

static void add_data(struct line *line, const uint8_t *data, uint32_t size)
{
	if (size > 64)
		add(line, "\"%.8s...\" (%u bytes)", (const char *)data, size);
	else
		add(line, "\"%.*s\"", (int)size, (const char *)data);
}

const char *entry_text(const struct raft_entry *entry)
{
	static struct line line;
	struct raft_conf conf;

	line.size = 0;
	add(&line, "%u/%u ", (unsigned)entry->index, (unsigned)entry->term);
	if (entry->kind == RAFT_NOOP)
		add(&line, "noop");
	else if (entry->kind == RAFT_DATA)
		add_data(&line, entry->data, entry->size);
	else if (conf_read(&conf, entry->data, entry->size))
		add(&line, "%s", conf_text(&conf));
	return line.text;
}

static void add_candidate(struct line *line, const struct raft_message *m)
{
	add(line, " last %u/%u%s", (unsigned)m->index, (unsigned)m->log_term,
		m->force ? " force" : "");
}

static void add_append(struct line *line, const struct raft_message *m)
{
	add(line, " after %u/%u commit %u", (unsigned)m->index, (unsigned)m->log_term,
		(unsigned)m->commit);
	for (uint32_t i = 0; i < m->entries; i++)
		add(line, "%s%s", i ? ", " : ": ", entry_text(&m->entry[i]));
}

static void add_heartbeat(struct line *line, const struct raft_message *m)
{
	add(line, " commit %u%s", (unsigned)m->commit, m->context ? "" : " (no answer)");
}

static void add_install(struct line *line, const struct raft_message *m)
{
	add(line, " snapshot %u/%u bytes %u to %u of %u: %s", (unsigned)m->index,
		(unsigned)m->log_term, (unsigned)m->offset, (unsigned)(m->offset + m->size),
		(unsigned)m->total, conf_text(m->conf));
}

static void add_proposal(struct line *line, const struct raft_message *m)
{
	add(line, " %s", m->kind == RAFT_CONF ? "change" : "");
	if (m->kind == RAFT_DATA)
		add_data(line, m->data, m->size);
}

static void add_answer(struct line *line, const struct raft_message *m)
{
	bool is_append = m->type == RAFT_MSG_APPEND_REPLY;

	if (m->reject && m->type == RAFT_MSG_PROPOSE_REPLY)
		add(line, " refused: %s", raft_result_text((enum raft_result)m->result));
	else if (m->reject)
		add(line, " rejects");
	if (m->index)
		add(line, " %u", (unsigned)m->index);
	if (is_append && m->reject && m->index)
		add(line, ", has %u/%u", (unsigned)m->hint, (unsigned)m->hint_term);
	if (m->type == RAFT_MSG_INSTALL_REPLY)
		add(line, " wants byte %u", (unsigned)m->offset);
	if (m->quarantined)
		add(line, " (quarantined)");
}

static void (*const MORE[RAFT_MSG_COUNT])(struct line *line, const struct raft_message *message) = {
	[RAFT_MSG_PRE_VOTE] = add_candidate,
	[RAFT_MSG_PRE_VOTE_REPLY] = add_answer,
	[RAFT_MSG_VOTE] = add_candidate,
	[RAFT_MSG_VOTE_REPLY] = add_answer,
	[RAFT_MSG_APPEND] = add_append,
	[RAFT_MSG_APPEND_REPLY] = add_answer,
	[RAFT_MSG_HEARTBEAT] = add_heartbeat,
	[RAFT_MSG_INSTALL] = add_install,
	[RAFT_MSG_INSTALL_REPLY] = add_answer,
	[RAFT_MSG_PROPOSE] = add_proposal,
	[RAFT_MSG_PROPOSE_REPLY] = add_answer,
	[RAFT_MSG_READ_REPLY] = add_answer,
};

const char *message_text(const struct raft_message *message)
{
	static struct line line;

	line.size = 0;
	add(&line, "%u->%u %s term %u", (unsigned)message->from, (unsigned)message->to,
		raft_message_name(message->type), (unsigned)message->term);
	if (message->session > 1) // of who was not there from the beginning
		add(&line, " session %u", (unsigned)message->session);
	if (MORE[message->type])
		MORE[message->type](&line, message);
	return line.text;
}

enum raft_message_type message_type(const char *name)
{
	for (uint32_t i = 1; i < RAFT_MSG_COUNT; i++)
		if (strcmp(raft_message_name((enum raft_message_type)i), name) == 0)
			return (enum raft_message_type)i;
	return (enum raft_message_type)0;
}
