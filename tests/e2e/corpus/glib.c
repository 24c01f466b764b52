/* SPDX-License-Identifier: MIT */
/*
 * GLib's containers and objects: lists, queues, hash tables with small and large keys, sets,
 * strings, arrays of several item sizes, instances of classes with and without memory of their own
 * in front of them.  And what looks like them: the program's own list nodes, strings and arrays,
 * from GLib's allocator and from malloc.
 */
#include <glib-object.h>
#include <stdlib.h>

#include "truth.h"

/* Classes: an item, and a book that derives from it and has private memory. */
typedef struct {
	GObject parent;
	char *name;
	GObject *owner;
} DemoItem;
typedef struct {
	GObjectClass parent;
	void (*open)(DemoItem *);
} DemoItemClass;

#define DEMO_TYPE_ITEM (demo_item_get_type())
G_DEFINE_TYPE(DemoItem, demo_item, G_TYPE_OBJECT)

typedef struct {
	DemoItem parent;
	guint pages;
} DemoBook;
typedef struct {
	DemoItemClass parent;
} DemoBookClass;
typedef struct {
	char *shelf;
	guint numbers[80];
} DemoBookPrivate;

#define DEMO_TYPE_BOOK (demo_book_get_type())
G_DEFINE_TYPE_WITH_PRIVATE(DemoBook, demo_book, DEMO_TYPE_ITEM)

static void demo_item_init(DemoItem *item)
{
	item->name = NULL;
}

static void demo_item_class_init(DemoItemClass *class)
{
	class->open = NULL;
}

static void demo_book_init(DemoBook *book)
{
	DemoBookPrivate *private = demo_book_get_instance_private(book);

	private->shelf = g_strdup("shelf of a book");
	note(private->shelf, "text");
	note(private, "DemoBook"); /* what is private comes first */
}

static void demo_book_class_init(DemoBookClass *class)
{
	(void)class;
}

/* The program's own: the layouts of GList, GString, GPtrArray. */
struct link {
	void *data;
	struct link *next, *prev;
};
struct text {
	char *start;
	size_t len, room;
};
struct vector {
	void **items;
	guint len, room;
	guint64 generation, user;
};

struct {
	GList *list, *single;
	GSList *slist;
	GQueue *queue, *empty;
	GHashTable *table, *numbers, *set;
	GString *string, *long_string;
	GPtrArray *pointers;
	GArray *structs, *ints;
	GByteArray *bytes;
	GObject *object, *items[8];
	struct link *first, *mine;
	struct text *text;
	struct vector *vector;
} all;

static void note_list(GList *l)
{
	for (; l; l = l->next) {
		note(l, "GList");
		HOLDS(l, next);
		HOLDS(l, prev);
	}
}

static void fill_lists(int nr)
{
	all.queue = g_queue_new();
	all.empty = g_queue_new();
	note(all.queue, "GQueue");
	note(all.empty, "GQueue");
	for (int i = 0; i < nr; i++) {
		char *data = g_strdup_printf("%d in lists", i);

		note(data, "text");
		all.list = g_list_prepend(all.list, data);
		all.slist = g_slist_append(all.slist, data);
		g_queue_push_tail(all.queue, data);
	}
	all.single = g_list_append(NULL, all.queue);
	note_list(all.list);
	note_list(all.single);
	note_list(all.queue->head);
	HOLDS(all.queue, head);
	HOLDS(all.queue, tail);
	for (GSList *l = all.slist; l; l = l->next) {
		note(l, "GSList");
		HOLDS(l, next);
		HOLDS(l, data);
	}
}

static void fill_tables(int nr)
{
	all.table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	all.numbers = g_hash_table_new(NULL, NULL);
	all.set = g_hash_table_new(g_direct_hash, g_direct_equal);
	note(all.table, "GHashTable");
	note(all.numbers, "GHashTable");
	note(all.set, "GHashTable");
	for (int i = 0; i < nr; i++) {
		char *key = g_strdup_printf("a key with number %d", i);

		note(key, "text");
		g_hash_table_insert(all.table, key, all.list);
		g_hash_table_insert(all.numbers, GINT_TO_POINTER(i + 1), GINT_TO_POINTER(i));
		g_hash_table_add(all.set, key);
	}
}

static void fill_arrays(int nr)
{
	struct {
		char *name;
		guint64 value;
	} item = { 0 };

	all.string = g_string_new("a string");
	all.long_string = g_string_new(NULL);
	all.pointers = g_ptr_array_new_with_free_func(g_free);
	all.structs = g_array_new(FALSE, TRUE, sizeof(item));
	all.ints = g_array_new(TRUE, FALSE, sizeof(int));
	all.bytes = g_byte_array_new();
	for (int i = 0; i < nr; i++) {
		char *name = g_strdup_printf("%d in an array", i);

		note(name, "text");
		g_string_append_printf(all.long_string, "%d ", i);
		g_ptr_array_add(all.pointers, name);
		item.name = name;
		g_array_append_val(all.structs, item);
		g_array_append_val(all.ints, i);
		g_byte_array_append(all.bytes, (const guint8 *)&i, sizeof(i));
	}
	note(all.string, "GString");
	note(all.string->str, "GString text");
	note(all.long_string, "GString");
	note(all.long_string->str, "GString text");
	note(all.pointers, "GPtrArray");
	note(all.pointers->pdata, "GPtrArray items");
	edge(all.pointers->pdata, all.pointers->pdata[1], "[*]");
	HOLDS(all.pointers, pdata);
	note(all.structs, "GArray");
	note(all.structs->data, "GArray items");
	HOLDS(all.structs, data);
	note(all.ints, "GArray");
	note(all.ints->data, "GArray items");
	note(all.bytes, "GByteArray");
	note(all.bytes->data, "GArray items");
}

static void fill_objects(int nr)
{
	all.object = g_object_new(G_TYPE_OBJECT, NULL);
	note(all.object, "GObject");
	for (int i = 0; i < nr; i++) {
		DemoItem *item = g_object_new(i & 1 ? DEMO_TYPE_BOOK : DEMO_TYPE_ITEM, NULL);

		item->owner = all.object;
		all.items[i] = G_OBJECT(item);
		if (!(i & 1))
			note(item, "DemoItem");
	}
	note(g_type_class_peek(DEMO_TYPE_ITEM), "DemoItemClass");
	note(g_type_class_peek(DEMO_TYPE_BOOK), "DemoBookClass");
}

static struct link *push(struct link *first, struct link *l)
{
	note(l, "struct link");
	l->data = all.object;
	l->next = first;
	l->prev = NULL;
	if (first)
		first->prev = l;
	return l;
}

static void fill_others(int nr)
{
	for (int i = 0; i < nr; i++) {
		all.first = push(all.first, malloc(sizeof(struct link)));
		/* By the caller alone this could be GLib's. */
		if (!g_strcmp0(getenv("HEAPCENSUS_STACKS"), "full"))
			all.mine = push(all.mine, g_new0(struct link, 1));
	}
	all.text = malloc(sizeof(*all.text));
	*all.text = (struct text){ g_strdup("a text that is no GString"), 25, 26 };
	note(all.text, "struct text");
	all.vector = g_new(struct vector, 1);
	*all.vector = (struct vector){ g_new0(void *, 16), 2, 16, 1ul << 40, 7 };
	note(all.vector, "struct vector");
}

int main(int argc, char **argv)
{
	(void)argv;
	fill_lists(argc * 20);
	fill_tables(argc * 40);
	fill_arrays(argc * 30);
	fill_objects(argc * 8);
	fill_others(argc * 10);
	wait_for_the_dump();
	return 0;
}
