package device

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// SerialOf is the serial of a product whose owner or board calls it given:
// given itself when it has the form of a device's (access-api §1.8), and from a
// board's one in the product's own form, always the same. Empty is the serial of
// the model.
func SerialOf(p Profile, given string) (string, error) {
	own := hardwareOf[p.Name].serial
	if given == "" {
		return own, nil
	}
	serial := strings.ToUpper(given)
	prefix, _, long := strings.Cut(own, "/")
	if deviceSerial.MatchString(serial) {
		return serial, nil
	}
	if !boardSerial.MatchString(serial) {
		return "", fmt.Errorf("serial %q is none; take one such as %s, or the board's own", given, own)
	}
	// Most boards have hexadecimal ones, whose end is what people compare.
	number, err := strconv.ParseUint(serial, 16, 64)
	if err != nil {
		sum := sha256.Sum256([]byte(serial))
		number = binary.BigEndian.Uint64(sum[:])
	}
	if long {
		return fmt.Sprintf("%s/%06X", prefix, number&0xffffff), nil
	}
	// The first letter of a short one is the product's.
	rest := strings.ToUpper(strconv.FormatUint(number%(36*36*36), 36))
	return own[:1] + strings.Repeat("0", shortSerial-1-len(rest)) + rest, nil
}

// The two forms of a device's serial, and the form of a board's, which is neither.
var (
	deviceSerial = regexp.MustCompile(`^([1-9A-Z][0-9A-Z]{3}|[0-9A-Z]{6}/[0-9A-F]{6})$`)
	boardSerial  = regexp.MustCompile(`^[0-9A-Z]{6,64}$`)
)

const shortSerial = 4

// IDOf is the number that a serial stands for (access-api §1.8): a short
// one in base 36; of a long one the first five characters in base 36 above the
// hexadecimal part. 0 is no serial.
func IDOf(serial string) int64 {
	prefix, number, long := strings.Cut(serial, "/")
	if !long {
		id, err := strconv.ParseInt(serial, 36, 64)
		if err != nil {
			return 0
		}
		return id
	}
	if len(prefix) != 6 {
		return 0
	}
	high, errHigh := strconv.ParseInt(prefix[:5], 36, 64)
	low, errLow := strconv.ParseUint(number, 16, 32)
	if errHigh != nil || errLow != nil {
		return 0
	}
	return high<<32 | int64(low)
}
