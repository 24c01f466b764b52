/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target on files and on every file of directories, for builds without libFuzzer: the
 * corpus is a test.  "random:COUNT:SEED" is as many inputs by chance, the same every time.
 */
#include <dirent.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RANDOM_MAX 64 /* bytes of an input by chance */

static unsigned int nr_files;

static void replay_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(size + 1);

	if (!file || !data || fread(data, 1, size, file) != size)
		err(1, "%s", path);
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	nr_files++;
}

static void replay(const char *path);

static void replay_directory(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		err(1, "%s", path);
	while ((entry = readdir(dir))) {
		char *name;

		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&name, "%s/%s", path, entry->d_name) < 0)
			err(1, "asprintf");
		replay(name);
		free(name);
	}
	closedir(dir);
}

static void replay(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		err(1, "%s", path);
	if (S_ISDIR(st.st_mode))
		replay_directory(path);
	else
		replay_file(path, (size_t)st.st_size);
}

/* Says which input did not come back: an end like that is noticed by the target's caller only. */
static void replay_random(unsigned int count, unsigned int seed)
{
	uint8_t data[RANDOM_MAX];

	for (unsigned int k = 0; k < count; k++) {
		unsigned short state[3] = { seed, k, 0 };
		const size_t size = (nrand48(state) % (sizeof(data) / 8) + 1) * 8;

		for (size_t i = 0; i < size; i++)
			data[i] = nrand48(state) >> 8;
		if (getenv("REPLAY_VERBOSE"))
			fprintf(stderr, "%u:%u\n", seed, k);
		LLVMFuzzerTestOneInput(data, size);
		nr_files++;
	}
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		unsigned int count, seed;

		if (sscanf(argv[i], "random:%u:%u", &count, &seed) == 2)
			replay_random(count, seed);
		else
			replay(argv[i]);
	}
	if (!nr_files)
		errx(1, "nothing to replay");
	printf("%u inputs\n", nr_files);
	return 0;
}
