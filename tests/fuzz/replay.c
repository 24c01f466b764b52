/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target on files and on every file of directories, for builds without libFuzzer: the
 * corpus is a test.
 */
#include <dirent.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	if (!nr_files)
		errx(1, "nothing to replay");
	printf("%u inputs\n", nr_files);
	return 0;
}
