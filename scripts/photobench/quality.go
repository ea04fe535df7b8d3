package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"math"

	lanczos "github.com/disintegration/imaging"

	"portaria/imaging"
)

// compare prints how near the photos of imaging and of the plain way are to the upload shrunk with Lanczos and not coded.
func compare(classes []class) error {
	for _, c := range classes {
		var ours, theirs [2]float64 // SSIM, PSNR
		bytesOurs, bytesTheirs, photos := 0, 0, 0
		for _, upload := range c.uploads {
			m, err := jpeg.Decode(bytes.NewReader(upload))
			if err != nil {
				return err
			}
			photo, err := imaging.Normalize(context.Background(), upload, spec())
			if err != nil {
				return err
			}
			if photo.Treatment != imaging.Recoded {
				continue // nothing is lost
			}
			naive, err := plainly(upload)
			if err != nil {
				return err
			}
			if err := judge(&ours, photo.JPEG, m); err != nil {
				return err
			}
			if err := judge(&theirs, naive, m); err != nil {
				return err
			}
			photos++
			bytesOurs += len(photo.JPEG)
			bytesTheirs += len(naive)
		}
		n := float64(photos)
		ds, dp := (theirs[0]-ours[0])/n, (theirs[1]-ours[1])/n
		fmt.Printf("%-18s SSIM %.4f, plain %.4f, lost %.4f (goal 0.001 %s); PSNR %.2f, plain %.2f, lost %.2f dB (goal 0.5 %s); bytes %.2f of plain\n",
			c.name, ours[0]/n, theirs[0]/n, ds, verdict(ds, 0.001), ours[1]/n, theirs[1]/n, dp, verdict(dp, 0.5),
			float64(bytesOurs)/float64(bytesTheirs))
	}
	return nil
}

// judge compares photo with upload shrunk to its size: the two ways may round a side differently.
func judge(sum *[2]float64, photo []byte, upload image.Image) error {
	m, err := jpeg.Decode(bytes.NewReader(photo))
	if err != nil {
		return err
	}
	want := lanczos.Resize(upload, m.Bounds().Dx(), m.Bounds().Dy(), lanczos.Lanczos)
	a, b := luma(m), luma(want)
	sum[0] += ssim(a, b, m.Bounds().Dx())
	sum[1] += psnr(m, want)
	return nil
}

// psnr compares all colours, in dB.
func psnr(a, b image.Image) float64 {
	x, y := lanczos.Clone(a), lanczos.Clone(b)
	sum := 0.0
	for i := range x.Pix {
		d := float64(x.Pix[i]) - float64(y.Pix[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255/(sum/float64(len(x.Pix)*3/4)))
}

func luma(m image.Image) []float64 {
	x := lanczos.Clone(m)
	out := make([]float64, len(x.Pix)/4)
	for i := range out {
		out[i] = 0.299*float64(x.Pix[4*i]) + 0.587*float64(x.Pix[4*i+1]) + 0.114*float64(x.Pix[4*i+2])
	}
	return out
}

// ssim is the mean structural similarity over windows of 8x8, every four samples.
func ssim(a, b []float64, width int) float64 {
	const c1, c2, n = 0.01 * 255 * 0.01 * 255, 0.03 * 255 * 0.03 * 255, 64
	sum, windows := 0.0, 0.0
	for y := 0; y+8 <= len(a)/width; y += 4 {
		for x := 0; x+8 <= width; x += 4 {
			var sa, sb, saa, sbb, sab float64
			for j := range 8 {
				for i := range 8 {
					p, q := a[(y+j)*width+x+i], b[(y+j)*width+x+i]
					sa, sb, saa, sbb, sab = sa+p, sb+q, saa+p*p, sbb+q*q, sab+p*q
				}
			}
			ma, mb := sa/n, sb/n
			va, vb, cov := saa/n-ma*ma, sbb/n-mb*mb, sab/n-ma*mb
			sum += (2*ma*mb + c1) * (2*cov + c2) / ((ma*ma + mb*mb + c1) * (va + vb + c2))
			windows++
		}
	}
	return sum / windows
}
