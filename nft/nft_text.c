/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_text.c - the ruleset as text for nft -f */
#include "nft.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conf_tables.h"
#include "nft_model.h"
#include "nft_stmt.h"

#define COLUMNS       80
#define RULE_INDENT   16 /* two tabs */
#define FOLLOW_INDENT 24

static const char taken_routing[] =
	" The routing that it needs, with ip -4 and with ip -6:\n"
	"#   rule add priority 7700 protocol 77 iif lo"
	" fwmark 0x10000/0x10000 goto 7703\n"
	"#   rule add priority 7701 protocol 77"
	" fwmark 0x10000/0x10000 lookup 7700\n"
	"#   rule add priority 7703 protocol 77"
	" fwmark 0x10000/0x10000 nop\n";

static const char local_routing[] = "#   rule add priority 7702 protocol 77"
				    " fwmark 0x20000/0x20000 lookup 7700\n";

static const char route[] =
	"#   route add local default dev lo table 7700 protocol 77";

static const char *set_type(const struct nft_set *s)
{
	const bool v4 = s->family == AF_INET;

	switch (s->kind) {
	case NFT_SET_TO:
		return v4 ? "ipv4_addr . inet_service"
			  : "ipv6_addr . inet_service";
	case NFT_SET_CLIENTS:
		return v4 ? "ipv4_addr" : "ipv6_addr";
	case NFT_SET_INTERFACES:
		return "ifname";
	case NFT_SET_USERS:
		return "uid";
	case NFT_SET_HANDSHAKES:
		return v4 ? "ipv4_addr . inet_service . "
			    "ipv4_addr . inet_service"
			  : "ipv6_addr . inet_service . "
			    "ipv6_addr . inet_service";
	case NFT_SET_PROTOCOLS:
	case NFT_SET_KIND_MAX:
		break;
	}
	return NULL;
}

static void print_set(FILE *out, const struct nft_model *m,
		      const struct nft_set *s)
{
	struct nft_elem e;
	uint32_t i = 0;

	if (s->kind == NFT_SET_HANDSHAKES) {
		(void)fprintf(out,
			      "\tset %s {\n\t\ttype %s\n\t\tsize %u\n"
			      "\t\tflags dynamic,timeout\n"
			      "\t\ttimeout %us\n\t}\n\n",
			      s->name, set_type(s),
			      (unsigned)NFT_HANDSHAKES_MAX,
			      (unsigned)NFT_HANDSHAKE_S);
		return;
	}
	(void)fprintf(out, "\tset %s {\n\t\ttype %s\n%s\t\telements = {\n",
		      s->name, set_type(s),
		      s->kind == NFT_SET_USERS ? "" : "\t\tflags interval\n");
	while (nft_model_elem(m, s, &i, &e))
		(void)fprintf(out, "\t\t\t%s,\n", e.text);
	(void)fputs("\t\t}\n\t}\n\n", out);
}

/* Prints one word of a rule, on a new line where it would not fit with the
 * backslash that may follow it. Return: the column after it. */
static size_t print_word(FILE *out, size_t column, const char *word)
{
	const size_t len = strlen(word);

	if (column == 0) {
		(void)fputs("\n\t\t", out);
		column = RULE_INDENT;
	} else if (column + 1 + len + strlen(" \\") > COLUMNS) {
		(void)fputs(" \\\n\t\t\t", out);
		column = FOLLOW_INDENT;
	} else {
		(void)fputc(' ', out);
		column++;
	}
	(void)fputs(word, out);
	return column + len;
}

static void print_rule(FILE *out, const struct nft_rule *r)
{
	char word[NFT_STMT_TEXTLEN];
	size_t column = 0;

	for (const enum nft_stmt *s = r->stmts; *s != NFT_STMT_END; s++) {
		if (nft_stmt_present(*s, r))
			column = print_word(out, column,
					    nft_stmt_text(*s, r, word));
	}
	(void)snprintf(word, sizeof(word), "comment \"%s\"", r->comment);
	print_word(out, column, word);
	(void)fputc('\n', out);
}

static void print_chain(FILE *out, const struct nft_model *m, enum nft_chain c)
{
	const struct nft_hook *hook = &nft_hooks[c];

	(void)fprintf(out, "\tchain %s {\n", hook->name);
	if (hook->type)
		(void)fprintf(out,
			      "\t\ttype %s hook %s priority %s;"
			      " policy accept;\n",
			      hook->type, hook->hook_text, hook->priority_text);
	for (uint32_t i = 0; i < m->n_rules; i++) {
		if (m->rules[i].chain == c)
			print_rule(out, &m->rules[i]);
	}
	(void)fputs("\t}\n", out);
}

/* Sets end with an empty line, and chains have one between them. */
static void print_table(FILE *out, const struct nft_model *m, enum nft_table t)
{
	const char *name = nft_table_names[t];
	bool first = true;

	(void)fprintf(out,
		      "table inet %s\n"
		      "delete table inet %s\n"
		      "\n"
		      "table inet %s {\n",
		      name, name, name);
	for (uint32_t i = 0; i < m->n_sets; i++) {
		if (m->sets[i].table == t &&
		    m->sets[i].kind != NFT_SET_PROTOCOLS)
			print_set(out, m, &m->sets[i]);
	}
	for (enum nft_chain c = 0; c < NFT_CHAIN_MAX; c++) {
		if (!m->chains[c] || nft_hooks[c].table != t)
			continue;
		if (!first)
			(void)fputc('\n', out);
		first = false;
		print_chain(out, m, c);
	}
	(void)fputs("}\n", out);
}

static void print_model(FILE *out, const struct nft_model *m)
{
	static const char *const states[NFT_STATE_MAX] = {
		[NFT_STATE_RUNNING] = "",
		[NFT_STATE_BYPASS] = ", bypassed",
		[NFT_STATE_DRAINING] = ", draining",
		[NFT_STATE_ABSENT] = ", without a worker",
		[NFT_STATE_STOPPED] = ", stopped",
	};
	const enum conf_failure f = (enum conf_failure)m->conf->on_failure;
	const enum nft_routing r = nft_model_routing(m->conf, m->state);
	bool first = true;

	(void)fprintf(out,
		      "# Wayside with on_failure: %s%s\n"
		      "# Load it with nft -f.%s%s%s\n",
		      conf_failure_name(f), states[m->state],
		      r >= NFT_ROUTING_TAKEN ? taken_routing : "",
		      r >= NFT_ROUTING_LOCAL ? local_routing : "",
		      r >= NFT_ROUTING_TAKEN ? route : "");
	for (enum nft_table t = 0; t < NFT_TABLE_MAX; t++) {
		if (!m->tables[t])
			continue;
		if (!first)
			(void)fputc('\n', out);
		first = false;
		print_table(out, m, t);
	}
}

int nft_print(FILE *out, const struct conf_tables *conf, enum nft_state state)
{
	struct nft_model *m = nft_model_new(conf, state);

	if (!m)
		return -ENOMEM;
	if (nft_model_wanted(conf, state))
		print_model(out, m);
	else
		(void)fprintf(out, "# Wayside has no kernel rules %s\n",
			      conf_tables_fixed(conf) ? "in fixed-remote mode"
						      : "once it is stopped");
	nft_model_free(m);
	return fflush(out) == 0 && !ferror(out) ? 0 : -EIO;
}
