#!/usr/bin/env bash
# The first command of the README, over memif: a real file, verified, and nothing left behind; twice in a row.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "quickstart over memif sends a verified file and leaves the machine as it was"
smoke_quickstart memif
smoke_end
