// Program powercut cuts the power of a terminal again and again and asks it
// each time for everything that it had acknowledged.
//
// The terminal is the real program in a process of its own, driven by several
// clients over HTTP; acknowledged is what a client received an answer for. What
// was acknowledged is remembered here, beyond the reach of the disk whose power
// is cut. The same is done first to a terminal that never syncs: if nothing
// were missing there, nothing would be proven.
//
//	go run ./scripts/powercut                     1,500 cuts
//	go run ./scripts/powercut -cuts 120,40,25,15  fewer
package main
