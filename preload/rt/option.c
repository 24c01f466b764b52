/* SPDX-License-Identifier: MIT */
/*
 * Reads the options (rt/option.h).  Values are copied, since programs overwrite their environment
 * (setproctitle); no libc call but memory and string ones, since this runs at the first malloc,
 * which may come before libc has set itself up.
 */
#include "rt/option.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "rt/count.h"
#include "rt/message.h"
#include "rt/private.h"
#include "rt/sys.h"
#include "rt/ban.h"

#define PREFIX		"HEAPCENSUS_"
#define ENVIRONMENT_MAX (4ul << 20)

const struct option_row option_rows[NR_OPTIONS] = {
#define OPTION_ROW(name, NAME, type, default_text, values, low, high, summary) \
	[OPTION_##NAME] = { #NAME, HC_OPTION_##type, default_text, values, low, high },
	HC_OPTIONS(OPTION_ROW)
#undef OPTION_ROW
};

struct option_value option_values[NR_OPTIONS];

/* Written by option_init only. */
static struct {
	bool done;
	size_t used;
	char texts[16384]; /* copies of the values */
	const char *tmpdir;
	const char *invalid[NR_OPTIONS]; /* text of a value that was not understood */
	uint32_t nr_unknown;
	const char *unknown; /* the first variable that starts like ours and is none */
} state;

/* ---- values ---- */

static bool parse_number(const char **text, uint64_t *number)
{
	const char *s = *text;
	uint64_t n = 0;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n))
			return false;
	*text = s;
	*number = n;
	return true;
}

/* The factor of a unit's letter, 0 for none of the letters. */
static bool parse_scaled(const char *text, const char *letters, const uint64_t *factors,
			 uint64_t *number)
{
	uint64_t n, factor = factors[0];

	if (!parse_number(&text, &n))
		return false;
	if (*text) {
		const char *letter = strchr(letters, *text | 0x20);

		if (!letter || text[1])
			return false;
		factor = factors[1 + (letter - letters)];
	}
	return !__builtin_mul_overflow(n, factor, number);
}

static bool parse_bytes(const char *text, uint64_t *number)
{
	static const uint64_t sizes[] = { 1, 1ull << 10, 1ull << 20, 1ull << 30 };

	return parse_scaled(text, "kmg", sizes, number);
}

/* Of a choice "name:BYTES" the text up to the colon, and a number. */
static bool parse_choice_bytes(const char *choice, const char *text, uint64_t *number)
{
	const size_t len = strcspn(choice, ":|");

	return choice[len] == ':' && strncmp(choice, text, len + 1) == 0 &&
	       parse_bytes(text + len + 1, number) && *number &&
	       *number < 1ull << (64 - HC_CHOICE_BITS);
}

static bool parse_choice(const char *values, const char *text, uint64_t *number)
{
	const size_t len = strcspn(text, "|");
	uint64_t n = 0, bytes = 0;

	if (text[len])
		return false;
	for (const char *v = values; *v; v = strchr(v, '|') + 1, n++) {
		if ((strncmp(v, text, len) == 0 && v[len] == '|' && !strchr(text, ':')) ||
		    parse_choice_bytes(v, text, &bytes)) {
			*number = n | bytes << HC_CHOICE_BITS;
			return true;
		}
	}
	return false;
}

static const struct {
	const char *name;
	int number;
} signal_names[] = {
	{ "HUP", SIGHUP },	 { "INT", SIGINT },   { "QUIT", SIGQUIT },   { "USR1", SIGUSR1 },
	{ "USR2", SIGUSR2 },	 { "PIPE", SIGPIPE }, { "ALRM", SIGALRM },   { "TERM", SIGTERM },
	{ "CHLD", SIGCHLD },	 { "CONT", SIGCONT }, { "TSTP", SIGTSTP },   { "TTIN", SIGTTIN },
	{ "TTOU", SIGTTOU },	 { "URG", SIGURG },   { "XCPU", SIGXCPU },   { "XFSZ", SIGXFSZ },
	{ "VTALRM", SIGVTALRM }, { "PROF", SIGPROF }, { "WINCH", SIGWINCH }, { "IO", SIGIO },
	{ "PWR", SIGPWR },
};

/* glibc keeps 32 and 33 for itself, so SIGRTMIN is 34. */
static bool parse_signal(const char *text, uint64_t *number)
{
	uint64_t n;

	if (strcmp(text, "none") == 0) {
		*number = 0;
		return true;
	}
	if (parse_number(&text, number))
		return !*text && *number >= 1 && *number <= 64 && *number != SIGKILL &&
		       *number != SIGSTOP && *number != 32 && *number != 33;
	if (strncmp(text, "SIG", 3) == 0)
		text += 3;
	if (strncmp(text, "RTMIN", 5) == 0) {
		text += 5;
		n = 0;
		if (*text == '+') {
			text++;
			if (!parse_number(&text, &n))
				return false;
		}
		*number = 34 + n;
		return !*text && n <= 30;
	}
	for (size_t i = 0; i < sizeof(signal_names) / sizeof(signal_names[0]); i++) {
		if (strcmp(text, signal_names[i].name) == 0) {
			*number = (uint64_t)signal_names[i].number;
			return true;
		}
	}
	return false;
}

