/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_file_test.c - captures byte for byte, few descriptors, full disks */
#include "capture_file.h"

#include "capture_test.h"

static struct scratch scratch;
static struct capture_files files;
static struct {
	struct capture_file *file;
	uint64_t bytes[BASE_DIRECTIONS];
	int err, calls;
} lost;

/* ftruncate() fails while this is set: linked with --wrap=ftruncate. */
static bool cannot_cut;

int __real_ftruncate(int fd, off_t len);
int __wrap_ftruncate(int fd, off_t len);

int __wrap_ftruncate(int fd, off_t len)
{
	if (!cannot_cut)
		return __real_ftruncate(fd, len);
	errno = EIO;
	return -1;
}

/* How often files were written to. */
static int writes;

ssize_t __real_writev(int fd, const struct iovec *iov, int n);
ssize_t __wrap_writev(int fd, const struct iovec *iov, int n);

ssize_t __wrap_writev(int fd, const struct iovec *iov, int n)
{
	writes++;
	return __real_writev(fd, iov, n);
}

static void count_lost(void *arg, struct capture_file *file, int err,
		       const uint64_t bytes[BASE_DIRECTIONS])
{
	assert_ptr_equal(arg, &lost);
	lost.file = file;
	lost.err = err;
	lost.calls++;
	for (int i = 0; i < BASE_DIRECTIONS; i++)
		lost.bytes[i] += bytes[i];
}

static int moved, kept;

static void has_moved(void *arg, struct capture_file *file)
{
	assert_ptr_equal(arg, &lost);
	assert_non_null(file);
	moved++;
}

static void keep(void *arg)
{
	assert_ptr_equal(arg, &lost);
	kept++;
}

static const struct capture_files_ops ops = { .lost = count_lost,
					      .moved = has_moved,
					      .keep = keep };

