/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_fault_test.c - whatever fails, whenever: all of a batch or nothing
 *
 * A layer between SQLite and its files lets the n-th call fail, or looks at the
 * files before each call: so a crash at any moment, and a power cut which takes
 * what was not synced, are seen without either.
 */
#include "store_test.h"

#include <sys/resource.h>

#include "store_internal.h"

/* --- the layer --- */

struct layer_file {
	sqlite3_file base;
	sqlite3_file *real;
	const char *name; /* SQLite's, or NULL */
};

static sqlite3_vfs *below;

static struct {
	bool armed;
	unsigned calls; /* that change files */
	unsigned fails; /* from that call on; 0 = none does */
	unsigned until; /* ... up to that one */
	int result, error;
	void (*look)(const char *synced); /* before each; the file, or NULL */
} layer;

static bool fails(const char *synced)
{
	if (!layer.armed)
		return false;
	layer.calls++;
	if (layer.look) {
		layer.armed = false; /* for what it does itself */
		layer.look(synced);
		layer.armed = true;
	}
	errno = layer.error;
	return layer.fails && layer.calls >= layer.fails &&
	       layer.calls <= layer.until;
}

static sqlite3_file *real_of(sqlite3_file *f)
{
	return ((struct layer_file *)(void *)f)->real;
}

static int layer_close(sqlite3_file *f)
{
	return real_of(f)->pMethods->xClose(real_of(f));
}

static int layer_read(sqlite3_file *f, void *to, int len, sqlite3_int64 at)
{
	return real_of(f)->pMethods->xRead(real_of(f), to, len, at);
}

static int layer_write(sqlite3_file *f, const void *from, int len,
		       sqlite3_int64 at)
{
	return fails(NULL) ? layer.result
			   : real_of(f)->pMethods->xWrite(real_of(f), from, len,
							  at);
}

static int layer_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	return fails(NULL) ? layer.result
			   : real_of(f)->pMethods->xTruncate(real_of(f), size);
}

static int layer_sync(sqlite3_file *f, int flags)
{
	int r = SQLITE_OK;

	if (fails(NULL))
		return layer.result == SQLITE_FULL ? SQLITE_IOERR_FSYNC
						   : layer.result;
	r = real_of(f)->pMethods->xSync(real_of(f), flags);
	if (layer.armed && layer.look) {
		layer.armed = false;
		layer.look(((struct layer_file *)(void *)f)->name);
		layer.armed = true;
	}
	return r;
}

static int layer_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return real_of(f)->pMethods->xFileSize(real_of(f), size);
}

static int layer_lock(sqlite3_file *f, int lock)
{
	return real_of(f)->pMethods->xLock(real_of(f), lock);
}

static int layer_unlock(sqlite3_file *f, int lock)
{
	return real_of(f)->pMethods->xUnlock(real_of(f), lock);
}

static int layer_reserved(sqlite3_file *f, int *out)
{
	return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int layer_control(sqlite3_file *f, int op, void *arg)
{
	return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int layer_sector(sqlite3_file *f)
{
	return real_of(f)->pMethods->xSectorSize(real_of(f));
}

/* No promise of the disk's is used. */
static int layer_device(sqlite3_file *f)
{
	(void)f;
	return 0;
}

static int layer_shm_map(sqlite3_file *f, int page, int size, int extend,
			 void volatile **out)
{
	return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend,
					     out);
}

static int layer_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags);
}

static void layer_shm_barrier(sqlite3_file *f)
{
	real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int layer_shm_unmap(sqlite3_file *f, int delete)
{
	return real_of(f)->pMethods->xShmUnmap(real_of(f), delete);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = layer_close,
	.xRead = layer_read,
	.xWrite = layer_write,
	.xTruncate = layer_truncate,
	.xSync = layer_sync,
	.xFileSize = layer_size,
	.xLock = layer_lock,
	.xUnlock = layer_unlock,
	.xCheckReservedLock = layer_reserved,
	.xFileControl = layer_control,
	.xSectorSize = layer_sector,
	.xDeviceCharacteristics = layer_device,
	.xShmMap = layer_shm_map,
	.xShmLock = layer_shm_lock,
	.xShmBarrier = layer_shm_barrier,
	.xShmUnmap = layer_shm_unmap,
};

static int layer_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f,
		      int flags, int *out)
{
	struct layer_file *file = (struct layer_file *)(void *)f;
	int r;

	(void)vfs;
	/* temporary files have no name: there must be none */
	assert_non_null(name);
	file->name = name;
	file->real = (sqlite3_file *)(void *)(file + 1);
	r = below->xOpen(below, name, file->real, flags, out);
	file->base.pMethods = file->real->pMethods ? &methods : NULL;
	return r;
}

