/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_id.c - connection ids and the names of capture files */
#include "capture_id.h"

#include <stdio.h>

#include "base_time.h"

const char *capture_id_format(const struct capture_id *id,
			      char buf[static CAPTURE_ID_LEN])
{
	char stem[BASE_TIME_STAMP_LEN];

	(void)base_time_id(id->second * BASE_TIME_NS_PER_S, stem);
	if (id->number)
		(void)snprintf(buf, CAPTURE_ID_LEN, "%s-%llu", stem,
			       (unsigned long long)id->number + 1);
	else
		(void)snprintf(buf, CAPTURE_ID_LEN, "%s", stem);
	return buf;
}

const char *capture_id_file_name(const struct capture_id *id,
				 const struct base_addr *client,
				 char buf[static CAPTURE_NAME_LEN])
{
	char text[CAPTURE_ID_LEN], ip[BASE_ADDR_STRLEN];

	(void)snprintf(buf, CAPTURE_NAME_LEN, "%s_%s.log",
		       capture_id_format(id, text),
		       base_addr_format_ip(client, ip));
	return buf;
}
