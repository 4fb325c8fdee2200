// A virtio-user link's connection. The device lives as long as the connection does: made when
// somebody listens at the socket, ended when he hangs up. The driver could listen itself and keep
// its device, but then it waits in its creation for the first one who connects (DPDK 22.11). While
// it connects, the main thread waits for the peer's answers: the vhost library looks for a new
// connection once a second.
#include <sys/stat.h>

#include "dataplane/port/port_private.h"

#define VIRTIO_RETRY_NS 100000000ull
// When the driver sees a hang-up it sets an alarm with a pointer to its device, and forgets it when
// the device ends. Alarms run on DPDK's interrupt thread, which comes by once a window (gate.h) and
// may have a round of events behind it.
#define VIRTIO_WINDOWS 3

static bool somebody_listens(const struct port *p)
{
	struct stat st;

	return stat(p->config.socket, &st) == 0 && S_ISSOCK(st.st_mode);
}

static void virtio_connect(struct port *p, uint64_t now_ns)
{
	char error[256]; // the next try says it again

	p->retry_ns = now_ns + VIRTIO_RETRY_NS;
	if (!somebody_listens(p) || !device_open(p, error, sizeof(error)))
		return;
	p->windows_left = rte_eth_dev_start(p->id) == 0 ? 0 : VIRTIO_WINDOWS;
	p->started = true;
}

static void virtio_disconnect(struct port *p)
{
	if (p->windows_left == 0)
		p->windows_left = VIRTIO_WINDOWS;
	else if (--p->windows_left == 0) {
		rte_eth_dev_stop(p->id);
		device_close(p);
		p->started = false;
	}
}

// Called with the port shut, which it leaves open only while there is a peer.
void virtio_step(struct port *p, uint64_t now_ns)
{
	bool up = p->started && p->windows_left == 0 && port_device_up(p);

	if (p->started && !up)
		virtio_disconnect(p);
	else if (!p->started && now_ns >= p->retry_ns)
		virtio_connect(p, now_ns);
	port_link_set(p, up);
	if (up)
		port_unshut(p);
}