/* As main() begins: from now on SQLite's files go through it. */
static void layer_begin(void)
{
	static sqlite3_vfs vfs;

	below = sqlite3_vfs_find(NULL);
	assert_non_null(below);
	vfs = *below;
	vfs.zName = "layer";
	vfs.szOsFile += (int)sizeof(struct layer_file);
	vfs.xOpen = layer_open;
	assert_int_equal(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}

static int layer_end(void **state)
{
	layer.armed = false;
	layer.look = NULL;
	layer.fails = 0;
	return place_remove(state);
}

#define FAULT_TEST(f) cmocka_unit_test_setup_teardown(f, place_make, layer_end)

/* --- rows --- */

#define EVENTS 3

/* One of each kind of row; EVENTS events a commit. */
static void add_all(struct store *s, uint64_t seq)
{
	struct track_position at = position_at(TRACK_TIME_NONE, 1, 2);
	struct store_event e = event_of(seq, START_MS + seq, NULL);
	char name[32];

	(void)snprintf(name, sizeof(name), "device%llu",
		       (unsigned long long)seq);
	add_flow(s, seq, START_MS);
	e.positions = &at;
	e.n_positions = 1;
	assert_int_equal(store_add_event(s, &e), 0);
	assert_int_equal(store_add_name(s, seq, span(name)), 0);
	for (int i = 1; i < EVENTS; i++)
		add_event(s, seq, START_MS + seq, name);
	add_end(s, seq, START_MS + seq);
}

/* Just the commits up to seq are in the file. */
static void has(const char *path, uint64_t seq)
{
	const unsigned long long n = seq;
	char want[160];

	(void)snprintf(want, sizeof(want), "%llu|%llu|%llu|%llu|%llu|%llu|%llu",
		       n, n * EVENTS, n * EVENTS, n, n, n * EVENTS, n);
	whole(path);
	assert_string_equal(
		ask(path, "SELECT seq, last_event,"
			  " (SELECT count(*) FROM events),"
			  " (SELECT count(*) FROM positions WHERE"
			  "  device NOT NULL),"
			  " (SELECT count(*) FROM devices),"
			  " (SELECT ifnull(sum(events), 0) FROM devices),"
			  " (SELECT count(*) FROM flows WHERE closed NOT NULL"
			  "  AND protocol NOT NULL AND device NOT NULL)"
			  " FROM store"),
		want);
}

/* --- faults --- */

static const struct {
	int result, error, want;
} faults[] = {
	{ SQLITE_FULL, ENOSPC, -ENOSPC },
	{ SQLITE_IOERR_WRITE, EIO, -EIO },
	{ SQLITE_IOERR_WRITE, EDQUOT, -ENOSPC },
	{ SQLITE_IOERR_WRITE, EFBIG, -ENOSPC },
	{ SQLITE_IOERR_WRITE, EROFS, -EROFS },
	{ SQLITE_IOERR_FSYNC, EIO, -EIO },
};

#define SYNC_FAULT (WS_ARRAY_LEN(faults) - 1)

static void arm(size_t fault, unsigned from, unsigned until)
{
	layer.armed = true;
	layer.calls = 0;
	layer.fails = from;
	layer.until = until;
	layer.result = faults[fault].result;
	layer.error = faults[fault].error;
}

static void disarm(void)
{
	layer.armed = false;
}

/* A log so small that checkpoints are among the calls. */
#define SMALL_LOG (64U << 10)

/* Commit seq with its n-th call failing. Return: false, there is no n-th. */
static bool fault_at(struct place *p, uint64_t seq, size_t fault, unsigned n)
{
	int r;

	add_all(p->store, seq);
	arm(fault, n, n);
	r = store_commit(p->store, WRITER, seq, &p->why);
	disarm();
	if (r) {
		if (r != faults[fault].want)
			fail_msg("%d: %s", r, p->why.text);
		assert_string_not_equal(p->why.text, "");
		has(p->path, seq - 1);
		assert_int_equal(store_committed(p->store, WRITER), seq - 1);
		assert_int_equal(store_waiting(p->store).events, EVENTS);
		committed(p, seq);
	}
	assert_int_equal(store_waiting(p->store).rows, 0);
	has(p->path, seq);
	return layer.calls >= n;
}

static void each_call_fails_once(void **state)
{
	struct place *p = *state;
	unsigned failed = 0;

	p->options.wal_max = SMALL_LOG;
	for (size_t fault = 0; fault < WS_ARRAY_LEN(faults); fault++) {
		uint64_t seq = 1;

		p->options.durable = fault % 2;
		opened(p);
		add_all(p->store, seq);
		committed(p, seq);
		for (unsigned n = 1; fault_at(p, ++seq, fault, n); n++)
			failed++;
		closed(p);
		has(p->path, seq);
		base_test_empty(p->dir);
	}
	/* a page of each table and index, and some of checkpoints */
	assert_true(failed > 10 * WS_ARRAY_LEN(faults));
}

/* The disk is full for a while, with checkpoints and all. */
static void a_disk_is_full_for_a_while(void **state)
{
	struct place *p = *state;

	p->options.wal_max = SMALL_LOG;
	opened(p);
	for (uint64_t seq = 1; seq <= 40; seq++) {
		add_all(p->store, seq);
		arm(0, 1, UINT32_MAX);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(
				store_commit(p->store, WRITER, seq, &p->why),
				-ENOSPC);
			assert_non_null(strstr(p->why.text, "No space left"));
		}
		disarm();
		committed(p, seq);
	}
	has(p->path, 40);
}

