/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_yaml.c - bytes to a YAML document, within what a configuration needs */
#include "conf_yaml.h"

#include "conf_text.h"

struct conf_mark conf_yaml_mark(const yaml_mark_t *at)
{
	return (struct conf_mark){ (uint32_t)at->line + 1,
				   (uint32_t)at->column + 1 };
}

/* libyaml gives no line for an encoding error, so it must not meet one. */
static bool check_characters(struct base_span text, struct conf_errors *errors)
{
	struct conf_mark at = { 1, 1 };
	struct base_rd r;

	base_rd_init(&r, text.ptr, text.len);
	while (base_rd_left(&r) > 0) {
		const int32_t c = conf_text_next(&r);

		if (c < 0) {
			conf_errors_add(errors, at, "this is not UTF-8");
			return false;
		}
		if (c != '\n' && c != '\r' && c != '\t' &&
		    !conf_text_printable(c)) {
			conf_errors_add(errors, at,
					"character U+%04X is not allowed",
					(unsigned)c);
			return false;
		}
		at.column++;
		if (c == '\n')
			at = (struct conf_mark){ at.line + 1, 1 };
	}
	return true;
}

static void parser_init(yaml_parser_t *p, struct base_span text)
{
	yaml_parser_set_encoding(p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(p, text.ptr, text.len);
}

static void parser_error(const yaml_parser_t *p, struct conf_errors *errors)
{
	const struct conf_mark at = conf_yaml_mark(&p->problem_mark);

	if (p->error == YAML_MEMORY_ERROR)
		conf_errors_add(errors, at, "out of memory");
	else if (p->context)
		conf_errors_add(errors, at, "%s %s that begins on line %zu",
				p->problem, p->context,
				p->context_mark.line + 1);
	else
		conf_errors_add(errors, at, "%s", p->problem);
}

/* What has been seen of the stream so far. */
struct shape {
	unsigned documents;
	unsigned nodes;
	unsigned depth;
};

static void check_properties(const yaml_char_t *anchor, const yaml_char_t *tag,
			     struct conf_mark at, struct conf_errors *errors)
{
	if (anchor)
		conf_errors_add(errors, at,
				"anchors (&name) are not supported: write the "
				"value out");
	if (tag)
		conf_errors_add(errors, at,
				"tags (!type) are not supported: leave it out");
}

/* Return: false when it makes no sense to look further. */
static bool check_event(const yaml_event_t *ev, struct shape *s,
			struct conf_errors *errors)
{
	const struct conf_mark at = conf_yaml_mark(&ev->start_mark);

	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (++s->documents < 2)
			return true;
		conf_errors_add(errors, at,
				"a second document begins here: a file is one");
		return false;
	case YAML_ALIAS_EVENT:
		conf_errors_add(errors, at,
				"aliases (*name) are not supported: write the "
				"value out");
		break;
	case YAML_SCALAR_EVENT:
		check_properties(ev->data.scalar.anchor, ev->data.scalar.tag,
				 at, errors);
		break;
	case YAML_SEQUENCE_START_EVENT:
		check_properties(ev->data.sequence_start.anchor,
				 ev->data.sequence_start.tag, at, errors);
		s->depth++;
		break;
	case YAML_MAPPING_START_EVENT:
		check_properties(ev->data.mapping_start.anchor,
				 ev->data.mapping_start.tag, at, errors);
		s->depth++;
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		s->depth--;
		return true;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return true;
	}
	if (s->depth > CONF_YAML_DEPTH_MAX) {
		conf_errors_add(errors, at, "more than %d levels deep",
				CONF_YAML_DEPTH_MAX);
		return false;
	}
	if (++s->nodes > CONF_YAML_NODES_MAX) {
		conf_errors_add(errors, at, "more than %d values",
				CONF_YAML_NODES_MAX);
		return false;
	}
	return true;
}

/* Sees what the document no longer shows. */
static bool check_events(struct base_span text, struct conf_errors *errors)
{
	struct shape shape = { 0 };
	yaml_parser_t parser;
	yaml_event_t event;
	bool more = true;

	if (!yaml_parser_initialize(&parser)) {
		errors->lost = true;
		return false;
	}
	parser_init(&parser, text);
	while (more) {
		if (!yaml_parser_parse(&parser, &event)) {
			parser_error(&parser, errors);
			break;
		}
		more = check_event(&event, &shape, errors) &&
		       event.type != YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return !conf_errors_any(errors);
}

bool conf_yaml_load(struct base_span text, yaml_document_t *doc,
		    struct conf_errors *errors)
{
	static const uint8_t bom[] = { 0xef, 0xbb, 0xbf };
	yaml_parser_t parser;
	bool ok;

	/* some editors put one in front */
	if (text.len >= sizeof(bom) && !memcmp(text.ptr, bom, sizeof(bom))) {
		text.ptr += sizeof(bom);
		text.len -= sizeof(bom);
	}
	if (!check_characters(text, errors) || !check_events(text, errors))
		return false;
	if (!yaml_parser_initialize(&parser)) {
		errors->lost = true;
		return false;
	}
	parser_init(&parser, text);
	ok = yaml_parser_load(&parser, doc);
	if (!ok)
		parser_error(&parser, errors);
	yaml_parser_delete(&parser);
	return ok;
}
