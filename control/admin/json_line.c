// JSON on one line. jansson writes reals by significant digits, which means exponents for small
// ones; all else is its work.
#include "control/admin/json_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REAL_SIZE 352 // the largest double has 309 digits before the point

static void write_value(FILE *out, const json_t *value);

// 2.500000000 -> 2.5, 3.000000000 -> 3.0: a real stays one.
static void write_real(FILE *out, double real)
{
	char text[REAL_SIZE];
	int n = snprintf(text, sizeof(text), "%.9f", real);

	while (text[n - 1] == '0' && text[n - 2] != '.')
		n--;
	fprintf(out, "%.*s", n, text);
}

static void write_object(FILE *out, const json_t *object)
{
	const char *name, *comma = "";
	json_t *value;

	fputc('{', out);
	json_object_foreach((json_t *)object, name, value)
	{
		json_t *text = json_string(name);

		fputs(comma, out);
		json_dumpf(text, out, JSON_ENCODE_ANY);
		fputc(':', out);
		write_value(out, value);
		json_decref(text);
		comma = ",";
	}
	fputc('}', out);
}

static void write_array(FILE *out, const json_t *array)
{
	json_t *value;
	size_t i;

	fputc('[', out);
	json_array_foreach(array, i, value)
	{
		fputs(i ? "," : "", out);
		write_value(out, value);
	}
	fputc(']', out);
}

// As deep as the value: ours are a few levels, a parsed one at most jansson's 2048.
static void write_value(FILE *out, const json_t *value)
{
	if (json_is_object(value))
		write_object(out, value);
	else if (json_is_array(value))
		write_array(out, value);
	else if (json_is_real(value))
		write_real(out, json_real_value(value));
	else
		json_dumpf(value, out, JSON_ENCODE_ANY);
}

char *json_line(const json_t *value)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	write_value(out, value);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