static int setup(void **state)
{
	(void)state;
	scratch_init(&scratch);
	memset(&lost, 0, sizeof(lost));
	moved = kept = writes = 0;
	assert_int_equal(
		capture_files_init(&files, scratch.dir, 4, &ops, &lost), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	limit_file_size(RLIM_INFINITY);
	cannot_cut = false;
	capture_files_done(&files);
	scratch_done(&scratch);
	return 0;
}

static bool begin(struct capture_file *f, const struct capture_id *id,
		  const struct base_addr *client,
		  const struct capture_mark *mark)
{
	*f = (struct capture_file){ .id = *id, .client = *client };
	return capture_file_begin(&files, f, mark);
}

static void record_at(struct capture_file *f, uint64_t wall_ns,
		      enum base_direction d, struct base_span bytes)
{
	const struct capture_piece piece = { .wall_ns = wall_ns,
					     .direction = d,
					     .bytes = bytes };

	capture_file_record(&files, f, &piece);
}

static void open_file(struct capture_file *f, uint32_t number)
{
	const struct base_addr client = addr("192.0.2.1:4000");

	assert_true(begin(f, &(struct capture_id){ SECOND, number }, &client,
			  NULL));
	capture_files_flush(&files);
	assert_int_equal(lost.calls, 0);
}

static void close_file(struct capture_file *f)
{
	capture_files_flush(&files);
	capture_file_close(&files, f);
}

static void record(struct capture_file *f, enum base_direction d,
		   const char *text)
{
	record_at(f, WALL_NS, d,
		  (struct base_span){ (const uint8_t *)text, strlen(text) });
}

#define NAME(n)  ID n "_192.0.2.1.log"
#define CLIENT   STAMP "\tclient\t"
#define SERVER   STAMP "\tserver\t"
#define HEAD_LEN 27 /* of both: 19 + 1 + 6 + 1 */

static void records_are_tcpproxys(void **state)
{
	static const uint8_t binary[] = { 0, '\n', '\t', 0xff };
	static const char want[] = CLIENT "[SG*1*0002*LK]\n" SERVER
					  "\0\n\t\xff\n"
					  "2025-11-03 19:55:02\tclient\tx\n";
	struct capture_file f;
	struct stat st;

	(void)state;
	open_file(&f, 0);
	file_is_text(scratch.dir, NAME(""), "");
	assert_int_equal(fstatat(scratch.dir, NAME(""), &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	record(&f, BASE_CLIENT, "[SG*1*0002*LK]");
	record_at(&f, WALL_NS, BASE_SERVER,
		  (struct base_span){ binary, sizeof(binary) });
	/* WALL_NS is the last nanosecond of its second */
	record_at(&f, WALL_NS + 1, BASE_CLIENT,
		  (struct base_span){ (const uint8_t *)"x", 1 });
	file_is_text(scratch.dir, NAME(""), "");
	capture_files_flush(&files);
	file_is(scratch.dir, NAME(""), want, sizeof(want) - 1);
	close_file(&f);
	assert_int_equal(lost.calls, 0);
}

static void a_state_is_small(void **state)
{
	(void)state;
	assert_true(sizeof(struct capture_file) < 200);
}

static void a_name_in_use_is_refused(void **state)
{
	const struct base_addr other_port = addr("192.0.2.1:4001");
	/* 2025-11-02 05:30:00 and 06:30:00 UTC: both are half past one */
	const struct capture_id summer = { SECOND - 86400 - 32101, 0 };
	const struct capture_id winter = { summer.second + 3600, 0 };
	const struct capture_mark mark = { .ino = 0 };
	struct capture_file f, g;

	(void)state;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1), 0);
	tzset();
	assert_true(begin(&f, &summer, &other_port, NULL));
	record(&f, BASE_CLIENT, "a");
	assert_false(begin(&g, &winter, &other_port, NULL));
	assert_false(begin(&g, &winter, &other_port, &mark));
	close_file(&f);
	/* and continued when it is not */
	assert_true(begin(&g, &winter, &other_port, NULL));
	record(&g, BASE_CLIENT, "b");
	close_file(&g);
	file_is_text(scratch.dir, "2025-11-02_013000_192.0.2.1.log",
		     "2025-11-03 09:25:01\tclient\ta\n"
		     "2025-11-03 09:25:01\tclient\tb\n");
}

static void two_connections_in_one_second(void **state)
{
	struct capture_file a, b;

	(void)state;
	open_file(&a, 0);
	open_file(&b, 1);
	record(&a, BASE_CLIENT, "a1");
	record(&b, BASE_CLIENT, "b1");
	record(&a, BASE_SERVER, "a2");
	close_file(&a);
	close_file(&b);
	file_is_text(scratch.dir, NAME(""), CLIENT "a1\n" SERVER "a2\n");
	file_is_text(scratch.dir, NAME("-2"), CLIENT "b1\n");
}

/* Whatever order their records come in. */
static void one_write_a_file_and_batch(void **state)
{
	struct capture_file f[3];

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		open_file(&f[i], i);
	for (int i = 0; i < 60; i++)
		record(&f[i % 3], BASE_CLIENT, i % 2 ? "odd" : "even");
	assert_int_equal(writes, 0);
	capture_files_flush(&files);
	assert_int_equal(writes, 3);
	file_is_text(scratch.dir, NAME("-3"),
#define TWO CLIENT "even\n" CLIENT "odd\n"
		     TWO TWO TWO TWO TWO TWO TWO TWO TWO TWO);
#undef TWO
	for (int i = 0; i < 3; i++)
		close_file(&f[i]);
}

/* The owner is told where a file begins, and nothing while it only grows. */
static void marks_are_kept_when_they_are_new(void **state)
{
	struct capture_file f, g;

	(void)state;
	open_file(&f, 0);
	assert_int_equal(moved, 1);
	assert_int_equal(kept, 1);
	assert_int_equal(f.mark.len, 0);
	record(&f, BASE_CLIENT, "x");
	capture_files_flush(&files);
	record(&f, BASE_CLIENT, "y");
	capture_files_flush(&files);
	assert_int_equal(moved, 1);
	assert_int_equal(f.mark.len, 2 * (HEAD_LEN + 2));
	/* others write to it, too: that is not ours to cut off */
	assert_int_equal(write(files.slots[f.slot].fd, "theirs\n", 7), 7);
	record(&f, BASE_CLIENT, "z");
	close_file(&f);
	assert_int_equal(moved, 2);
	assert_int_equal(kept, 2);
	file_is_text(scratch.dir, NAME(""),
		     CLIENT "x\n" CLIENT "y\n"
			    "theirs\n" CLIENT "z\n");
	/* what a predecessor left, and how much of it counts */
	f.mark.len = HEAD_LEN + 2;
	assert_true(begin(&g, &f.id, &f.client, &f.mark));
	capture_files_flush(&files);
	assert_int_equal(g.slot, CAPTURE_SLOT_NONE); /* not touched yet */
	record(&g, BASE_SERVER, "w");
	close_file(&g);
	file_is_text(scratch.dir, NAME(""), CLIENT "x\n" SERVER "w\n");
	assert_int_equal(moved, 2);
}

/* A file with a record that counts and one that does not, as a predecessor
 * left it; then it is moved away. */
static void leave(struct capture_file *f, const char *to)
{
	struct capture_file old;
	struct capture_mark mark;

	open_file(&old, 0);
	record(&old, BASE_CLIENT, "counts");
	capture_files_flush(&files);
	mark = old.mark;
	record(&old, BASE_CLIENT, "does not");
	close_file(&old);
	assert_true(begin(f, &old.id, &old.client, &mark));
	if (to)
		assert_int_equal(
			renameat(scratch.dir, NAME(""), scratch.dir, to), 0);
}

static void what_does_not_count_is_cut_off_before_it_goes_on(void **state)
{
	struct capture_file f;

	(void)state;
	leave(&f, NULL);
	capture_file_check(&files, &f);
	file_is_text(scratch.dir, NAME(""), CLIENT "counts\n");
	assert_false(f.unsure);
	close_file(&f);
}

static void also_where_it_lies_now(void **state)
{
	struct capture_file f;

	(void)state;
	leave(&f, NAME("") ".1");
	capture_file_check(&files, &f);
	file_is_text(scratch.dir, NAME("") ".1", CLIENT "counts\n");
	assert_false(f.unsure);
	record(&f, BASE_CLIENT, "new");
	close_file(&f);
	file_is_text(scratch.dir, NAME(""), CLIENT "new\n");
}

/* Thousands may have been moved: searching for all takes too long. */
static void or_with_its_next_record_when_too_many_are_gone(void **state)
{
	struct capture_file f;

	(void)state;
	leave(&f, NAME("") ".1");
	files.searches = 0;
	capture_file_check(&files, &f);
	assert_true(f.unsure);
	file_is_text(scratch.dir, NAME("") ".1",
		     CLIENT "counts\n" CLIENT "does not\n");
	record(&f, BASE_CLIENT, "new");
	close_file(&f);
	file_is_text(scratch.dir, NAME("") ".1", CLIENT "counts\n");
	file_is_text(scratch.dir, NAME(""), CLIENT "new\n");
}

/* Up to the largest, and more than the arena holds. */
static void chunks_of_any_size(void **state)
{
	/* the arena holds 1 MiB: the fifth of the largest does not fit */
	static const size_t sizes[] = { 1,      16385,  0,      262144, 5,
					262144, 262144, 262144, 65536,  7 };
	char *text = malloc(262144), *want = malloc(1200000);
	struct capture_file f;
	size_t n = 0;

	(void)state;
	assert_non_null(text);
	assert_non_null(want);
	memset(text, 'x', 262144);
	open_file(&f, 0);
	for (size_t i = 0; i < WS_ARRAY_LEN(sizes); i++) {
		record_at(&f, WALL_NS, BASE_SERVER,
			  (struct base_span){ (uint8_t *)text, sizes[i] });
		(void)snprintf(want + n, HEAD_LEN + 1, SERVER);
		memset(want + n + HEAD_LEN, 'x', sizes[i]);
		n += HEAD_LEN + sizes[i];
		want[n++] = '\n';
	}
	capture_files_flush(&files);
	file_is(scratch.dir, NAME(""), want, n);
	close_file(&f);
	free(text);
	free(want);
}

static int open_descriptors(void)
{
	const struct dirent *entry;
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	(void)closedir(dir);
	return n - 1; /* the directory's own */
}

static void few_descriptors_for_many_files(void **state)
{
	const int before = open_descriptors();
	struct capture_file f[50];
	char name[64];

	(void)state;
	for (uint32_t i = 0; i < WS_ARRAY_LEN(f); i++)
		open_file(&f[i], i);
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < WS_ARRAY_LEN(f); i++) {
			record(&f[i], BASE_CLIENT, round ? "two" : "one");
			assert_true(open_descriptors() - before <= 4);
		}
	}
	capture_files_flush(&files);
	assert_int_equal(open_descriptors() - before, 4);
	for (uint32_t i = 1; i < WS_ARRAY_LEN(f); i++) {
		(void)snprintf(name, sizeof(name), ID "-%u_192.0.2.1.log",
			       i + 1);
		file_is_text(scratch.dir, name, CLIENT "one\n" CLIENT "two\n");
	}
	for (uint32_t i = 0; i < WS_ARRAY_LEN(f); i++)
		close_file(&f[i]);
	assert_int_equal(open_descriptors(), before);
}