bool option_parse(const struct option_row *row, const char *text, uint64_t *number)
{
	static const uint64_t times[] = { 1000000000ull, 1000000000ull, 60000000000ull,
					  3600000000000ull };

	switch (row->type) {
	case HC_OPTION_CHOICE:
		return parse_choice(row->values, text, number);
	case HC_OPTION_SIGNAL:
		return parse_signal(text, number);
	case HC_OPTION_PATH:
		*number = 0;
		return true;
	case HC_OPTION_SECONDS:
		return parse_scaled(text, "smh", times, number);
	case HC_OPTION_BYTES:
		return parse_bytes(text, number);
	case HC_OPTION_OR_NUMBER:
		if (strcmp(text, row->default_text) == 0) {
			*number = HC_OPTION_WORD;
			return true;
		}
		__attribute__((fallthrough));
	case HC_OPTION_NUMBER:
		return parse_number(&text, number) && !*text && *number >= row->low &&
		       *number <= row->high;
	}
	return false;
}

/* ---- the environment ---- */

static const char *keep(const char *text)
{
	const size_t size = strlen(text) + 1;
	char *copy = state.texts + state.used;

	if (size > sizeof(state.texts) - state.used)
		return NULL;
	memcpy(copy, text, size);
	state.used += size;
	return copy;
}

/* name is what follows HEAPCENSUS_, up to '='. */
static const struct option_row *find_row(const char *name, size_t len)
{
	for (int i = 0; i < NR_OPTIONS; i++)
		if (strncmp(option_rows[i].name, name, len) == 0 && !option_rows[i].name[len])
			return &option_rows[i];
	return NULL;
}

static void set_option(const struct option_row *row, const char *text)
{
	struct option_value *value = &option_values[row - option_rows];
	uint64_t number;

	text = keep(text);
	if (text && option_parse(row, text, &number)) {
		value->number = number;
		value->text = strcmp(text, row->default_text) ? text : NULL;
	} else {
		COUNT(options_invalid);
		state.invalid[row - option_rows] = text ? text : "(too long)";
	}
}

/* `heapcensus` itself, and `heapcensus run` for the preload, read these. */
static bool is_of_analyzer(const char *name, size_t len)
{
	static const char *const names[] = { "LIBRARY", "SYMBOLS", "CACHE",
					     "INDEX",	"THREADS", "TIMINGS" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == len && strncmp(name, names[i], len) == 0)
			return true;
	return false;
}

static void read_variable(const char *variable)
{
	const char *equals = strchr(variable, '=');
	const struct option_row *row;

	if (!equals)
		return;
	if (strncmp(variable, "TMPDIR=", 7) == 0)
		state.tmpdir = keep(equals + 1);
	if (strncmp(variable, PREFIX, strlen(PREFIX)) != 0)
		return;

	const char *name = variable + strlen(PREFIX);

	row = find_row(name, (size_t)(equals - name));
	if (row) {
		if (equals[1]) /* empty is unset */
			set_option(row, equals + 1);
	} else if (!is_of_analyzer(name, (size_t)(equals - name))) {
		COUNT(options_invalid);
		if (!state.nr_unknown++)
			state.unknown = keep(variable);
	}
}

static void set_defaults(void)
{
	for (int i = 0; i < NR_OPTIONS; i++) {
		option_values[i].text = NULL;
		(void)option_parse(&option_rows[i], option_rows[i].default_text,
				   &option_values[i].number);
	}
}

void option_read(char *const *environment)
{
	memset(&state, 0, sizeof(state));
	set_defaults();
	for (; *environment; environment++)
		read_variable(*environment);
	state.done = true;
}

/* Before libc's constructor has run, its environ is not set. */
static void read_proc_environment(void)
{
	const int fd = sys_open("/proc/self/environ", O_RDONLY | O_CLOEXEC, 0);
	char *const buf = fd < 0 ? NULL : private_pages(ENVIRONMENT_MAX);
	size_t len = 0;

	while (buf && len < ENVIRONMENT_MAX - 1) {
		const long n = sys_read(fd, buf + len, ENVIRONMENT_MAX - 1 - len);

		if (n <= 0)
			break;
		len += (size_t)n;
	}
	for (size_t i = 0; i < len; i += strlen(buf + i) + 1)
		read_variable(buf + i);
	if (buf)
		private_pages_free(buf, ENVIRONMENT_MAX);
	if (fd >= 0)
		(void)sys_close(fd);
}

void option_init(void)
{
	if (state.done)
		return;
	if (environ) {
		option_read(environ);
		return;
	}
	set_defaults();
	read_proc_environment();
	state.done = true;
}

const char *option_tmpdir(void)
{
	return state.tmpdir;
}

/* Without the bar that ends a list of choices. */
static int values_len(const struct option_row *row)
{
	return (int)strlen(row->values) - (row->type == HC_OPTION_CHOICE);
}

void option_report(void)
{
	for (int i = 0; i < NR_OPTIONS; i++) {
		const struct option_row *row = &option_rows[i];

		if (state.invalid[i])
			message("%s%s=%s: not understood (%.*s); using %s", PREFIX, row->name,
				state.invalid[i], values_len(row), row->values, row->default_text);
	}
	if (state.nr_unknown)
		message("%s: no such option%s", state.unknown ? state.unknown : "(too long)",
			state.nr_unknown > 1 ? " (nor some others)" : "");
}
