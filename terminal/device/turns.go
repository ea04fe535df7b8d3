package device

import "sync"

// turns lets one caller of each source at a time pass, in the order that they
// came. Where sources then queue for one thing, a thousand callers from one of
// them are a single one to all others. The zero value is ready.
type turns struct {
	mu      sync.Mutex // guards all below
	sources map[string]*turn
}

type turn struct {
	taken  chan struct{} // holds a token while somebody has the turn
	wanted int           // by how many, the one who has it included
}

// take waits for the turn of source; leave ends it.
func (t *turns) take(source string) (leave func()) {
	t.mu.Lock()
	if t.sources == nil {
		t.sources = make(map[string]*turn)
	}
	its := t.sources[source]
	if its == nil {
		its = &turn{taken: make(chan struct{}, 1)}
		t.sources[source] = its
	}
	its.wanted++
	t.mu.Unlock()

	its.taken <- struct{}{}
	return func() {
		<-its.taken
		t.mu.Lock()
		defer t.mu.Unlock()
		if its.wanted--; its.wanted == 0 {
			delete(t.sources, source)
		}
	}
}
