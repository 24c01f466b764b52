/* SPDX-License-Identifier: MIT */
/*
 * Finds the loaded objects (target/modules.h): the link map for their paths and biases, then the
 * program headers of each in memory.  Everything read lies in the target's own memory, which may be
 * half written (a thread stopped in dlopen): pointers are checked against the mappings, lists are
 * bounded, an object that does not make sense is left out.
 */
#include "target/modules.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#include "rt/sys.h"
#include "rt/ban.h"

#define MODULES_MAX    65536
#define PHDRS_MAX      256
#define NAMESPACES_MAX 64
#define PATH_LEN_MAX   4096

/* Written once by modules_init. */
static struct {
	uint64_t phdr; /* of the executable, in memory */
	uint64_t nr_phdrs;
	uint64_t entry;
	uint64_t vdso;
} aux;

/* What one reading carries around. */
struct reading {
	const struct maps *maps;
	struct bump *bump;
	struct modules *out;
	uint32_t room;
};

void modules_init(void)
{
	aux.phdr = getauxval(AT_PHDR);
	aux.nr_phdrs = getauxval(AT_PHNUM);
	aux.entry = getauxval(AT_ENTRY);
	aux.vdso = getauxval(AT_SYSINFO_EHDR);
}

static const void *readable(const struct reading *r, uint64_t addr, uint64_t len)
{
	return addr && maps_is_readable(r->maps, addr, len) ? (const void *)addr : NULL;
}

/* A text in the target, at most PATH_LEN_MAX long; "" where it cannot be read. */
static const char *read_text(const struct reading *r, uint64_t addr)
{
	const struct map *map = maps_find(r->maps, addr);
	uint64_t room;
	size_t len;
	char *copy;

	if (!map || !(map->prot & 1))
		return "";
	room = map->end - addr < PATH_LEN_MAX ? map->end - addr : PATH_LEN_MAX;
	len = strnlen((const char *)addr, room);
	copy = bump_strndup(r->bump, (const char *)addr, len);
	return copy ? copy : "";
}

/* The build id among the notes of one PT_NOTE segment. */
static void read_notes(const struct reading *r, struct module *m, uint64_t addr, uint64_t len,
		       uint64_t align)
{
	uint64_t at = 0;

	align = align == 8 ? 8 : 4;
	if (!readable(r, addr, len))
		return;
	while (len - at >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const void *)(addr + at);
		const uint64_t name = at + sizeof(*note);
		const uint64_t desc = name + ((note->n_namesz + align - 1) & -align);

		if (desc > len || note->n_descsz > len - desc)
			return;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
		    memcmp((const char *)addr + name, "GNU", 4) == 0 && note->n_descsz <= 64) {
			m->build_id = (const uint8_t *)addr + desc;
			m->build_id_len = note->n_descsz;
			return;
		}
		at = desc + ((note->n_descsz + align - 1) & -align);
		if (at > len)
			return;
	}
}

static void add_segment(struct module *m, const ElfW(Phdr) * ph)
{
	struct module_segment *s = &m->segments[m->nr_segments];

	if (m->nr_segments == MODULE_SEGMENTS_MAX || !ph->p_memsz)
		return;
	*s = (struct module_segment){
		.start = m->bias + ph->p_vaddr,
		.end = m->bias + ph->p_vaddr + ph->p_memsz,
		.file_offset = ph->p_offset,
		.file_size = ph->p_filesz < ph->p_memsz ? ph->p_filesz : ph->p_memsz,
		.prot = (ph->p_flags & PF_R ? 1u : 0) | (ph->p_flags & PF_W ? 2u : 0) |
			(ph->p_flags & PF_X ? 4u : 0),
	};
	if (s->start >= s->end || (m->nr_segments && s->start < s[-1].end))
		return; /* nonsense, or out of order */
	m->nr_segments++;
	m->end = s->end;
}

