/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_golden.h - the files in golden/, and what they are; for tests */
#ifndef NFT_GOLDEN_H
#define NFT_GOLDEN_H

#include "nft.h"

/* golden/FILE.nft is what golden/CONFIG.yaml is in that state. */
static const struct nft_golden {
	const char *config, *file;
	enum nft_state state;
} nft_golden[] = {
	{ "lan", "lan", NFT_STATE_RUNNING },
	{ "any", "any", NFT_STATE_RUNNING },
	{ "closed", "closed", NFT_STATE_RUNNING },
	{ "closed", "closed-stopped", NFT_STATE_STOPPED },
	{ "udp", "udp", NFT_STATE_RUNNING },
	{ "udp", "udp-stopped", NFT_STATE_STOPPED },
	{ "local", "local", NFT_STATE_RUNNING },
	{ "local", "local-stopped", NFT_STATE_STOPPED },
	{ "client-port", "client-port", NFT_STATE_RUNNING },
	{ "redirect", "redirect", NFT_STATE_RUNNING },
	{ "redirect", "redirect-stopped", NFT_STATE_STOPPED },
	{ "hold", "hold", NFT_STATE_RUNNING },
	{ "hold", "hold-stopped", NFT_STATE_STOPPED },
	{ "hold", "states/hold-draining", NFT_STATE_DRAINING },
	{ "hold", "states/hold-absent", NFT_STATE_ABSENT },
	{ "hold", "states/hold-bypass", NFT_STATE_BYPASS },
	{ "any", "states/any-bypass", NFT_STATE_BYPASS },
	{ "closed", "states/closed-bypass", NFT_STATE_BYPASS },
	{ "udp", "states/udp-bypass", NFT_STATE_BYPASS },
	{ "local", "states/local-bypass", NFT_STATE_BYPASS },
	{ "local", "states/local-absent", NFT_STATE_ABSENT },
	{ "client-port", "states/client-port-draining", NFT_STATE_DRAINING },
	{ "redirect", "states/redirect-bypass", NFT_STATE_BYPASS },
	{ "redirect", "states/redirect-draining", NFT_STATE_DRAINING },
	{ "any", "states/any-draining", NFT_STATE_DRAINING },
	{ "any", "states/any-absent", NFT_STATE_ABSENT },
	{ "closed", "states/closed-draining", NFT_STATE_DRAINING },
	{ "closed", "states/closed-absent", NFT_STATE_ABSENT },
};

#endif
