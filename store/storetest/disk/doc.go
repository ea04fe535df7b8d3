// Package disk makes file systems of its own that tests may ruin: ext4 in a
// loop-mounted file whose power can be cut, that can be filled up, that can be
// made to fail, and that can be photographed while it is written to.
//
// It needs Linux and the right to mount. It never touches what it has not
// mounted itself, and what a killed run left behind the next one removes.
package disk
