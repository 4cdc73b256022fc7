/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_test.c - what the tests with a real kernel share */
#include "nft_test.h"

#include "base_test.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct nft_link *nft_test_open(bool hold)
{
	struct nft_link *l;
	struct nft_error why;

	assert_int_equal(nft_open(&l, hold, &why), 0);
	return l;
}

struct conf_tables *nft_test_conf(enum conf_failure on_failure)
{
	struct conf_tables *conf = calloc(1, sizeof(*conf));

	assert_non_null(conf);
	conf->listen_port = 15001;
	conf->on_failure = on_failure;
	conf->n_rules = 1;
	(void)snprintf(conf->rules[0].name, CONF_NAME_LEN, "r");
	nft_test_dest(conf, "192.0.2.1", 7700, 7700);
	return conf;
}

void nft_test_dest(struct conf_tables *conf, const char *net, uint16_t first,
		   uint16_t last)
{
	struct conf_dest *d = &conf->dests[conf->n_dests++];

	assert_true(base_net_parse(&d->net, net));
	d->port_first = first;
	d->port_last = last;
	conf->rules[conf->n_rules - 1].to.n++;
}

static void ignore(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

int nft_test_differences(const struct conf_tables *conf, enum nft_state state)
{
	struct nft_link *l = nft_test_open(false);
	struct nft_error why;
	const int n = nft_check(l, conf, state, ignore, NULL, &why);

	nft_close(l);
	return n;
}

void nft_test_remove(void)
{
	struct nft_link *l = nft_test_open(false);
	struct nft_error why;

	assert_int_equal(nft_remove(l, &why), 0);
	nft_close(l);
}

void nft_test_spawn(const char *const words[])
{
	char *argv[16] = { NULL };
	size_t n = 1; /* at least the program */
	int status = -1;
	pid_t pid;

	while (words[n])
		n++;
	assert_true(n < WS_ARRAY_LEN(argv));
	/* posix_spawn(3) changes no word, its type does not say so */
	memcpy(argv, words, n * sizeof(*argv));
	assert_int_equal(
		posix_spawnp(&pid, words[0], NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status)
		fail_msg("%s %s ...: wait status %d", words[0], words[1],
			 status);
}