/* Closed, and opened again, while it is full: what is there can be read. */
static void a_full_disk_at_the_start(void **state)
{
	struct place *p = *state;

	opened(p);
	add_all(p->store, 1);
	committed(p, 1);
	arm(0, 1, UINT32_MAX);
	closed(p);
	opened(p);
	add_all(p->store, 2);
	assert_int_equal(store_commit(p->store, WRITER, 2, &p->why), -ENOSPC);
	disarm();
	committed(p, 2);
	has(p->path, 2);
	/* a new one cannot be begun */
	closed(p);
	base_test_empty(p->dir);
	arm(0, 1, UINT32_MAX);
	assert_int_equal(store_open(&p->options, &p->store, &p->why), -ENOSPC);
	disarm();
	p->store = NULL;
	opened(p);
	add_all(p->store, 1);
	committed(p, 1);
	has(p->path, 1);
}

/* What a transaction had said in vain is said again. */
static void rows_of_a_failed_commit_come_back(void **state)
{
	struct place *p = *state;

	opened(p);
	add_flow(p->store, 1, START_MS);
	add_event(p->store, 1, START_MS, "a");
	arm(0, 1, UINT32_MAX);
	assert_int_equal(store_commit(p->store, WRITER, 1, &p->why), -ENOSPC);
	disarm();
	committed(p, 1);
	is(p, "SELECT protocol, device FROM flows", "h02|a");
}

static int in_and_yet(void *arg, sqlite3 *db, const char *name, int pages)
{
	(void)arg;
	(void)db;
	(void)name;
	(void)pages;
	return SQLITE_IOERR;
}

/* COMMIT has an error, but what it had to do is done: the mark says so. */
static void a_commit_that_failed_too_late(void **state)
{
	struct place *p = *state;
	struct store *s = opened(p);

	add_all(s, 1);
	(void)sqlite3_wal_hook(s->db, in_and_yet, NULL);
	committed(p, 1);
	assert_int_equal(store_waiting(p->store).rows, 0);
	has(p->path, 1);
}

static unsigned failing_call;

static bool fails_and_dies(struct place *p)
{
	opened(p);
	add_all(p->store, 1);
	committed(p, 1);
	add_all(p->store, 2);
	arm(SYNC_FAULT, failing_call, failing_call);
	return store_commit(p->store, WRITER, 2, &p->why) == 0;
}

/* It has failed, and nobody lives to try again: a successor does not find it in
 * the log. */
