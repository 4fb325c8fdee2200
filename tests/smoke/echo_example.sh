#!/usr/bin/env bash
# The example program of the library: records there and back, between two nodes.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "the example on libsluice works as its first lines say"
bed_up 2
echo_program=$SLUICE_BUILD/docs/examples/echo
SLUICE_DATA=$SLUICE_TESTBED/b/data.sock "$echo_program" serve >/dev/null 2>&1 &
smoke_children+=("$!")
export SLUICE_DATA=$SLUICE_TESTBED/a/data.sock
expect_soon 10 "ten records come back" "$echo_program" b 10
expect 0 "$echo_program" b 5000
cat "$smoke_work/out"
expect 1 "$echo_program" nowhere 1
expect 2 "$echo_program"
SLUICE_DATA=$smoke_work/none.sock expect 3 "$echo_program" b 1
smoke_end