static void the_least_recently_used_is_closed(void **state)
{
	struct capture_file f[5];

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		open_file(&f[i], i);
	record(&f[0], BASE_CLIENT, "x");
	capture_files_flush(&files);
	open_file(&f[4], 4); /* 1 was used before 2, 3, and 0 */
	for (int i = 0; i < 5; i++)
		assert_int_equal(f[i].slot == CAPTURE_SLOT_NONE, i == 1);
	/* a free place is taken first */
	close_file(&f[3]);
	record(&f[1], BASE_CLIENT, "x");
	capture_files_flush(&files);
	for (int i = 0; i < 5; i++)
		assert_int_equal(f[i].slot == CAPTURE_SLOT_NONE, i == 3);
	for (int i = 0; i < 5; i++)
		close_file(&f[i]);
}

static void a_full_disk_tears_nothing(void **state)
{
	struct capture_file f;

	(void)state;
	open_file(&f, 0);
	record(&f, BASE_CLIENT, "whole");
	capture_files_flush(&files);
	/* room for the head and 4 bytes of the next */
	limit_file_size((HEAD_LEN + 6) + HEAD_LEN + 4);
	record(&f, BASE_CLIENT, "0123456789");
	record(&f, BASE_SERVER, "abc");
	capture_files_flush(&files);
	assert_int_equal(lost.calls, 1);
	assert_ptr_equal(lost.file, &f);
	assert_int_equal(lost.err, EFBIG);
	assert_int_equal(lost.bytes[BASE_CLIENT], 10);
	assert_int_equal(lost.bytes[BASE_SERVER], 3);
	file_is_text(scratch.dir, NAME(""), CLIENT "whole\n");
	limit_file_size(RLIM_INFINITY);
	record(&f, BASE_CLIENT, "again");
	close_file(&f);
	assert_int_equal(lost.calls, 1);
	file_is_text(scratch.dir, NAME(""), CLIENT "whole\n" CLIENT "again\n");
}

