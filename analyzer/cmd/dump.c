/* SPDX-License-Identifier: MIT */
/*
 * heapcensus dump: asks a process under census for a dump, waits until the file is complete, prints
 * its path.  Where none comes it says why, as far as the process' status page (cmd/target.h) and
 * /proc tell.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/progress.h"
#include "cmd/cmd.h"
#include "cmd/target.h"

#define DEFAULT_TIMEOUT 30
#define STEP_NS 10000000

static const char doc[] =
	"Asks the process for a dump and prints the file's path when it is complete."
	"\vThe process goes on meanwhile: it stands still for some milliseconds only.";

struct dump_arguments {
	int pid;
	unsigned int timeout;
};

static int parse_number(const char *text, struct argp_state *state, const char *what)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno || *end || end == text || number < 1 || number > INT32_MAX)
		argp_error(state, "%s: not a %s", text, what);
	return (int)number;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct dump_arguments *const arguments = state->input;

	switch (key) {
	case 't':
		arguments->timeout = (unsigned int)parse_number(arg, state, "number of seconds");
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->pid)
			argp_error(state, "more than one process");
		arguments->pid = parse_number(arg, state, "process number");
		return 0;
	case ARGP_KEY_END:
		if (!arguments->pid)
			argp_error(state, "which process?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static bool is_dead_writer(const struct hc_status *status)
{
	const char state = status->child > 0 ? target_state(status->child) : 'R';

	return status->state == HC_STATUS_WRITING && (!state || state == 'Z');
}

/* Why nothing has happened for so long. */
static struct error *explain(const struct target *t, const struct hc_status *before,
			     const struct hc_status *now, unsigned int timeout)
{
	const char state = target_state(t->pid);

	if (state == 'T' || state == 't')
		return error_create("process %d is stopped: the dump comes when it goes on",
				    t->pid);
	if (state == 'D')
		return error_create("process %d waits for a device: the dump comes when it goes on",
				    t->pid);
	if (is_dead_writer(now))
		return error_create(
			"the process that wrote the dump was killed; process %d is unharmed",
			t->pid);
	if (now->state == HC_STATUS_WRITING)
		return error_create(
			"process %d writes the dump, but got nothing done in %u seconds (%s)",
			t->pid, timeout, now->dir);
	if (now->nr_asked == before->nr_asked && target_blocks(t->pid, t->signal))
		return error_create("process %d blocks signal %d in all of its threads: the dump "
				    "comes when one "
				    "unblocks it",
				    t->pid, t->signal);
	if (now->nr_asked == before->nr_asked && !target_catches(t->pid, t->signal))
		return error_create("process %d has taken signal %d away from heapcensus "
				    "(HEAPCENSUS_SIGNAL chooses "
				    "another)",
				    t->pid, t->signal);
	if (now->state == HC_STATUS_PENDING || now->state == HC_STATUS_STOPPING)
		return error_create("process %d has been asked, but a thread does not come out of "
				    "the allocator",
				    t->pid);
	return error_create("no dump of process %d within %u seconds", t->pid, timeout);
}

/* One wait for one dump. */
struct waiting {
	const struct target *target;
	const struct hc_status *before;
	struct hc_status now;
	unsigned int timeout;
	bool is_second;		/* a dump was under way when we asked: ours is the next */
	bool asked_again;
	uint64_t seen, since;	/* what has happened last, and when */
};

static struct error *read_status(struct waiting *w)
{
	const int pid = w->target->pid;
	struct error *const error = target_read_status(w->target, &w->now);

	if (!error || (target_state(pid) && target_state(pid) != 'Z'))
		return error;
	error_destroy(error);
	return error_create("process %d ended before its dump was complete", pid);
}

/* Looks whether there is hope: things happen, or have happened lately. */
static struct error *check_progress(struct waiting *w)
{
	const uint64_t sum = w->now.progress_done + w->now.state;

	if (sum != w->seen) {
		w->seen = sum;
		w->since = now_ns();
	}
	if (is_dead_writer(&w->now) && !w->is_second)
		return explain(w->target, w->before, &w->now, w->timeout);
	if (is_dead_writer(&w->now) && !w->asked_again) {
		/* The writer of the dump before ours was killed, and an idle process does not
		 * notice. */
		w->asked_again = true;
		kill(w->target->pid, w->target->signal);
	}
	if (now_ns() - w->since > w->timeout * 1000000000ull)
		return explain(w->target, w->before, &w->now, w->timeout);
	return NULL;
}

static struct error *wait_for_dump(struct waiting *w)
{
	const struct timespec step = { .tv_nsec = STEP_NS };
	const struct progress progress = progress_terminal();
	const uint64_t wanted = w->before->nr_done + w->before->nr_failed + 1 + w->is_second;
	struct error *error;

	w->since = now_ns();
	while (!(error = read_status(w)) && w->now.nr_done + w->now.nr_failed < wanted) {
		error = check_progress(w);
		if (error)
			break;
		if (w->now.progress_done < w->now.progress_total)
			progress_step(&progress, "dump", w->now.progress_done,
				      w->now.progress_total);
		nanosleep(&step, NULL);
	}
	progress_step(&progress, "dump", 1, 1);
	if (error)
		return error;
	if (w->now.last_failed)
		return error_create("process %d: %.*s", w->target->pid,
				    (int)sizeof(w->now.last_error), w->now.last_error);
	printf("%.*s\n", (int)sizeof(w->now.last_path), w->now.last_path);
	return NULL;
}

struct error *cmd_dump(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "timeout", 't', "SECONDS", 0,
		  "give up when nothing has happened for so long [30]", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options, .parser = parse, .args_doc = "PID", .doc = doc
	};
	struct dump_arguments arguments = { .timeout = DEFAULT_TIMEOUT };
	struct hc_status *before _cleanup_free_ = xmalloc(sizeof(*before));
	struct waiting *waiting _cleanup_free_ = xcalloc(1, sizeof(*waiting));
	_cleanup_(target_close) struct target target = { 0 };
	struct error *error;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	error = target_open(arguments.pid, &target);
	if (!error)
		error = target_read_status(&target, before);
	if (error)
		return error;
	if (target.signal <= 0)
		return error_create("process %d takes no signal (HEAPCENSUS_SIGNAL=none)",
				    target.pid);
	if (kill(target.pid, target.signal))
		return error_create_errno(errno, "process %d", target.pid);
	waiting->target = &target;
	waiting->before = before;
	waiting->timeout = arguments.timeout;
	waiting->is_second =
		before->state == HC_STATUS_WRITING || before->state == HC_STATUS_STOPPING;
	return wait_for_dump(waiting);
}
