package device

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// SerialOf is the serial of a product whose owner or board calls it given:
// given itself when it has the form of a device's (access-api §1.8), and one in
// the product's own form that always comes out of the same digits when it is
// hexadecimal, as the number of a board is. Empty is the serial of the model.
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
	digits, err := strconv.ParseUint(serial, 16, 64)
	if err != nil || len(serial) < minBoardSerial {
		return "", fmt.Errorf("serial %q is none; take one such as %s, or the hexadecimal one of the board", given, own)
	}
	if long {
		return fmt.Sprintf("%s/%06X", prefix, digits&0xffffff), nil
	}
	// The first letter of a short one is the product's.
	rest := strings.ToUpper(strconv.FormatUint(digits%(36*36*36), 36))
	return own[:1] + strings.Repeat("0", shortSerial-1-len(rest)) + rest, nil
}

// The two forms of a device's serial, which the form of a board's is not.
var deviceSerial = regexp.MustCompile(`^([1-9A-Z][0-9A-Z]{3}|[0-9A-Z]{6}/[0-9A-F]{6})$`)

const (
	shortSerial    = 4
	minBoardSerial = 8
)

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
