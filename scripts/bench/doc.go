// Command bench measures the terminal side by side with what else one could
// take, in one run: photos served against net/http and nginx, durable writes
// against append and fsync, a bulk body against encoding/json, and what the
// program costs at rest. Figures come from the same minutes of the same
// machine, so their ratios hold where the figures alone would not; CPU time
// is the measure wherever it can be, because others share the processors.
//
// It judges nobody: a missed goal is a word in the table, and the exit status
// only tells whether everything worked. Run it with "make bench".
package main