static void a_large_chunk_is_lost_whole(void **state)
{
	char *text = calloc(1, 100001);
	struct capture_file f;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 100000);
	open_file(&f, 0);
	limit_file_size(50000);
	record(&f, BASE_SERVER, text);
	capture_files_flush(&files);
	assert_int_equal(lost.bytes[BASE_SERVER], 100000);
	file_is_text(scratch.dir, NAME(""), "");
	close_file(&f);
	free(text);
}

/* The torn record cannot be cut off now: nothing is written behind it, and it
 * is cut off later, though the file was closed. */
static void a_torn_record_is_cut_off_later(void **state)
{
	struct capture_file f, g;

	(void)state;
	open_file(&f, 0);
	open_file(&g, 1);
	record(&f, BASE_CLIENT, "whole");
	capture_files_flush(&files);
	limit_file_size((HEAD_LEN + 6) + HEAD_LEN + 4);
	cannot_cut = true;
	record(&f, BASE_CLIENT, "0123456789");
	capture_files_flush(&files);
	limit_file_size(RLIM_INFINITY);
	file_is_text(scratch.dir, NAME(""), CLIENT "whole\n" CLIENT "0123");
	record(&f, BASE_CLIENT, "not behind it");
	record(&g, BASE_CLIENT, "others go on");
	capture_files_flush(&files);
	file_is_text(scratch.dir, NAME(""), CLIENT "whole\n" CLIENT "0123");
	assert_int_equal(lost.calls, 2);
	assert_int_equal(lost.err, EIO);
	assert_int_equal(lost.bytes[BASE_CLIENT], 10 + 13);
	cannot_cut = false;
	record(&f, BASE_CLIENT, "again");
	capture_files_flush(&files);
	file_is_text(scratch.dir, NAME(""), CLIENT "whole\n" CLIENT "again\n");
	file_is_text(scratch.dir, NAME("-2"), CLIENT "others go on\n");
	close_file(&f);
	close_file(&g);
}

