package main

import (
	"fmt"

	"portaria/store/query"
	"portaria/store/schema"
)

// size is how many rows there are.
type size struct{ users, cards, groups, logs int }

var full = size{users: 100_000, cards: 120_000, groups: 100, logs: 200_000}

func (s size) tenth() size {
	return size{users: s.users / 10, cards: s.cards / 10, groups: s.groups / 10, logs: s.logs / 10}
}

// batch is rows of one table with the same columns.
type batch struct {
	table   string
	columns []string
	rows    [][]schema.Value
}

// firstTime is that of the first access log; there is one every ten seconds.
const firstTime, everySeconds = 1_700_000_000, 10

// fill adds the rows to both, in transactions of a few thousand.
func (c *contest) fill() error {
	const most = 5_000
	for _, b := range c.size.batches() {
		for len(b.rows) > 0 {
			n := min(most, len(b.rows))
			part := batch{b.table, b.columns, b.rows[:n]}
			b.rows = b.rows[n:]
			for _, s := range []side{c.ours, c.theirs} {
				if _, err := s.insert(part); err != nil {
					return fmt.Errorf("fill %s: %w", b.table, err)
				}
			}
		}
	}
	return nil
}

func (s size) batches() []batch {
	groups := batch{table: "groups", columns: []string{"id", "name"}}
	for i := range s.groups {
		groups.rows = append(groups.rows, []schema.Value{schema.Int(groupID(i)), schema.Text(fmt.Sprintf("Group %d", i))})
	}
	users := newUsers(0, s.users)
	members := batch{table: "user_groups", columns: []string{"user_id", "group_id"}}
	for i := range s.users {
		members.rows = append(members.rows, []schema.Value{schema.Int(int64(i) + 1), schema.Int(groupID(i % s.groups))})
	}
	cards := batch{table: "cards", columns: []string{"value", "user_id"}}
	for i := range s.cards {
		cards.rows = append(cards.rows, []schema.Value{schema.Int(cardValue(i)), schema.Int(int64(i%s.users) + 1)})
	}
	logs := batch{table: "access_logs", columns: []string{"time", "event", "device_id", "user_id", "portal_id", "card_value"}}
	for i := range s.logs {
		logs.rows = append(logs.rows, []schema.Value{
			schema.Int(firstTime + int64(i)*everySeconds), schema.Int(7), schema.Int(4409419584545677),
			schema.Int(int64(i*7919%s.users) + 1), schema.Int(1), schema.Int(cardValue(i % s.cards)),
		})
	}
	return []batch{groups, users, members, cards, logs}
}

// groupID leaves the first ids to the factory's groups.
func groupID(i int) int64 { return int64(i) + 1_000 }

// cardValue is far from any other, as the numbers of cards are.
func cardValue(i int) int64 { return int64(uint64(i+1) * 0x9E3779B97F4A7C15 >> 24) }

var (
	firstNames = []string{"Ana", "João", "Maria", "José", "Antônia", "Francisco", "Luíza", "Paulo", "Márcia", "Pedro", "Vitória"}
	lastNames  = []string{"Silva", "Souza", "Conceição", "Oliveira", "Lima", "Araújo", "Ribeiro", "Almeida", "Gonçalves"}
)

// newUsers are people without ids, from one of an endless list on.
func newUsers(from, n int) batch {
	b := batch{table: "users", columns: []string{"registration", "name", "password", "salt"}}
	for i := range n {
		mixed := (from + i) * 7919
		name := fmt.Sprintf("%s %s %d", firstNames[mixed%len(firstNames)], lastNames[i%len(lastNames)], mixed%100_003)
		b.rows = append(b.rows, []schema.Value{
			schema.Text(fmt.Sprint(100_000 + from + i)), schema.Text(name), schema.Text(""), schema.Text(""),
		})
	}
	return b
}

// belongings are what goes with users: a card and a group each.
func belongings(first, n int64) []batch {
	cards := batch{table: "cards", columns: []string{"value", "user_id"}}
	members := batch{table: "user_groups", columns: []string{"user_id", "group_id"}}
	for i := range n {
		cards.rows = append(cards.rows, []schema.Value{schema.Int(1<<50 + i), schema.Int(first + i)})
		members.rows = append(members.rows, []schema.Value{schema.Int(first + i), schema.Int(groupID(0))})
	}
	return []batch{cards, members}
}

