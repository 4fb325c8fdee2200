// The grammar of OpenMetrics: suffixes by type, escaping, order.
#include "control/admin/openmetrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *suffix;
} types[] = {
	[OPENMETRICS_GAUGE] = {"gauge", ""},
	[OPENMETRICS_COUNTER] = {"counter", "_total"},
	[OPENMETRICS_INFO] = {"info", "_info"},
	[OPENMETRICS_HISTOGRAM] = {"histogram", ""},
	[OPENMETRICS_STATESET] = {"stateset", ""},
};

json_t *openmetrics_family(json_t *families, enum openmetrics_type type, const char *name,
	const char *unit, const char *help)
{
	json_t *samples = json_array();
	json_t *family = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "name", name, "type",
		types[type].name, "unit", unit, "help", help, "suffix", types[type].suffix,
		"samples", samples);

	return json_array_append_new(families, family) == 0 ? samples : NULL;
}

void openmetrics_sample(json_t *samples, json_t *labels, json_t *value)
{
	json_array_append_new(samples, json_pack("{s:o, s:o}", "labels", labels, "value", value));
}

static void sample_suffixed(json_t *samples, const char *suffix, json_t *labels, json_t *value)
{
	json_array_append_new(samples,
		json_pack("{s:s, s:o, s:o}", "suffix", suffix, "labels", labels, "value", value));
}

// A float: "1.0", not "1".
static json_t *bound_label(double bound)
{
	char text[32];

	snprintf(text, sizeof(text), "%.15g", bound);
	return json_sprintf("%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

void openmetrics_histogram(
	json_t *samples, const double *bounds, const uint64_t *counts, uint32_t count, double sum)
{
	uint64_t all = 0; // each bucket has those of the ones before

	for (uint32_t i = 0; i <= count; i++) {
		json_t *bound = i < count ? bound_label(bounds[i]) : json_string("+Inf");

		all += counts[i];
		sample_suffixed(samples, "_bucket", json_pack("{s:o}", "le", bound),
			json_integer((json_int_t)all));
	}
	sample_suffixed(samples, "_count", json_object(), json_integer((json_int_t)all));
	sample_suffixed(samples, "_sum", json_object(), json_real(sum));
}

// ---- as text -----------------------------------------------------------------------------------

static const char *member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

// Of a label's value and of a help alike.
static void write_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '\\' || *text == '"')
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

static void write_labels(FILE *out, const json_t *labels)
{
	const char *name, *comma = "{";
	json_t *value;

	json_object_foreach((json_t *)labels, name, value)
	{
		const char *text = json_string_value(value);

		fprintf(out, "%s%s=\"", comma, name);
		write_escaped(out, text ? text : "");
		fputc('"', out);
		comma = ",";
	}
	if (*comma == ',')
		fputc('}', out);
}

static void write_sample(FILE *out, const json_t *family, const json_t *sample)
{
	const json_t *value = json_object_get(sample, "value");
	const json_t *suffix = json_object_get(sample, "suffix");

	if (!json_is_number(value))
		return;
	fprintf(out, "%s%s", member(family, "name"),
		member(json_is_string(suffix) ? sample : family, "suffix"));
	write_labels(out, json_object_get(sample, "labels"));
	if (json_is_integer(value))
		fprintf(out, " %" JSON_INTEGER_FORMAT "\n", json_integer_value(value));
	else
		fprintf(out, " %.15g\n", json_real_value(value));
}

static void write_family(FILE *out, const json_t *family)
{
	const json_t *sample;
	size_t i;

	if (!*member(family, "name") || json_array_size(json_object_get(family, "samples")) == 0)
		return;
	fprintf(out, "# TYPE %s %s\n", member(family, "name"), member(family, "type"));
	if (*member(family, "unit"))
		fprintf(out, "# UNIT %s %s\n", member(family, "name"), member(family, "unit"));
	fprintf(out, "# HELP %s ", member(family, "name"));
	write_escaped(out, member(family, "help"));
	fputs(".\n", out);
	json_array_foreach(json_object_get(family, "samples"), i, sample)
		write_sample(out, family, sample);
}

char *openmetrics_text(const json_t *families)
{
	const json_t *family;
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	json_array_foreach(families, i, family) write_family(out, family);
	fputs("# EOF\n", out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
