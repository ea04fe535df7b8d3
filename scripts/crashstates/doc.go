// Program crashstates makes the states that a power cut can leave on a disk, by
// the thousand, and opens a store on each.
//
// A workload runs under strace, which records every write, change of size,
// renaming and sync. A disk promises only what was synced; so before every sync
// anything of what is pending may have reached it or not: nothing, all, any part
// of it in any order, sectors of one page and not the others. Each such state is
// laid out in memory and must hold what was acknowledged by then. The workload
// includes the first start, the deletion of all photos and compaction.
//
// The same trace without some of its syncs must lose something: so each of them
// is shown to be needed, and the program to notice.
//
//	go run ./scripts/crashstates              more than 10,000 states
//	go run ./scripts/crashstates -states 2000 fewer
package main