/* Fills m from its program headers.  False where it has no segment. */
static bool read_phdrs(const struct reading *r, struct module *m, const ElfW(Phdr) * ph,
		       uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++) {
		const uint64_t start = m->bias + ph[i].p_vaddr;

		switch (ph[i].p_type) {
		case PT_LOAD:
			add_segment(m, &ph[i]);
			break;
		case PT_DYNAMIC:
			m->dynamic = start;
			break;
		case PT_TLS:
			m->tls_size = ph[i].p_memsz;
			break;
		case PT_GNU_RELRO:
			m->relro_start = start;
			m->relro_end = start + ph[i].p_memsz;
			break;
		case PT_NOTE:
			if (!m->build_id)
				read_notes(r, m, start, ph[i].p_memsz, ph[i].p_align);
			break;
		}
	}
	if (!m->nr_segments)
		return false;
	m->start = m->segments[0].start;
	return true;
}

/* The program headers of the ELF image that begins at addr. */
static const ElfW(Phdr) * find_phdrs(const struct reading *r, uint64_t addr, uint64_t *nr)
{
	const ElfW(Ehdr) *ehdr = readable(r, addr, sizeof(*ehdr));
	uint64_t size;

	if (!ehdr || memcmp(ehdr->e_ident, ELFMAG, SELFMAG) != 0 ||
	    ehdr->e_ident[EI_CLASS] != ELFCLASS64 || ehdr->e_phentsize != sizeof(ElfW(Phdr)) ||
	    ehdr->e_phnum > PHDRS_MAX)
		return NULL;
	*nr = ehdr->e_phnum;
	size = *nr * sizeof(ElfW(Phdr));
	return readable(r, addr + ehdr->e_phoff, size);
}

/*
 * Where the image of a link map entry begins: the mapping of offset 0 of the file that its dynamic
 * section is mapped from.  Prelinked and unusual objects whose headers are not mapped are not
 * found.
 */
static uint64_t find_image(const struct reading *r, uint64_t dynamic)
{
	const struct map *map = maps_find(r->maps, dynamic);

	if (!map)
		return 0;
	for (const struct map *m = map; m >= r->maps->maps && map - m < 64; m--) {
		if (m->offset == 0 && m->path[0] && readable(r, m->start, SELFMAG) &&
		    memcmp((const void *)m->start, ELFMAG, SELFMAG) == 0)
			return m->start;
	}
	return 0;
}

static struct module *add_module(struct reading *r)
{
	struct modules *out = r->out;

	if (out->nr == r->room) {
		const uint32_t room = r->room ? r->room * 2 : 64;
		struct module *larger = bump_alloc(r->bump, room * sizeof(*larger));

		if (!larger)
			return NULL;
		if (out->nr)
			memcpy(larger, out->modules, out->nr * sizeof(*larger));
		out->modules = larger;
		r->room = room;
	}
	out->modules[out->nr] = (struct module){ 0 };
	return &out->modules[out->nr];
}

/* The path of the file mapped at addr: what the link map calls it may be relative, or empty. */
static const char *find_path(const struct reading *r, uint64_t addr, const char *name)
{
	const struct map *map = maps_find(r->maps, addr);

	if (map && map->path[0] == '/')
		return map->path;
	return name;
}

static void add_executable(struct reading *r)
{
	const ElfW(Phdr) *ph = readable(r, aux.phdr, aux.nr_phdrs * sizeof(*ph));
	struct module *m = ph && aux.nr_phdrs <= PHDRS_MAX ? add_module(r) : NULL;

	if (!m)
		return;
	for (uint64_t i = 0; i < aux.nr_phdrs; i++)
		if (ph[i].p_type == PT_PHDR)
			m->bias = aux.phdr - ph[i].p_vaddr;
	m->is_main = true;
	if (!read_phdrs(r, m, ph, aux.nr_phdrs))
		return;
	m->path = find_path(r, m->start, "");
	r->out->nr++;
}

