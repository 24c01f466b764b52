/* SPDX-License-Identifier: MIT */
/*
 * An object with a field of every sort that C has, and things around it, for test_describe.py,
 * which compiles this with each compiler and form of debug information.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum state { STATE_NEW, STATE_BUSY = 7, STATE_LOST = -1 };
enum mode { MODE_READ = 1, MODE_WRITE = 2, MODE_CREATE = 8 };

struct link {
	struct link *next, *prev;
};

struct pair {
	int32_t key;
	uint8_t weight;
};

union value {
	int64_t number;
	char *text;
	struct thing *thing;
};

struct thing {
	struct link link;
	int8_t tiny;
	uint8_t byte;
	int16_t shorter;
	uint16_t port;
	int32_t negative;
	uint32_t large;
	int64_t minimum;
	uint64_t maximum;
	float third;
	double tenth;
	long double half;
	bool yes, no;
	char letter;
	enum state state, lost;
	enum mode modes, strange;
	unsigned int low : 3, middle : 11, high : 18;
	int minus : 5;
	uint64_t wide : 40;
	char name[16];
	char full[4];
	unsigned char digest[6];
	unsigned char word[8];
	const char *constant;
	char *text, *rest, *end;
	char **words;
	struct pair pair;
	struct pair pairs[4];
	int numbers[40];
	double matrix[2][3];
	union value plain, named;
	struct {
		int inside;
	};
	int (*function)(int);
	void *any, *dangling;
	struct thing *self, *other;
	struct link *middle_of_other;
	size_t nr_open;
	int open[];
};

static int twice(int x)
{
	return 2 * x;
}

struct table {
	struct thing *things[3];
	struct link head;
	char title[8];
	char leftover[16];
};
static struct table table;

/* One block, held as two things: which of them it is the debug information does not tell. */
struct point {
	int64_t x, y;
};
struct range {
	double from, to;
};
static struct point *as_point;
static struct range *as_range;

static __attribute__((noinline)) void store(void **where, void *what)
{
	*where = what;
}
static void (*volatile hidden_store)(void **where, void *what) = store;

/* Behind the small one there is padding. */
static struct {
	long whole;
	short small;
} remembered;

static struct thing *new_thing(size_t nr_open)
{
	struct thing *t = calloc(1, sizeof(*t) + nr_open * sizeof(t->open[0]));

	t->nr_open = nr_open;
	for (size_t i = 0; i < nr_open; i++)
		t->open[i] = 100 + (int)i;
	t->link.next = t->link.prev = &table.head;
	return t;
}

static void fill(struct thing *t, struct thing *other)
{
	t->tiny = -128;
	t->byte = 255;
	t->shorter = -32768;
	t->port = 65535;
	t->negative = -5;
	t->large = 4294967295u;
	t->minimum = INT64_MIN;
	t->maximum = UINT64_MAX;
	t->third = 1.0f / 3;
	t->tenth = 0.1;
	t->half = 0.5L;
	t->yes = true;
	t->letter = 'A';
	t->state = STATE_BUSY;
	t->lost = STATE_LOST;
	t->modes = MODE_READ | MODE_CREATE;
	t->strange = 16;
	t->low = 5;
	t->middle = 2000;
	t->high = 200000;
	t->minus = -3;
	t->wide = 1ull << 39;
	strcpy(t->name, "say \"hi\"\t");
	memcpy(t->full, "full", 4);
	memcpy(t->digest, "\0\1\2\376\377\0", 6);
	memcpy(t->word, "letters", 8);
	t->constant = "a constant";
	t->text = strdup("http://127.0.0.1/page/1.html");
	t->rest = t->text + 7;
	t->end = t->text + strlen(t->text) + 1;
	t->pair = (struct pair){ -1, 200 };
	for (int i = 0; i < 4; i++)
		t->pairs[i] = (struct pair){ i / 3, 9 };
	for (int i = 0; i < 20; i++)
		t->numbers[i] = i * i;
	t->matrix[1][2] = 2.5;
	t->plain.number = -7;
	t->named.thing = other;
	t->inside = 11;
	t->function = twice;
	t->any = other;
	t->self = t;
	t->other = other;
	t->middle_of_other = &other->link;
	t->words = calloc(3, sizeof(*t->words));
	t->words[0] = strdup("first");
	t->words[1] = strdup("second");
}

int main(void)
{
	char c, buffer[64] __attribute__((aligned(8))); /* which remembers what it was used for */
	void *freed = malloc(500000);

	table.things[0] = new_thing(0);
	table.things[1] = new_thing(5);
	fill(table.things[1], table.things[0]);
	table.things[1]->dangling = freed;
	free(freed);
	strcpy(table.title, "things");
	memcpy(buffer + 16, &table.things[0], sizeof(table.things[0]));
	memcpy(table.leftover, &table.things[0], sizeof(table.things[0]));
	memcpy((char *)&remembered + 8, &table.things[0], sizeof(table.things[0]));
	memset(buffer, 'x', 8);

	void *doubtful = malloc(sizeof(*as_point));

	hidden_store((void **)&as_point, doubtful);
	hidden_store((void **)&as_range, doubtful);
	memcpy(doubtful, &(struct range){ 0.5, 2 }, sizeof(*as_range));
	printf("%p %p %p %p\n", (void *)table.things[1], (void *)table.things[0], (void *)&table,
	       doubtful);
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	return table.things[1]->function(buffer[0] - 'x' + (int)remembered.whole);
}
