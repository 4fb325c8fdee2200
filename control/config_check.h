// What the sections of config_check share. Private to config_check*.c.
#pragma once

#include "control/config_raw.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct check {
	struct config *config;
	const struct raw_config *raw;
	char *error;
	size_t error_size;
};

// -1, with the sentence in check->error.
int check_fail(const struct check *check, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
// Each: 0, or -1 with a sentence that begins with `key`.
int check_name(const struct check *check, const char *key, const char *text, char name[NAME_SIZE]);
int check_path(
	const struct check *check, const char *key, const char *text, char *path, size_t size);
// "address:port" of a control process.
int check_endpoint(const struct check *check, const char *key, const char *text, uint32_t port_min,
	struct address *address, uint16_t *port);

// The sections that have files of their own.
int check_security(const struct check *check);
int check_membership(const struct check *check);
int check_consensus(const struct check *check);
int check_pool(const struct check *check);
