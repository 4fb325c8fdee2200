#!/usr/bin/env bash
# Runs a test with hugepages on loan. Where the machine has none to lend the test says so itself, and skips.
set -euo pipefail
loan=$(cd "$(dirname "$0")/../../../.." && pwd)/scripts/hugepages.sh
[ "$(id -u)" = 0 ] || exec "$@"
trap '"$loan" release --owner $$' EXIT
trap 'exit 143' TERM INT HUP
"$loan" ensure 256 --owner $$ || true
"$@"
