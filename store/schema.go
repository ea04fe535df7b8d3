package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"portaria/store/schema"
)

// The buckets of a file. meta, tail and recent are small enough for bbolt to keep them
// inside the root page, which every commit writes anyway.
var (
	bucketMeta   = []byte("meta")
	bucketPhotos = []byte("photos") // one nested bucket per user; see photo.go
	bucketTables = []byte("tables") // a bucket per table and index; see tables.go
	bucketLog    = []byte("log")    // older entries in chunks; see log.go
	bucketTail   = []byte("tail")   // the newest entries
	bucketRecent = []byte("recent") // the newest rows of some tables; see recent.go

	// bucketAside holds photos whose pages cannot be trusted enough to give
	// them back; it is missing in almost every file.
	bucketAside = []byte("aside")

	keySchema  = []byte("schema")
	keyAccount = []byte("account")
)

// migrations[v-1] brings a file from version v to v+1, in one transaction.
var migrations = []func(*bolt.Tx) error{usersToTable}

// usersToTable makes the users of version 1, an id and a name each, rows of
// the table of users.
func usersToTable(btx *bolt.Tx) error {
	old := []byte("users")
	for _, name := range [][]byte{bucketTables, bucketRecent} {
		if _, err := btx.CreateBucket(name); err != nil {
			return err
		}
	}
	tx := &Tx{bolt: btx, known: new(tablesKnown)}
	users := tx.schema().Table("users")
	id, name := users.Column("id"), users.Column("name")
	const version = 1
	err := btx.Bucket(old).ForEach(func(k, v []byte) error {
		if len(k) != 8 || len(v) == 0 || v[0] != version {
			return nil
		}
		_, err := tx.Insert(users, schema.Row{{Column: id, Value: schema.Int(idOf(k))}, {Column: name, Value: schema.Text(string(v[1:]))}})
		return err
	})
	if err != nil {
		return err
	}
	return btx.DeleteBucket(old)
}

// errMigration is a step that failed on sound data: a fault of this program,
// which must not cost anybody the file.
var errMigration = errors.New("migration failed")

// initialise gives an empty file its buckets and its version.
func initialise(tx *bolt.Tx) error {
	for _, name := range [][]byte{bucketMeta, bucketPhotos, bucketTables, bucketLog, bucketTail, bucketRecent} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	return setVersion(tx, SchemaVersion)
}

func setVersion(tx *bolt.Tx, version uint32) error {
	return tx.Bucket(bucketMeta).Put(keySchema, binary.BigEndian.AppendUint32(nil, version))
}

// version returns the version of the file; anything that is none is ErrDamaged.
func version(tx *bolt.Tx) (uint32, error) {
	meta := tx.Bucket(bucketMeta)
	if meta == nil {
		return 0, fmt.Errorf("%w: no bucket %q", ErrDamaged, bucketMeta)
	}
	v := meta.Get(keySchema)
	if len(v) != 4 || binary.BigEndian.Uint32(v) == 0 {
		return 0, fmt.Errorf("%w: schema version %x", ErrDamaged, v)
	}
	return binary.BigEndian.Uint32(v), nil
}

// probe touches what every use of a file needs: its version and its buckets. It
// never touches a photo, so that it costs the same however many there are.
func probe(db *bolt.DB, newest uint32) (err error) {
	defer caught(&err)
	defer faultsPanic()()
	return db.View(func(tx *bolt.Tx) error {
		v, err := version(tx)
		if err != nil {
			return err
		}
		if v > newest {
			return fmt.Errorf("%w: schema %d, this program knows %d", ErrNewerSchema, v, newest)
		}
		for _, name := range [][]byte{bucketPhotos, bucketTables, bucketLog, bucketTail, bucketRecent} {
			if tx.Bucket(name) == nil {
				return fmt.Errorf("%w: no bucket %q", ErrDamaged, name)
			}
		}
		tx.Bucket(bucketMeta).Get(keyAccount)
		tx.Bucket(bucketTail).Get(keyTail)
		return nil
	})
}

// migrate brings the file to the version after the last of steps.
func migrate(db *bolt.DB, steps []func(*bolt.Tx) error) (err error) {
	defer caught(&err)
	defer faultsPanic()()
	for done := false; !done; {
		err := db.Update(func(tx *bolt.Tx) error {
			v, err := version(tx)
			if err != nil {
				return err
			}
			if int64(v) > int64(len(steps)) {
				done = true
				return errNothing
			}
			if err := steps[v-1](tx); err != nil {
				return fmt.Errorf("from schema %d: %w", v, err)
			}
			return setVersion(tx, v+1)
		})
		if err != nil && !done {
			return fmt.Errorf("%w: %w", errMigration, err)
		}
	}
	return nil
}
