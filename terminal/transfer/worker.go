package transfer

import (
	"context"
	"encoding/base64"
	"errors"
)

// worker carries photos: it fetches a few, makes them fit, and delivers what
// has gathered as soon as the next would be too much for one request.
type worker struct {
	run  *run
	ends chan<- end

	parcels  []parcel
	versions []string // of the parcels
	bytes    int      // of the parcels in base64
}

// itemBytes is what a photo in a batch takes beside its base64.
const itemBytes = 80

func (w *worker) carry(ctx context.Context, group []job) {
	if ctx.Err() != nil {
		return
	}
	people := make([]person, len(group))
	for i, j := range group {
		people[i] = j.person
	}
	for i, got := range w.run.source.photos(ctx, people) {
		if ctx.Err() != nil {
			return
		}
		w.gather(ctx, group[i], got)
	}
}

func (w *worker) gather(ctx context.Context, j job, got picture) {
	o := Outcome{Who: j.person.who, User: j.place.user}
	if got.err != nil {
		o.Result, o.Err = resultOf(got.err), got.err
		if o.Result == NoPhoto {
			o.Err = nil
		}
		w.ends <- end{outcome: o}
		return
	}
	version := got.version
	if version == "" {
		version = versionOf(got.data)
	}
	if w.run.isKept(version, j.place) {
		o.Result = Unchanged
		w.ends <- end{outcome: o}
		return
	}
	jpeg, err := fit(ctx, got.data, w.run.transfer.Limit)
	if err != nil {
		o.Result, o.Err = Refused, err
		w.ends <- end{outcome: o}
		return
	}
	w.add(ctx, parcel{j.person, j.place, jpeg, got.time}, version)
}

func (w *worker) add(ctx context.Context, p parcel, version string) {
	items, bytes := w.run.target.batch()
	size := base64.StdEncoding.EncodedLen(len(p.jpeg)) + itemBytes
	if len(w.parcels) > 0 && (len(w.parcels) == items || w.bytes+size >= bytes) {
		w.deliver(ctx)
	}
	w.parcels = append(w.parcels, p)
	w.versions = append(w.versions, version)
	w.bytes += size
}

// deliver hands over what has gathered. A run that has ended drops it.
func (w *worker) deliver(ctx context.Context) {
	parcels, versions := w.parcels, w.versions
	w.parcels, w.versions, w.bytes = nil, nil, 0
	if len(parcels) == 0 || ctx.Err() != nil {
		return
	}
	if w.run.transfer.DryRun {
		for _, p := range parcels {
			w.ends <- end{outcome: Outcome{
				Result: Copied, Who: p.person.who, User: p.place.user, Created: p.place.missing, Bytes: len(p.jpeg),
			}}
		}
		return
	}
	for i, d := range w.run.target.deliver(ctx, parcels) {
		e := end{outcome: Outcome{
			Who: parcels[i].person.who, User: d.user, Created: d.created, Bytes: len(parcels[i].jpeg),
		}}
		switch {
		case d.err == nil:
			e.version = versions[i]
		case ctx.Err() != nil && errors.Is(d.err, ctx.Err()):
			continue // it was not tried
		default:
			e.outcome.Result, e.outcome.Err = resultOf(d.err), d.err
		}
		w.ends <- e
	}
}

func resultOf(err error) Result {
	switch {
	case errors.Is(err, errNoPhoto):
		return NoPhoto
	case isRefusal(err):
		return Refused
	}
	return Failed
}
