/* Thumbnails with libjpeg-turbo: decoding at the smallest scale that is not below the result, resampling by area, encoding
 * at quality 85. For each file it prints the milliseconds of CPU that one photo takes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <jpeglib.h>

static double cpu(void) {
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

/* shrink averages src, w x h of 3 samples, to dst, tw x th, with weights of 8 bits: triangle, in height and then in width. */
static void taps(int from, int to, int i, int *first, int *count, int *weight) {
	double s = (double)from / to, c = (i + 0.5) * s, r = s > 1 ? s : 1, sum = 0, v[64];
	int a = (int)(c - r + 0.5), b = (int)(c + r + 0.5), left = 256, best = 0;
	if (a < 0) a = 0;
	if (b > from) b = from;
	if (b - a > 64) b = a + 64;
	for (int j = a; j < b; j++) {
		double d = (j + 0.5 - c) / r;
		if (d < 0) d = -d;
		v[j - a] = d < 1 ? 1 - d : 0;
		sum += v[j - a];
	}
	*first = a, *count = b - a;
	for (int j = 0; j < b - a; j++) {
		weight[j] = (int)(v[j] / sum * 256 + 0.5);
		left -= weight[j];
		if (weight[j] > weight[best]) best = j;
	}
	weight[best] += left;
}

static void shrink(const unsigned char *src, int w, int h, unsigned char *dst, int tw, int th) {
	unsigned char *row = malloc(3 * w);
	unsigned short *sum = malloc(sizeof(unsigned short) * 3 * w);
	int *first = malloc(sizeof(int) * tw), *count = malloc(sizeof(int) * tw), *weight = malloc(sizeof(int) * 64 * tw);
	for (int x = 0; x < tw; x++) taps(w, tw, x, &first[x], &count[x], &weight[64 * x]);
	for (int y = 0; y < th; y++) {
		int a, n, v[64];
		taps(h, th, y, &a, &n, v);
		for (int k = 0; k < 3 * w; k++) sum[k] = 128;
		for (int j = 0; j < n; j++) {
			const unsigned char *s = src + (size_t)(a + j) * 3 * w;
			unsigned short f = v[j];
			for (int k = 0; k < 3 * w; k++) sum[k] += s[k] * f;
		}
		for (int k = 0; k < 3 * w; k++) row[k] = sum[k] >> 8;
		for (int x = 0; x < tw; x++) {
			int p = 128, q = 128, r = 128;
			const unsigned char *s = row + 3 * first[x];
			const int *f = &weight[64 * x];
			for (int j = 0; j < count[x]; j++, s += 3) p += s[0] * f[j], q += s[1] * f[j], r += s[2] * f[j];
			dst[0] = p >> 8, dst[1] = q >> 8, dst[2] = r >> 8, dst += 3;
		}
	}
	free(row), free(sum), free(first), free(count), free(weight);
}

static void photo(unsigned char *data, unsigned long size, int boxw, int boxh) {
	struct jpeg_decompress_struct d;
	struct jpeg_compress_struct c;
	struct jpeg_error_mgr e;
	d.err = c.err = jpeg_std_error(&e);
	jpeg_create_decompress(&d);
	jpeg_mem_src(&d, data, size);
	jpeg_read_header(&d, TRUE);
	int w = d.image_width, h = d.image_height, tw = w, th = h;
	if (w > boxw || h > boxh) {
		if ((long)w * boxh >= (long)h * boxw) tw = boxw, th = (2L * h * boxw + w) / (2 * w);
		else th = boxh, tw = (2L * w * boxh + h) / (2 * h);
	}
	d.scale_denom = 8;
	for (d.scale_num = 1; d.scale_num < 8 && (w * d.scale_num < 8 * tw || h * d.scale_num < 8 * th);) d.scale_num++;
	d.out_color_space = JCS_YCbCr;
	d.do_fancy_upsampling = FALSE;
	jpeg_start_decompress(&d);
	int sw = d.output_width, sh = d.output_height;
	unsigned char *full = malloc((size_t)3 * sw * sh + 3), *small = malloc((size_t)3 * tw * th + 3);
	while (d.output_scanline < d.output_height) {
		JSAMPROW row = full + (size_t)3 * sw * d.output_scanline;
		jpeg_read_scanlines(&d, &row, 1);
	}
	jpeg_finish_decompress(&d);
	jpeg_destroy_decompress(&d);
	unsigned char *from = full;
	if (sw != tw || sh != th) shrink(full, sw, sh, from = small, tw, th);
	unsigned char *out = NULL;
	unsigned long n = 0;
	jpeg_create_compress(&c);
	jpeg_mem_dest(&c, &out, &n);
	c.image_width = tw, c.image_height = th, c.input_components = 3, c.in_color_space = JCS_YCbCr;
	jpeg_set_defaults(&c);
	jpeg_set_quality(&c, 85, TRUE);
	jpeg_start_compress(&c, TRUE);
	while (c.next_scanline < c.image_height) {
		JSAMPROW row = from + (size_t)3 * tw * c.next_scanline;
		jpeg_write_scanlines(&c, &row, 1);
	}
	jpeg_finish_compress(&c);
	jpeg_destroy_compress(&c);
	free(full), free(small), free(out);
}

int main(int argc, char **argv) {
	int boxw = atoi(argv[1]), boxh = atoi(argv[2]), times = atoi(argv[3]);
	for (int i = 4; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		if (!f) return perror(argv[i]), 1;
		unsigned char *data = malloc(32 << 20);
		unsigned long size = fread(data, 1, 32 << 20, f);
		fclose(f);
		photo(data, size, boxw, boxh);
		double start = cpu();
		for (int k = 0; k < times; k++) photo(data, size, boxw, boxh);
		printf("%.3f\n", (cpu() - start) / times);
		free(data);
	}
	return 0;
}
