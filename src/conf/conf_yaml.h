/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_yaml.h - bytes to a YAML document, within what a configuration needs
 *
 * Refused: more than one document, anchors, aliases and tags (one value would
 * stand where another is read), depth and number of values beyond any real
 * file, bytes that are not UTF-8, control characters.
 */
#ifndef CONF_YAML_H
#define CONF_YAML_H

#include <stdbool.h>
#include <yaml.h>

#include "base_attr.h"
#include "base_rd.h"
#include "conf_errors.h"

#define CONF_YAML_SIZE_MAX  (1U << 20)
#define CONF_YAML_DEPTH_MAX 8
#define CONF_YAML_NODES_MAX 16384

/* Return: true and *doc, which the caller gives to yaml_document_delete(); it
 * has no root node when the text is empty. */
WS_MUST_USE bool conf_yaml_load(struct base_span text, yaml_document_t *doc,
				struct conf_errors *errors);

struct conf_mark conf_yaml_mark(const yaml_mark_t *at);

#endif
