/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packet_file_none.c - a build without libpcap */
#include "packet_file.h"

#include <errno.h>

bool packet_file_built(void)
{
	return false;
}

int packet_file_read(FILE *f, struct packet_streams *s,
		     struct packet_file_counts *counts,
		     char error[static PACKET_FILE_ERROR_LEN])
{
	(void)s;
	(void)counts;
	(void)fclose(f); /* was only read */
	(void)snprintf(error, PACKET_FILE_ERROR_LEN,
		       "this build reads no pcap files: it has no libpcap");
	return -ENOTSUP;
}
