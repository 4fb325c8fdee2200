"""Starts both ends of a contender, waits for the one that holds the figure, ends the other."""
import os
import subprocess
import tempfile
import threading
import time

import parse
from cpu import Watch
from link import cpus

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
PATIENCE = 10  # seconds beyond the planned ones


class Failed(Exception):
    """This contender gave no figure this time, and why."""


def start(command, env=None, **streams):
    environment = dict(os.environ, PATH=PATH, **(env or {}))
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True, env=environment, **streams)


def end(*processes):
    for process in processes:
        if process.poll() is None:
            process.kill()
    for process in processes:
        process.communicate()


def words(process, seconds):
    """All that it prints, once it has ended well."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise Failed("no end within %d s" % seconds) from None
    if process.returncode != 0:
        said = (err or out or "").strip().splitlines() or ["(nothing)"]
        raise Failed("ended with %d: %s" % (process.returncode, said[-1][:160]))
    return out


def ready(process, seconds):
    """Waits for the driver's word; a driver that ends instead has said why."""
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        line = process.stdout.readline()
    finally:
        timer.cancel()
    if line != "ready\n":
        end_words = process.communicate()[1] if process.poll() is not None else ""
        raise Failed("the receiver did not start: %s" % (end_words or "no word").strip()[-160:])


def driver(bench, case, receive, send, env=(None, None), nodes=((), ())):
    """Two drivers of perf/peers: of a goodput the receiver prints, of a round trip the sender. nodes: pids of processes
    that work for the receiver, for the sender."""
    seconds = bench.seconds(case) + PATIENCE
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    receiver = start(receive, env[0], **pipes)
    processes = [receiver]
    try:
        ready(receiver, PATIENCE)
        sender = start(send, env[1], **pipes)
        processes.append(sender)
        holder, other = (receiver, sender) if case.kind == "goodput" else (sender, receiver)
        sides = [receiver.pid, *nodes[0]], [sender.pid, *nodes[1]]
        with Watch(cpus(), *sides, float(bench.times(case)[1])) as watch:
            out = first_words(holder, other, seconds)
        result = parse.driver_goodput(out) if case.kind == "goodput" else parse.driver_rtt(out)
        return dict(result, cpu=watch.cpu)
    finally:
        end(*processes)


def first_words(holder, other, seconds):
    """The figure of `holder`; when `other` fails first, its reason is the reason."""
    deadline = time.monotonic() + seconds
    while holder.poll() is None and other.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    if holder.poll() is None and other.poll() is not None:
        time.sleep(0.1)  # it may have ended because the holder is done
    if holder.poll() is None and other.poll() is not None:
        words(other, 1)
        raise Failed("the other side ended early")
    return words(holder, max(0.1, deadline - time.monotonic()))


def iperf3(bench, serve, ask):
    """iperf3 gives one JSON at the client that has the receiver's sums."""
    seconds, warm_up = bench.plan.seconds, bench.plan.warm_up
    server = start(serve, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    processes = [server]
    try:
        for line in iter(server.stdout.readline, ""):
            if "listening" in line:
                break
        client = start(ask + ["-t", str(max(1, round(seconds))), "-O", str(round(warm_up))],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        processes.append(client)
        with Watch(cpus(), [server.pid], [client.pid], warm_up) as watch:
            try:
                out = client.communicate(timeout=seconds + warm_up + PATIENCE)[0]
            except subprocess.TimeoutExpired:
                raise Failed("no end within %d s" % (seconds + warm_up + PATIENCE)) from None
        return dict(parse.iperf3_goodput(out), cpu=watch.cpu)
    finally:
        end(*processes)


def ngtcp2(bench, case, link):
    """A file by HTTP/3: the server is the sender; the client writes it to tmpfs and its time counts."""
    with tempfile.TemporaryDirectory(prefix="sluice-peers-", dir="/dev/shm") as folder:
        size = bench.file(folder + "/file")
        os.mkdir(folder + "/got")
        done = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
             "-subj", "/CN=peer", "-keyout", folder + "/key", "-out", folder + "/cert"], capture_output=True)
        if done.returncode != 0:
            raise Failed("openssl made no certificate")
        common = ["--quiet", "--no-quic-dump", "--no-http-dump", "--max-udp-payload-size=%d" % (case.mtu - 28),
                  "--max-window=16M", "--max-stream-window=16M", "--max-data=16M",
                  "--ciphers=NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM"]
        server = start(link.sender(["gtlsserver", *common, "--htdocs=" + folder, "10.79.0.1", "4433",
                                    folder + "/key", folder + "/cert"]),
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        processes = [server]
        try:
            time.sleep(0.3)  # it says nothing when it is ready; the client would ask again after a second
            began = time.monotonic()
            client = start(link.receiver(["gtlsclient", *common, "--max-stream-data-bidi-local=16M",
                                          "--exit-on-all-streams-close", "--download=" + folder + "/got",
                                          "10.79.0.1", "4433", "https://10.79.0.1/file"]),
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            processes.append(client)
            with Watch(cpus(), [client.pid], [server.pid], 0) as watch:
                words(client, PATIENCE + 20 * bench.plan.seconds)
            took = time.monotonic() - began
        finally:
            end(*processes)
        if os.path.getsize(folder + "/got/file") != size:
            raise Failed("the file did not arrive whole")
        return dict(parse.download(size, took), cpu=watch.cpu)
