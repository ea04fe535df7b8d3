package store

import "testing"

// TestLatest asks for the newest entry and row wherever they may lie: inside the
// root page, or settled in pages of their own.
func TestLatest(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, Options{Ephemeral: true})
	latest := func() (seq uint64, id int64) {
		t.Helper()
		err := s.View(func(tx *Tx) error {
			e, _ := tx.LastEntry()
			cells, err := tx.LastRow("change_logs")
			if err == nil && cells != nil {
				id = cells[tx.Schema().Table("change_logs").Columns[3].Slot].Int()
			}
			seq = e.Seq
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return seq, id
	}
	if seq, id := latest(); seq != 0 || id != 0 {
		t.Errorf("of nothing the latest are %d and %d", seq, id)
	}
	for i := range 400 {
		err := s.Update(0, func(tx *Tx) error {
			logs := tx.Schema().Table("change_logs")
			_, err := tx.AppendRow(logs, rowOf(t, logs, "operation_type", "insert", "table_name", "users", "table_id", i+1))
			if err != nil {
				return err
			}
			if i%7 == 0 {
				if err := tx.Settle(); err != nil {
					return err
				}
			}
			_, err = tx.Append(Entry{Time: int64(i), Kind: "photo set"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if seq, id := latest(); seq != uint64(i+1) || id != int64(i+1) {
			t.Fatalf("after %d the latest are %d and %d", i+1, seq, id)
		}
	}
}