static void a_link_is_not_followed(void **state)
{
	const struct base_addr client = addr("192.0.2.1:4000");
	struct capture_file f;

	(void)state;
	assert_int_equal(symlinkat("target", scratch.dir, NAME("")), 0);
	assert_true(
		begin(&f, &(struct capture_id){ SECOND, 0 }, &client, NULL));
	record(&f, BASE_CLIENT, "abc");
	close_file(&f);
	assert_int_equal(lost.bytes[BASE_CLIENT], 3);
	assert_int_equal(lost.err, ELOOP);
	assert_int_equal(faccessat(scratch.dir, "target", F_OK, 0), -1);
}

/* Closed for others, moved, and needed again: it begins anew. */
static void a_file_moved_away_is_made_again(void **state)
{
	struct capture_file f, others[4];

	(void)state;
	open_file(&f, 0);
	record(&f, BASE_CLIENT, "old");
	capture_files_flush(&files);
	for (uint32_t i = 0; i < 4; i++)
		open_file(&others[i], i + 1);
	assert_int_equal(renameat(scratch.dir, NAME(""), scratch.dir, "old"),
			 0);
	record(&f, BASE_CLIENT, "new");
	close_file(&f);
	file_is_text(scratch.dir, NAME(""), CLIENT "new\n");
	for (int i = 0; i < 4; i++)
		close_file(&others[i]);
}

static void a_deleted_file_is_made_again(void **state)
{
	struct capture_file f;

	(void)state;
	open_file(&f, 0);
	record(&f, BASE_CLIENT, "old");
	capture_files_flush(&files);
	assert_int_equal(unlinkat(scratch.dir, NAME(""), 0), 0);
	record(&f, BASE_CLIENT, "new");
	close_file(&f);
	file_is_text(scratch.dir, NAME(""), CLIENT "new\n");
	assert_int_equal(lost.calls, 0);
}

/* The open descriptor would take every byte, into nothing. */
static void a_vanished_directory_is_noticed(void **state)
{
	struct capture_file f;

	(void)state;
	open_file(&f, 0);
	assert_int_equal(unlinkat(scratch.dir, NAME(""), 0), 0);
	assert_int_equal(rmdir(scratch.path), 0);
	record(&f, BASE_SERVER, "abcde");
	capture_files_flush(&files);
	assert_int_equal(lost.err, ENOENT);
	assert_int_equal(lost.bytes[BASE_SERVER], 5);
	close_file(&f);
	/* for teardown */
	assert_int_equal(mkdir(scratch.path, 0700), 0);
}