static void add_vdso(struct reading *r)
{
	uint64_t nr = 0;
	const ElfW(Phdr) *ph = find_phdrs(r, aux.vdso, &nr);
	struct module *m = ph ? add_module(r) : NULL;

	if (!m)
		return;
	for (uint64_t i = 0; i < nr; i++)
		if (ph[i].p_type == PT_LOAD)
			m->bias = aux.vdso - ph[i].p_vaddr;
	m->path = "[vdso]";
	if (read_phdrs(r, m, ph, nr))
		r->out->nr++;
}

static bool is_known(const struct modules *out, uint64_t dynamic)
{
	for (uint32_t i = 0; i < out->nr; i++)
		if (out->modules[i].dynamic == dynamic)
			return true;
	return false;
}

static void add_from_link_map(struct reading *r, const struct link_map *l)
{
	const uint64_t image = find_image(r, (uint64_t)l->l_ld);
	const ElfW(Phdr) * ph;
	struct module *m;
	uint64_t nr = 0;

	if (!image || is_known(r->out, (uint64_t)l->l_ld))
		return;
	ph = find_phdrs(r, image, &nr);
	m = ph ? add_module(r) : NULL;
	if (!m)
		return;
	m->bias = l->l_addr;
	m->path = find_path(r, image, "");
	if (!m->path[0])
		m->path = read_text(r, (uint64_t)l->l_name);
	if (read_phdrs(r, m, ph, nr) && m->dynamic == (uint64_t)l->l_ld)
		r->out->nr++;
}

/* _r_debug by the executable's DT_DEBUG, and the namespaces chained behind it. */
static const struct r_debug *find_debug(const struct reading *r)
{
	const struct module *exe =
		r->out->nr && r->out->modules[0].is_main ? &r->out->modules[0] : NULL;
	const ElfW(Dyn) * dyn;

	if (!exe || !exe->dynamic)
		return NULL;
	for (uint64_t at = exe->dynamic; (dyn = readable(r, at, sizeof(*dyn)));
	     at += sizeof(*dyn)) {
		if (dyn->d_tag == DT_NULL)
			return NULL;
		if (dyn->d_tag == DT_DEBUG)
			return readable(r, dyn->d_un.d_ptr, sizeof(struct r_debug));
	}
	return NULL;
}

static void add_link_maps(struct reading *r, const struct r_debug *debug)
{
	const struct link_map *l = readable(r, (uint64_t)debug->r_map, sizeof(*l));

	for (uint32_t i = 0; l && i < MODULES_MAX; i++) {
		add_from_link_map(r, l);
		l = readable(r, (uint64_t)l->l_next, sizeof(*l));
	}
}

static void sort_by_start(struct modules *out)
{
	for (uint32_t i = 1; i < out->nr; i++) { /* few, and nearly in order backwards */
		const struct module m = out->modules[i];
		uint32_t at = i;

		for (; at > 0 && out->modules[at - 1].start > m.start; at--)
			out->modules[at] = out->modules[at - 1];
		out->modules[at] = m;
	}
}

bool modules_read(struct modules *out, const struct maps *m, struct bump *b)
{
	struct reading r = { .maps = m, .bump = b, .out = out };
	const struct r_debug *debug;

	*out = (struct modules){ 0 };
	add_executable(&r);
	add_vdso(&r); /* the link map has it too, under another name */
	debug = find_debug(&r);
	for (int i = 0; debug && i < NAMESPACES_MAX; i++) {
		add_link_maps(&r, debug);
		if (debug->r_version < 2)
			break;
		debug = readable(&r, (uint64_t)((const struct r_debug_extended *)debug)->r_next,
				 sizeof(struct r_debug_extended));
	}
	sort_by_start(out);
	return out->nr > 0;
}

const struct module *modules_find(const struct modules *m, uint64_t addr)
{
	for (uint32_t i = 0; i < m->nr; i++) {
		const struct module *module = &m->modules[i];

		if (addr < module->start || addr >= module->end)
			continue;
		for (uint32_t s = 0; s < module->nr_segments; s++)
			if (addr >= module->segments[s].start && addr < module->segments[s].end)
				return module;
	}
	return NULL;
}