// question is one kind of question, asked with many numbers.
type question struct {
	name   string
	times  int                       // asked in a round
	number func(s size, n int) int64 // what it asks for the nth time
	query  func(number int64) query.Query
	sql    string // behind SELECT columns FROM
	args   func(number int64) []any
}

// spread is a number below limit, for each n another.
func spread(n, limit int) int64 { return int64(uint64(n+1) * 0x9E3779B97F4A7C15 >> 20 % uint64(limit)) }

func column(table, name string) query.Column { return query.Column{Table: table, Name: name} }

func compare(table, name string, op query.Op, v schema.Value) query.Expr {
	return query.Compare{Column: column(table, name), Op: op, Value: v}
}

func asIs(number int64) []any { return []any{number} }

var questions = []question{
	{
		name: "user by id", times: 2_000,
		number: func(s size, n int) int64 { return 1 + spread(n, s.users) },
		query:  func(id int64) query.Query { return where("users", compare("users", "id", query.Equal, schema.Int(id))) },
		sql:    "users WHERE users.id = ?", args: asIs,
	},
	{
		name: "card by value", times: 2_000,
		number: func(s size, n int) int64 { return cardValue(int(spread(n, s.cards))) },
		query: func(v int64) query.Query {
			return where("cards", compare("cards", "value", query.Equal, schema.Int(v)))
		},
		sql: "cards WHERE cards.value = ?", args: asIs,
	},
	{
		name: "1,000 users by name", times: 4,
		number: func(size, int) int64 { return 1_000 },
		query: func(n int64) query.Query {
			q := where("users", nil)
			q.Order, q.Limit = []query.Column{column("users", "name"), column("users", "id")}, n
			return q
		},
		sql: "users ORDER BY users.name, users.id LIMIT ?", args: asIs,
	},
	{
		name: "1,000 access logs by time", times: 40,
		number: func(s size, n int) int64 { return firstTime + everySeconds*spread(n, s.logs-1_000) },
		query: func(from int64) query.Query {
			return where("access_logs", query.And{
				compare("access_logs", "time", query.GreaterEqual, schema.Int(from)),
				compare("access_logs", "time", query.Less, schema.Int(from+1_000*everySeconds)),
			})
		},
		sql:  "access_logs WHERE access_logs.time >= ? AND access_logs.time < ? ORDER BY access_logs.id",
		args: func(from int64) []any { return []any{from, from + 1_000*everySeconds} },
	},
	{
		name: "newest 100 access logs", times: 200,
		number: func(size, int) int64 { return 100 },
		query: func(n int64) query.Query {
			q := where("access_logs", nil)
			q.Order, q.Descending, q.Limit = []query.Column{column("access_logs", "id")}, true, n
			return q
		},
		sql: "access_logs ORDER BY access_logs.id DESC LIMIT ?", args: asIs,
	},
	{
		name: "users with name LIKE '%…%'", times: 4,
		number: func(_ size, n int) int64 { return 100 + spread(n, 900) },
		query: func(n int64) query.Query {
			return where("users", compare("users", "name", query.Like, schema.Text(infix(n))))
		},
		sql:  "users WHERE users.name LIKE ? ORDER BY users.id",
		args: func(n int64) []any { return []any{infix(n)} },
	},
	{
		name: "users of a group of 1,000", times: 20,
		number: func(s size, n int) int64 { return groupID(int(spread(n, s.groups))) },
		query: func(id int64) query.Query {
			return where("users", compare("groups", "id", query.Equal, schema.Int(id)))
		},
		sql: `users JOIN user_groups ON users.id = user_groups.user_id JOIN "groups" ON user_groups.group_id = "groups".id` +
			` WHERE "groups".id = ? ORDER BY users.id`,
		args: asIs,
	},
}

func infix(n int64) string { return fmt.Sprintf("%%a %d%%", n) }

func where(table string, e query.Expr) query.Query {
	return query.Query{Filter: query.Filter{Table: table, Where: e}, Limit: query.NoLimit}
}