/* The header of a pcap file: pcap-savefile(5). */
#define PCAP_HEADER 24

static uint64_t size_of(const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(scratch.dir, name, &st, 0), 0);
	return (uint64_t)st.st_size;
}

static void open_pcap(struct capture_file *f)
{
	*f = (struct capture_file){ .id = { .second = SECOND },
				    .client = addr("192.0.2.1:4000"),
				    .server = addr("198.51.100.7:7700"),
				    .format = CAPTURE_PCAP,
				    .datagrams = true };
	assert_true(capture_file_begin(&files, f, NULL));
}

#define PCAP_NAME ID "_192.0.2.1.pcap"
/* A packet of 5 bytes: head of the record, IPv4, UDP. */
#define FIVE (16 + 20 + 8 + 5)

static void an_empty_pcap_file_gets_a_header(void **state)
{
	struct capture_file f;

	(void)state;
	if (!capture_pcap_built())
		skip();
	open_pcap(&f);
	capture_files_flush(&files);
	assert_int_equal(size_of(PCAP_NAME), PCAP_HEADER);
	record(&f, BASE_CLIENT, "abcde");
	capture_files_flush(&files);
	assert_int_equal(size_of(PCAP_NAME), PCAP_HEADER + FIVE);
	/* deleted, or cut short by others: then it begins anew */
	assert_int_equal(unlinkat(scratch.dir, PCAP_NAME, 0), 0);
	record(&f, BASE_SERVER, "abcde");
	capture_files_flush(&files);
	assert_int_equal(size_of(PCAP_NAME), PCAP_HEADER + FIVE);
	assert_int_equal(ftruncate(files.slots[f.slot].fd, 0), 0);
	record(&f, BASE_CLIENT, "abcde");
	capture_files_flush(&files);
	assert_int_equal(size_of(PCAP_NAME), PCAP_HEADER + FIVE);
	close_file(&f);
	assert_int_equal(lost.calls, 0);
}

/* The disk takes some of it: it is back at its length before, or at nothing. */
static void a_full_disk_tears_no_packet(void **state)
{
	struct capture_file f;

	(void)state;
	if (!capture_pcap_built())
		skip();
	open_pcap(&f);
	limit_file_size(PCAP_HEADER + 30);
	record(&f, BASE_CLIENT, "abcde");
	capture_files_flush(&files);
	assert_int_equal(lost.err, EFBIG);
	assert_int_equal(lost.bytes[BASE_CLIENT], 5);
	assert_int_equal(size_of(PCAP_NAME), 0);
	limit_file_size(RLIM_INFINITY);
	record(&f, BASE_CLIENT, "abcde");
	capture_files_flush(&files);
	assert_int_equal(size_of(PCAP_NAME), PCAP_HEADER + FIVE);
	close_file(&f);
	assert_int_equal(lost.calls, 1);
}

static bool is_full(const struct capture_file *f, uint64_t wall_ns, size_t len,
		    uint64_t size, uint64_t time_ns)
{
	static const uint8_t some[100];
	const struct capture_piece piece = { .wall_ns = wall_ns,
					     .bytes = { some, len } };

	return capture_file_is_full(f, &piece,
				    &(struct capture_limits){ size, time_ns });
}

