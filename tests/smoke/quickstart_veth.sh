#!/usr/bin/env bash
# The first command of the README, over veth: a real file, verified, and nothing left behind; twice in a row.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "quickstart over veth sends a verified file and leaves the machine as it was"
smoke_quickstart veth
smoke_end
