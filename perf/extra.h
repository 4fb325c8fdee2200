// The "extra" of a row's samples as one: bench.h says what the report knows of it.
#pragma once

struct json_t;

// Takes both, either may be NULL. The later one's values stand, but of "pools" the most that was in
// use in either, and of "waits" and "waits_ns" the sum of both.
struct json_t *extra_join(struct json_t *earlier, struct json_t *later);
