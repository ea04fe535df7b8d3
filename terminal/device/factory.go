package device

import (
	"cmp"
	"errors"

	"portaria/store"
	"portaria/store/schema"
)

// hardware is what a product opens doors with, and which one it is.
type hardware struct {
	serial    string // a number of ours in the product's own form (access-api §1.8)
	doors     int
	action    string // what opens a door
	turnstile bool
	secBox    bool
}

// factoryAddress is the address that a terminal leaves the factory with
// (access-api §2.1).
const factoryAddress = "192.168.0.129"

// hardwareOf is access-api §18, by the name of the profile.
var hardwareOf = map[string]hardware{
	"idaccess":  {serial: "APT1", doors: 2, action: "door"},
	"idfit":     {serial: "MPT1", doors: 2, action: "door"},
	"idflex":    {serial: "0A0200/000001", doors: 1, action: "sec_box", secBox: true},
	"idblock":   {serial: "0K0200/000001", doors: 1, action: "catra", turnstile: true},
	"idface":    {serial: "0M0100/000001", doors: 1, action: "sec_box", secBox: true},
	"idfacemax": {serial: "0X0100/000001", doors: 1, action: "sec_box", secBox: true},
	"amico":     {serial: "0Z0100/000001", doors: 1, action: "sec_box", secBox: true},
}

// stock stores the rows that a terminal leaves the factory with, once. Data
// that has served another product line before gets the rows of those tables
// that are new to it.
func (d *Device) stock(serial string) error {
	line := d.profile.Line
	var had schema.Lines
	err := d.store.View(func(tx *store.Tx) error {
		had = tx.Factory()
		return nil
	})
	if err != nil || had.Has(line) {
		return err
	}
	h := hardwareOf[d.profile.Name]
	serial = cmp.Or(serial, h.serial)
	serial = cmp.Or(serial, h.serial)
	rows := schema.Factory(schema.FactoryOptions{
		Line: line, Doors: h.doors, Action: h.action, Turnstile: h.turnstile, SecBox: h.secBox,
		DeviceID: IDOf(serial), Serial: serial, IP: factoryAddress,
	})
	return d.store.Update(0, func(tx *store.Tx) error {
		view := schema.Of(line)
		for _, row := range rows {
			if tableOfAny(had, row.Table) {
				continue
			}
			if err := place(tx, view.Table(row.Table), row); err != nil {
				return err
			}
		}
		return tx.SetFactory(had | line)
	})
}

// tableOfAny tells whether one of lines has the table.
func tableOfAny(lines schema.Lines, table string) bool {
	for line := schema.Legacy; line <= schema.Amico; line <<= 1 {
		if lines.Has(line) && schema.Of(line).Table(table) != nil {
			return true
		}
	}
	return false
}

// place stores one factory row. Where there were rows before, theirs win.
func place(tx *store.Tx, t *schema.Table, factory schema.FactoryRow) error {
	row := make(schema.Row, len(factory.Cells))
	for i, cell := range factory.Cells {
		row[i] = schema.Assignment{Column: t.Column(cell.Column), Value: cell.Value}
	}
	_, err := tx.Insert(t, row)
	var broken *store.ConstraintError
	if errors.As(err, &broken) {
		return nil
	}
	return err
}
