// Escaping, tables, and the style of the page: readable on paper and on a light or a dark screen.
#include "perf/html.h"

#include <stdarg.h>

enum { TEXT_MAX = 1024 };

static const char style[] =
	":root{--ink:#1d2530;--soft:#5b6675;--line:#d5dae1;--back:#fff;--panel:#f6f7f9;"
	"--us:#0b62c4;--limit:#8a94a3;--good:#157f3b;--bad:#c02626;--mark:#b86e00;"
	"--noise:#b8c4d6}\n"
	"@media screen and (prefers-color-scheme:dark){:root{--ink:#e4e8ee;--soft:#9aa5b4;"
	"--line:#39424f;--back:#14181e;--panel:#1c222a;--us:#5aa7ff;--limit:#8793a3;"
	"--good:#4fc878;--bad:#ff7b72;--mark:#e0a13a;--noise:#48566b}}\n"
	"body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);"
	"max-width:60rem;margin:2rem auto;padding:0 1rem}\n"
	"h1{font-size:1.7rem;margin:0 0 .3rem}h2{font-size:1.2rem;margin:2.2rem 0 .6rem;"
	"border-bottom:1px solid var(--line);padding-bottom:.2rem}h3{font-size:1rem;"
	"margin:1.3rem 0 .4rem}\n"
	"p{margin:.4rem 0;max-width:48rem}.soft,figcaption{color:var(--soft)}"
	"figcaption{font-size:.9rem}figure{margin:.6rem 0}\n"
	"table{border-collapse:collapse;font-size:.88rem;margin:.5rem 0;width:100%}"
	"th{text-align:left;color:var(--soft);font-weight:600;border-bottom:1px solid "
	"var(--line)}td,th{padding:.2rem .7rem .2rem 0;vertical-align:top}"
	"tr+tr td{border-top:1px solid var(--line)}td.n,th.n{text-align:right;"
	"font-variant-numeric:tabular-nums;white-space:nowrap}\n"
	"code,pre{font:.86rem/1.45 ui-monospace,monospace;overflow-wrap:anywhere}"
	"pre{background:var(--panel);padding:.7rem;white-space:pre-wrap}\n"
	".good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}"
	".none{color:var(--soft)}.verdict{background:var(--panel);padding:.7rem 1rem;"
	"border-left:4px solid var(--us)}\n"
	"svg{display:block;width:100%;height:auto;font:11px system-ui,sans-serif}"
	"svg text{fill:var(--ink)}svg .soft{fill:var(--soft)}svg .us{fill:var(--us)}"
	"svg .low{fill:var(--mark)}svg .noise{fill:var(--noise);opacity:.55}"
	"svg .axis{stroke:var(--line);fill:none}svg .one{stroke:var(--limit);fill:none}"
	"svg .goal{stroke:var(--bad);stroke-width:2;fill:none}"
	"svg .whisker{stroke:var(--ink);fill:none}"
	"svg .a{stroke:var(--us)}svg .b{stroke:var(--limit)}"
	"svg .line{fill:none;stroke-width:1.5}svg .cut{stroke:var(--bad);opacity:.55}\n"
	"@media print{body{margin:0;max-width:none;font-size:10pt}h2{break-after:avoid}"
	"figure,tr,pre{break-inside:avoid}}\n";

void html_text(FILE *out, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc((unsigned char)*text < ' ' && *text != '\n' ? ' ' : *text, out);
		}
}

void html_printf(FILE *out, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	html_text(out, text);
}

void html_cell(FILE *out, const char *class, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	if (class)
		fprintf(out, "<td class=\"%s\">", class);
	else
		fputs("<td>", out);
	html_text(out, text);
	fputs("</td>", out);
}

void html_head(FILE *out, const char *const *words)
{
	fputs("<thead><tr>", out);
	for (; *words; words++) {
		fputs(**words == '#' ? "<th class=\"n\">" : "<th>", out);
		html_text(out, *words + (**words == '#'));
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n", out);
}

void html_begin(FILE *out, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
		out);
	html_text(out, title);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", style);
}

void html_end(FILE *out)
{
	fputs("</body>\n</html>\n", out);
}
