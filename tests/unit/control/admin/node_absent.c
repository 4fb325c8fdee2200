// What clients want of a node's sessions, for tests that have no node.c: nothing becomes of it.
#include "control/node.h"
#include "lib/ipc/setup.h"

uint32_t node_session_open(
	struct node *node, const struct session_want *want, node_opened_fn on_opened, void *owner)
{
	(void)node, (void)want, (void)on_opened, (void)owner;
	return 0;
}

void node_session_forget(struct node *node, uint32_t request)
{
	(void)node, (void)request;
}

int node_session_close(
	struct node *node, uint32_t cid, bool at_once, char *error, size_t error_size)
{
	(void)node, (void)cid, (void)at_once, (void)error, (void)error_size;
	return IPC_OK;
}
