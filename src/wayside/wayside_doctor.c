/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_doctor.c - `wayside doctor`: what stands in the way, and the mend */
#include "wayside_doctor.h"

#include <errno.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base_die.h"
#include "conf_load.h"
#include "conf_options.h"
#include "conf_tables.h"
#include "control_client.h"
#include "doctor.h"
#include "track.h"
#include "wayside_json.h"
#include "wayside_text.h"
#include "wayside_view.h"

void wayside_doctor_print(FILE *out, const struct doctor_report *report)
{
	for (unsigned i = 0; i < report->n; i++) {
		const struct doctor_finding *f = &report->findings[i];

		(void)fprintf(out, "%-8s %s: %s\n", doctor_level_name(f->level),
			      f->check, f->what);
		if (f->means)
			(void)fprintf(out, "         it means: %s\n", f->means);
		for (unsigned l = 0; l < f->n_lines; l++)
			(void)fprintf(out, "         %s: %s\n",
				      doctor_word_name(f->lines[l].word),
				      f->lines[l].text);
	}
	(void)fprintf(out, "%s\n",
		      report->level == DOCTOR_OK ||
				      report->level == DOCTOR_NOTICE
			      ? "healthy"
			      : doctor_level_name(report->level));
}

/* Its lines of this word. */
static json_t *lines_of(const struct doctor_finding *f, enum doctor_word word)
{
	json_t *lines = json_array();

	for (unsigned l = 0; l < f->n_lines; l++)
		if (f->lines[l].word == word &&
		    json_array_append_new(lines, json_string(f->lines[l].text)))
			goto free_lines;
	return lines;

free_lines:
	json_decref(lines);
	return NULL;
}

static json_t *finding(const struct doctor_finding *f)
{
	json_t *one = json_pack("{s:s, s:s, s:s, s:s?}", "check", f->check,
				"level", doctor_level_name(f->level), "what",
				f->what, "means", f->means);

	for (enum doctor_word w = 0; w < DOCTOR_WORD_MAX; w++)
		if (json_object_set_new(one, doctor_word_name(w),
					lines_of(f, w)))
			goto free_one;
	return one;

free_one:
	json_decref(one);
	return NULL;
}

static json_t *document(const struct doctor_report *report)
{
	json_t *checks = json_array();

	for (unsigned i = 0; i < report->n; i++) {
		if (json_array_append_new(checks,
					  finding(&report->findings[i])))
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

static void take_answer(struct doctor_daemon *daemon, struct wayside_view *v,
			const struct control_result *got)
{
	const int error = got->reply.error ? got->reply.error
					   : wayside_view_map(v, got);

	daemon->is = error ? DOCTOR_DAEMON_SILENT : DOCTOR_DAEMON_ANSWERED;
	if (error) {
		(void)snprintf(daemon->why, sizeof(daemon->why), "%s",
			       wayside_text_error(-error));
		return;
	}
	daemon->conf = v->conf;
	daemon->state = wayside_view_rules(v);
	daemon->differ = atomic_load(&v->state->rules_differ);
}

/* What a daemon with this socket says; `v` is mapped then. */
static void ask(struct doctor_daemon *daemon, struct wayside_view *v,
		const char *path)
{
	const struct control_request request = { .magic = CONTROL_MAGIC,
						 .version = CONTROL_VERSION,
						 .type = CONTROL_STATUS };
	struct control_result *got;
	int r = 0;

	if (!*path)
		return;
	got = control_client_ask(path, &request,
				 base_die_limit_ms(CONTROL_CLIENT_MS), &r);
	if (got && !r) {
		take_answer(daemon, v, got);
	} else if (r != -ENOENT && r != -ECONNREFUSED) {
		daemon->is = DOCTOR_DAEMON_SILENT;
		(void)snprintf(daemon->why, sizeof(daemon->why), "%s",
			       got ? got->why : "out of memory");
	}
	control_client_free(got);
}

static enum wayside_status examine(const struct conf_tables *conf, bool json)
{
	struct doctor_daemon daemon = { .is = DOCTOR_DAEMON_NONE };
	struct wayside_view view = { .n_workers = 0 };
	struct doctor_report *report = calloc(1, sizeof(*report));
	struct doctor_facts *f;
	enum wayside_status s;

	ask(&daemon, &view, conf ? conf->control : CONTROL_PATH);
	base_die_at(BASE_DIE_DOCTOR_ASKED);
	f = doctor_facts_new(conf, &daemon);
	wayside_view_close(&view);
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
	if (!none && conf_load(&in, &conf, NULL, NULL))
		return WAYSIDE_USAGE;
	s = examine(conf, o->json);
	conf_load_unmap(conf);
	return s;
}