static void a_commit_that_failed_and_a_death(void **state)
{
	struct place *p = *state;
	int status;

	p->options.durable = true;
	failing_call = 0;
	do {
		failing_call++;
		status = in_child(fails_and_dies, p);
		opened(p);
		has(p->path, status ? 1 : 2);
		closed(p);
		base_test_empty(p->dir);
	} while (status);
	assert_true(failing_call > 10);
}

static bool limited(struct place *p)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct rlimit limit;
	int r;

	opened(p);
	if (sigaction(SIGXFSZ, &ignore, NULL) ||
	    getrlimit(RLIMIT_FSIZE, &limit))
		return false;
	limit.rlim_cur = 20000; /* fewer pages than there are trees */
	if (setrlimit(RLIMIT_FSIZE, &limit))
		return false;
	for (uint64_t seq = 1; seq <= 100; seq++)
		add_all(p->store, seq);
	r = store_commit(p->store, WRITER, 100, &p->why);
	limit.rlim_cur = limit.rlim_max;
	return r == -ENOSPC && !setrlimit(RLIMIT_FSIZE, &limit) &&
	       !store_commit(p->store, WRITER, 100, &p->why);
}

/* As the kernel does it. */
static void a_file_may_not_grow(void **state)
{
	struct place *p = *state;

	assert_int_equal(in_child(limited, p), 0);
	has(p->path, 100);
}

/* It would be in a directory that the process may not see. layer_open() knows
 * them. */
static void nothing_needs_a_temporary_file(void **state)
{
	struct store_limits l = { .size = 1, .confirmed = INT64_MAX };
	struct store_retained out;
	struct place *p = *state;
	char name[16];

	opened(p);
	for (unsigned i = 0; i < 10000; i++)
		add_event(p->store, 1, START_MS + i, NULL);
	assert_int_equal(store_add_name(p->store, 1, span("a")), 0);
	for (unsigned i = 0; i < 3000; i++) {
		(void)snprintf(name, sizeof(name), "device%u", i);
		add_event(p->store, 2, START_MS + i, name);
	}
	committed(p, 1);
	do {
		assert_int_equal(store_retain(p->store, &l, &out, &p->why), 0);
	} while (out.more);
	is(p, "SELECT count(*) FROM events, devices", "0");
}

/* --- memory --- */

static sqlite3_mem_methods memory;
static unsigned allocations, no_memory_at;

static bool no_memory(void)
{
	return no_memory_at && ++allocations == no_memory_at;
}

static void *some(int size)
{
	return no_memory() ? NULL : memory.xMalloc(size);
}

static void *more(void *old, int size)
{
	return no_memory() ? NULL : memory.xRealloc(old, size);
}

static void memory_begin(void)
{
	sqlite3_mem_methods wrapped;

	assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory), 0);
	wrapped = memory;
	wrapped.xMalloc = some;
	wrapped.xRealloc = more;
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &wrapped), 0);
}

static void each_allocation_fails_once(void **state)
{
	struct place *p = *state;
	unsigned failed = 0, n = 1;
	uint64_t seq = 0;
	int r;

	do {
		if (n % 16 == 1) /* with nothing in its cache */
			opened(p);
		add_all(p->store, ++seq);
		allocations = 0;
		no_memory_at = n;
		r = store_commit(p->store, WRITER, seq, &p->why);
		no_memory_at = 0;
		if (r) {
			assert_int_equal(r, -ENOMEM);
			failed++;
			has(p->path, seq - 1);
			committed(p, seq);
		}
	} while (allocations >= n++ || n < 64);
	has(p->path, seq);
	assert_true(failed > 10);
}

static void each_allocation_of_an_open_fails_once(void **state)
{
	struct place *p = *state;
	unsigned failed = 0, n = 1;
	int r;

	do {
		allocations = 0;
		no_memory_at = n;
		r = store_open(&p->options, &p->store, &p->why);
		no_memory_at = 0;
		if (r) {
			assert_int_equal(r, -ENOMEM);
			p->store = NULL;
			failed++;
		} else {
			closed(p);
		}
		/* what it began is no reason to refuse it afterwards */
		opened(p);
		assert_string_equal(p->why.text, "");
		closed(p);
		if (n % 3)
			base_test_empty(p->dir);
	} while (allocations >= n++);
	assert_true(failed > 100);
}

