/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_json.c - values for --json, and printing it */
#include "wayside_json.h"

#include <math.h>

#include "base_time.h"
#include "wayside_text.h"

json_t *wayside_json_time(uint64_t wall_ns)
{
	char text[BASE_TIME_UTC_LEN];

	return wall_ns ? json_string(base_time_utc(wall_ns, text))
		       : json_null();
}

json_t *wayside_json_text(const char *text)
{
	char clean[128];

	return json_string(wayside_text_clean(clean, sizeof(clean), text));
}

int wayside_json_set_real(json_t *object, const char *name, double v)
{
	return isfinite(v) ? json_object_set_new(object, name, json_real(v))
			   : 0;
}

enum wayside_status wayside_json_print(FILE *out, json_t *document)
{
	int r = -1;

	if (document) {
		r = json_dumpf(document, out,
			       JSON_INDENT(2) | WAYSIDE_JSON_REALS);
		json_decref(document);
		(void)fputc('\n', out);
	}
	/* what `out` did not take main() says */
	return r && !ferror(out) ? wayside_complain("cannot make the JSON")
				 : WAYSIDE_OK;
}
