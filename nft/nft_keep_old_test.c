/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_keep_old_test.c - what a kernel without owned tables can and cannot do
 *
 * Run by netns-tests/t_rules_kernel.sh as nft_kernel_test is. The program is
 * linked with a nft_persist.c that pretends (see nft_persist.h).
 */
#include "nft.h"

#include "base_test.h"

#include <errno.h>
#include <stdlib.h>

#include "conf_tables.h"
#include "nft_test.h"

/* What needs an owner is refused in words, and changes nothing. */
static void expect_refused(enum conf_failure on_failure, enum conf_answer local,
			   const char *text)
{
	struct conf_tables *good = nft_test_conf(CONF_FAILURE_OPEN_STAY);
	struct conf_tables *bad = nft_test_conf(on_failure);
	struct nft_link *l = nft_test_open(true);
	struct nft_error why;

	bad->rules[0].local = local;
	assert_int_equal(nft_install(l, bad, NFT_STATE_RUNNING, &why),
			 -EOPNOTSUPP);
	assert_string_equal(why.text, text);
	assert_int_equal(nft_test_differences(good, NFT_STATE_STOPPED), 0);
	assert_int_equal(nft_install(l, good, NFT_STATE_RUNNING, &why), 0);
	assert_int_equal(nft_install(l, bad, NFT_STATE_RUNNING, &why),
			 -EOPNOTSUPP);
	assert_string_equal(why.text, text);
	assert_int_equal(nft_test_differences(good, NFT_STATE_RUNNING), 0);
	nft_close(l);
	nft_test_remove();
	free(good);
	free(bad);
}

static void test_refused(void **state)
{
	(void)state;
	expect_refused(CONF_FAILURE_OPEN, CONF_NO,
		       "on_failure: open needs nft tables with an owner "
		       "(Linux 5.12)");
	expect_refused(CONF_FAILURE_OPEN_STAY, CONF_YES,
		       "local: yes needs nft tables with an owner (Linux "
		       "5.12)");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_refused) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