/* --- a crash at any moment, and a power cut --- */

static struct {
	struct place *place;
	char synced[96]; /* directory: files as they were last synced */
	char cut[96];    /* directory: as they are found */
	uint64_t done;   /* commits that have returned */
	unsigned looks;
} crash;

static void copy(const char *from_dir, const char *to_dir, const char *name)
{
	char from[256], to[256], buf[8192];
	int in, out;
	ssize_t n;

	(void)snprintf(from, sizeof(from), "%s/%s", from_dir, name);
	(void)snprintf(to, sizeof(to), "%s/%s", to_dir, name);
	in = open(from, O_RDONLY | O_CLOEXEC);
	assert_true(in >= 0);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		assert_int_equal(write(out, buf, (size_t)n), n);
	assert_int_equal(n, 0);
	assert_int_equal(close(in), 0);
	assert_int_equal(close(out), 0);
}

/* What a successor finds in the directory. Return: its last commit. */
static uint64_t found_in(const char *dir)
{
	char path[128];
	uint64_t seq;

	base_test_empty(crash.cut);
	copy(dir, crash.cut, "wayside.db");
	copy(dir, crash.cut, "wayside.db-wal");
	(void)snprintf(path, sizeof(path), "%s/wayside.db", crash.cut);
	seq = strtoull(ask(path, "SELECT seq FROM store"), NULL, 10);
	has(path, seq);
	return seq;
}

static void look_at_files(const char *synced)
{
	const uint64_t seq = found_in(crash.place->dir);

	crash.looks++;
	/* nothing that was committed is missing, nothing half is there */
	assert_true(seq == crash.done || seq == crash.done + 1);
	if (synced)
		copy(crash.place->dir, crash.synced, strrchr(synced, '/') + 1);
	if (crash.place->options.durable)
		assert_true(found_in(crash.synced) >= crash.done);
	else
		assert_true(found_in(crash.synced) <= crash.done + 1);
}

static void crash_at_any_moment(struct place *p, bool durable)
{
	char template[] = "/tmp/store_test.XXXXXX";

	crash.place = p;
	crash.done = crash.looks = 0;
	assert_non_null(mkdtemp(template));
	(void)snprintf(crash.synced, sizeof(crash.synced), "%s/synced",
		       template);
	(void)snprintf(crash.cut, sizeof(crash.cut), "%s/cut", template);
	assert_int_equal(mkdir(crash.synced, 0700), 0);
	assert_int_equal(mkdir(crash.cut, 0700), 0);
	p->options.wal_max = SMALL_LOG;
	p->options.durable = durable;
	opened(p);
	copy(p->dir, crash.synced, "wayside.db");
	copy(p->dir, crash.synced, "wayside.db-wal");
	layer.look = look_at_files;
	layer.armed = true;
	for (uint64_t seq = 1; seq <= 12; seq++) {
		add_all(p->store, seq);
		committed(p, seq);
		crash.done = seq;
		look_at_files(NULL);
	}
	layer.armed = false;
	assert_true(crash.looks > 100);
	/* with checkpoints at the latest something is on the disk */
	assert_true(found_in(crash.synced) > 4);
	base_test_empty(crash.cut);
	base_test_empty(crash.synced);
	base_test_remove(template);
}

static void a_copy_of_any_moment_is_whole(void **state)
{
	crash_at_any_moment(*state, false);
}

static void a_power_cut_takes_nothing_durable(void **state)
{
	crash_at_any_moment(*state, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FAULT_TEST(each_call_fails_once),
		FAULT_TEST(a_disk_is_full_for_a_while),
		FAULT_TEST(a_full_disk_at_the_start),
		FAULT_TEST(rows_of_a_failed_commit_come_back),
		FAULT_TEST(a_commit_that_failed_too_late),
		FAULT_TEST(a_commit_that_failed_and_a_death),
		FAULT_TEST(a_file_may_not_grow),
		FAULT_TEST(nothing_needs_a_temporary_file),
		FAULT_TEST(each_allocation_fails_once),
		FAULT_TEST(each_allocation_of_an_open_fails_once),
		FAULT_TEST(a_copy_of_any_moment_is_whole),
		FAULT_TEST(a_power_cut_takes_nothing_durable),
	};

	memory_begin();
	layer_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
