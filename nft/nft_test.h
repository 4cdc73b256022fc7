/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_test.h - what the tests with a real kernel share */
#ifndef NFT_TEST_H
#define NFT_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "conf_tables.h"
#include "nft.h"

/* All of these end the test when something fails. */

struct nft_link *nft_test_open(bool hold);

/* One rule "r", to 192.0.2.1:7700; the caller frees it. */
struct conf_tables *nft_test_conf(enum conf_failure on_failure);

/* One more destination of the last rule. */
void nft_test_dest(struct conf_tables *conf, const char *net, uint16_t first,
		   uint16_t last);

/* Seen by a link of its own, as the tool's. */
int nft_test_differences(const struct conf_tables *conf, enum nft_state state);
void nft_test_remove(void);

/* A program and its arguments; it ends with 0. */
#define nft_test_run(...) \
	nft_test_spawn((const char *const[]){ __VA_ARGS__, NULL })
void nft_test_spawn(const char *const words[]);

#endif
