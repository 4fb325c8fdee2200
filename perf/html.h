// Text of a page. What is not ours (ids, names, file contents) goes through html_text.
#pragma once

#include <stdio.h>

// Escapes what HTML and SVG would read as markup; control characters become spaces.
void html_text(FILE *out, const char *text);
// As printf; the result is escaped as a whole. At most 1,023 bytes of it.
__attribute__((format(printf, 2, 3))) void html_printf(FILE *out, const char *format, ...);
// A cell of a table, escaped; `class` NULL: none.
__attribute__((format(printf, 3, 4))) void html_cell(
	FILE *out, const char *class, const char *format, ...);
// <thead> with these words, NULL behind the last; "#word": a column of figures.
void html_head(FILE *out, const char *const *words);
// Everything before the body's text, with the style; and what ends it.
void html_begin(FILE *out, const char *title);
void html_end(FILE *out);
