/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_doctor.c - `wayside doctor`: what stands in the way, and the mend */
#include "wayside_doctor.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base_die.h"
#include "conf_load.h"
#include "conf_options.h"
#include "conf_tables.h"
#include "doctor.h"
#include "track.h"
#include "wayside_json.h"

void wayside_doctor_print(FILE *out, const struct doctor_report *report)
{
	for (unsigned i = 0; i < report->n; i++) {
		const struct doctor_finding *f = &report->findings[i];

		(void)fprintf(out, "%-8s %s: %s\n", doctor_level_name(f->level),
			      f->check, f->what);
		if (f->means)
			(void)fprintf(out, "         it means: %s\n", f->means);
		for (unsigned m = 0; m < f->n_mends; m++)
			(void)fprintf(out, "         mend: %s\n", f->mends[m]);
	}
	(void)fprintf(out, "%s\n",
		      report->level == DOCTOR_OK ||
				      report->level == DOCTOR_NOTICE
			      ? "healthy"
			      : doctor_level_name(report->level));
}

static json_t *mends_of(const struct doctor_finding *f)
{
	json_t *mends = json_array();

	for (unsigned m = 0; m < f->n_mends; m++)
		if (json_array_append_new(mends, json_string(f->mends[m])))
			goto free_mends;
	return mends;

free_mends:
	json_decref(mends);
	return NULL;
}

static json_t *document(const struct doctor_report *report)
{
	json_t *checks = json_array();

	for (unsigned i = 0; i < report->n; i++) {
		const struct doctor_finding *f = &report->findings[i];
		json_t *one = json_pack(
			"{s:s, s:s, s:s, s:s?, s:o}", "check", f->check,
			"level", doctor_level_name(f->level), "what", f->what,
			"means", f->means, "mend", mends_of(f));

		if (json_array_append_new(checks, one))
			goto free_checks;
	}
	return json_pack("{s:s, s:o}", "verdict",
			 report->level <= DOCTOR_NOTICE
				 ? "healthy"
				 : doctor_level_name(report->level),
			 "checks", checks);

free_checks:
	json_decref(checks);
	return NULL;
}

static enum wayside_status status_of(enum doctor_level level)
{
	switch (level) {
	case DOCTOR_OK:
	case DOCTOR_NOTICE:
		return WAYSIDE_OK;
	case DOCTOR_DEGRADED:
		return WAYSIDE_DEGRADED;
	case DOCTOR_BROKEN:
	case DOCTOR_LEVEL_MAX:
		break;
	}
	return WAYSIDE_BROKEN;
}

static enum wayside_status examine(const struct conf_tables *conf, bool json)
{
	struct doctor_report *report = calloc(1, sizeof(*report));
	struct doctor_facts *f = doctor_facts_new(conf);
	enum wayside_status s;

	if (!report || !f) {
		s = wayside_complain("out of memory");
	} else {
		doctor_judge(f, conf, report);
		s = status_of(report->level);
		if (!json)
			wayside_doctor_print(stdout, report);
		else if (wayside_json_print(stdout, document(report)) !=
			 WAYSIDE_OK)
			s = WAYSIDE_FAILED;
	}
	doctor_facts_free(f);
	free(report);
	return s;
}

enum wayside_status wayside_doctor_run(const struct wayside_options *o)
{
	const struct conf_input in = { .path = o->config,
				       .protocols = track_protocol_names() };
	const bool none = strcmp(o->config, CONF_DEFAULT_FILE) == 0 &&
			  access(o->config, F_OK) != 0;
	const struct conf_tables *conf = NULL;
	enum wayside_status s;

	if (!base_die_init())
		return WAYSIDE_USAGE;
	if (!none && conf_load(&in, &conf, NULL))
		return WAYSIDE_USAGE;
	s = examine(conf, o->json);
	conf_load_unmap(conf);
	return s;
}
