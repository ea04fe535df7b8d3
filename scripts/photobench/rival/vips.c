/* Thumbnails with libvips on one thread. For each file it prints the milliseconds of CPU that one photo takes. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <vips/vips.h>

static double cpu(void) {
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static int photo(void *data, size_t size, int boxw, int boxh) {
	VipsImage *image;
	void *out;
	size_t n;
	if (vips_thumbnail_buffer(data, size, &image, boxw, "height", boxh, "size", VIPS_SIZE_DOWN, NULL)) return 1;
	if (vips_jpegsave_buffer(image, &out, &n, "Q", 85, "strip", TRUE, NULL)) return 1;
	g_object_unref(image);
	g_free(out);
	return 0;
}

int main(int argc, char **argv) {
	if (VIPS_INIT(argv[0])) vips_error_exit(NULL);
	vips_concurrency_set(1);
	vips_cache_set_max(0);
	int boxw = atoi(argv[1]), boxh = atoi(argv[2]), times = atoi(argv[3]);
	for (int i = 4; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		if (!f) return perror(argv[i]), 1;
		void *data = malloc(32 << 20);
		size_t size = fread(data, 1, 32 << 20, f);
		fclose(f);
		if (photo(data, size, boxw, boxh)) vips_error_exit(NULL);
		double start = cpu();
		for (int k = 0; k < times; k++)
			if (photo(data, size, boxw, boxh)) vips_error_exit(NULL);
		printf("%.3f\n", (cpu() - start) / times);
		free(data);
	}
	return 0;
}