static void a_part_is_full_by_size_or_time(void **state)
{
	struct capture_file f;

	(void)state;
	open_file(&f, 0);
	/* the first record has a place in any */
	assert_false(is_full(&f, WALL_NS, 100, 1, 1));
	record(&f, BASE_CLIENT, "abc"); /* gathered: 27 + 3 + 1 */
	assert_false(is_full(&f, WALL_NS, 100, 0, 0));
	assert_false(is_full(&f, WALL_NS, 2, 61, 0)); /* 31 + 27 + 2 + 1 */
	assert_true(is_full(&f, WALL_NS, 3, 61, 0));
	capture_files_flush(&files); /* the same when it is written */
	assert_false(is_full(&f, WALL_NS, 2, 61, 0));
	assert_true(is_full(&f, WALL_NS, 3, 61, 0));
	assert_false(is_full(&f, WALL_NS + 9, 2, 0, 10));
	assert_true(is_full(&f, WALL_NS + 10, 2, 0, 10));
	/* a clock that was set back begins anew */
	record_at(&f, WALL_NS - 100, BASE_CLIENT,
		  (struct base_span){ (const uint8_t *)"x", 1 });
	assert_false(is_full(&f, WALL_NS - 91, 2, 0, 10));
	assert_true(is_full(&f, WALL_NS - 90, 2, 0, 10));
	close_file(&f);
	f.part = CAPTURE_PARTS_MAX; /* its name has no room for another */
	assert_false(is_full(&f, WALL_NS + 10, 2, 1, 1));
}

static void the_next_part_is_a_file_of_its_own(void **state)
{
	struct capture_file f;

	(void)state;
	open_file(&f, 0);
	record(&f, BASE_CLIENT, "abc");
	capture_files_flush(&files);
	capture_file_next_part(&files, &f);
	kept = 0;
	record_at(&f, WALL_NS + 5, BASE_CLIENT,
		  (struct base_span){ (const uint8_t *)"de", 2 });
	capture_files_flush(&files);
	assert_int_equal(kept, 1); /* before its first byte */
	assert_int_equal(f.part, 2);
	assert_true(f.began_ns == WALL_NS + 5);
	file_is_text(scratch.dir, NAME(""), CLIENT "abc\n");
	file_is_text(scratch.dir, ID "_192.0.2.1.rot000002.log",
		     "2025-11-03 19:55:02\tclient\tde\n");
	close_file(&f);
}

/* What a full disk left in the last part is cut off before it is left. */
static void a_part_is_left_whole(void **state)
{
	struct capture_file f;

	(void)state;
	open_file(&f, 0);
	record(&f, BASE_CLIENT, "abc");
	capture_files_flush(&files);
	limit_file_size(40);
	cannot_cut = true;
	record(&f, BASE_CLIENT, "torn");
	capture_files_flush(&files);
	assert_int_equal(size_of(NAME("")), 40);
	cannot_cut = false;
	limit_file_size(RLIM_INFINITY);
	capture_file_next_part(&files, &f);
	file_is_text(scratch.dir, NAME(""), CLIENT "abc\n");
	close_file(&f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(records_are_tcpproxys),
		TEST(a_state_is_small),
		TEST(a_name_in_use_is_refused),
		TEST(two_connections_in_one_second),
		TEST(one_write_a_file_and_batch),
		TEST(marks_are_kept_when_they_are_new),
		TEST(what_does_not_count_is_cut_off_before_it_goes_on),
		TEST(also_where_it_lies_now),
		TEST(or_with_its_next_record_when_too_many_are_gone),
		TEST(chunks_of_any_size),
		TEST(few_descriptors_for_many_files),
		TEST(the_least_recently_used_is_closed),
		TEST(a_full_disk_tears_nothing),
		TEST(a_large_chunk_is_lost_whole),
		TEST(a_torn_record_is_cut_off_later),
		TEST(a_link_is_not_followed),
		TEST(a_file_moved_away_is_made_again),
		TEST(a_deleted_file_is_made_again),
		TEST(a_vanished_directory_is_noticed),
		TEST(an_empty_pcap_file_gets_a_header),
		TEST(a_full_disk_tears_no_packet),
		TEST(a_part_is_full_by_size_or_time),
		TEST(the_next_part_is_a_file_of_its_own),
		TEST(a_part_is_left_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
