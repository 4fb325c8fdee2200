// The search: the largest size first, because most paths are what their links say; then by halves.
#include "dataplane/transport/path.h"

#include <string.h>

void path_init(struct path *p, uint32_t cells_max)
{
	memset(p, 0, sizeof(*p));
	p->cells = 1;
	p->cells_max = (uint8_t)cells_max;
	p->due_ns = UINT64_MAX;
}

bool path_search(struct path *p)
{
	p->due_ns = UINT64_MAX;
	p->pn = 0;
	p->tries = 0;
	p->high = p->cells_max;
	p->trying = p->cells < p->high ? p->high : 0;
	return p->trying != 0;
}

// The next size between what passes and what failed, or the end of the search.
static void path_next(struct path *p)
{
	p->pn = 0;
	p->tries = 0;
	p->trying = 0;
	if (p->cells < p->high)
		p->trying = (uint8_t)((p->cells + p->high + 1) / 2);
}

bool path_passed(struct path *p, uint32_t cells)
{
	p->holes = 0;
	if (cells <= p->cells)
		return false;
	p->cells = (uint8_t)cells;
	if (p->high < p->cells)
		p->high = p->cells; // a late one: it had not failed
	path_next(p);
	return true;
}

void path_failed(struct path *p)
{
	p->pn = 0;
	if (++p->tries < PATH_TRIES)
		return;
	p->high = (uint8_t)(p->trying - 1);
	path_next(p);
}

bool path_on_event(struct path *p)
{
	if (!p->large_lost)
		return false;
	p->large_lost = false;
	if (p->cells == 1 || ++p->holes < PATH_HOLE_EVENTS)
		return false;
	p->holes = 0;
	p->cells = 1;
	return true;
}
