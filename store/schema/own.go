package schema

// own are tables of this program's own: no line has them, so no terminal shows
// them, and what refers to a user goes with the user.
func own() []*Table {
	return []*Table{
		// What identity systems know of a user beyond the terminal's columns:
		// a login, its folded form, which no two people share, and the rest as
		// JSON.
		table("own_people",
			id(),
			ref("user_id", "users.id").unique(),
			text("login"),
			text("folded").unique(),
			text("details"),
		).on(0),
		// Photos as they were uploaded, by the id of the user, for systems that
		// must give them back so. One that is marked differently from the
		// photo itself is out of date.
		table("own_originals",
			id(),
			text("type"),
			blob("data"),
			bigint("changed"),
		).on(0),
	}
}
