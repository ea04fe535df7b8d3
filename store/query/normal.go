package query

// Normal returns the canonical tree of e: no And stands in an And and no Or
// in an Or, each has at least two parts, and a list without values is nil. A
// part that is no condition is dropped. The order stays, and e is not changed.
func Normal(e Expr) Expr {
	switch e := e.(type) {
	case And:
		parts := flatten[And](nil, e)
		if len(parts) < 2 {
			return only(parts)
		}
		return And(parts)
	case Or:
		parts := flatten[Or](nil, e)
		if len(parts) < 2 {
			return only(parts)
		}
		return Or(parts)
	case In:
		if len(e.Values) == 0 {
			e.Values = nil
		}
		return e
	}
	return e
}

// flatten appends the canonical trees of parts, and the parts of those that
// are a T themselves.
func flatten[T interface {
	~[]Expr
	Expr
}](flat, parts []Expr) []Expr {
	for _, part := range parts {
		switch part := Normal(part).(type) {
		case nil:
		case T:
			flat = append(flat, part...)
		default:
			flat = append(flat, part)
		}
	}
	return flat
}

func only(parts []Expr) Expr {
	if len(parts) == 0 {
		return nil
	}
	return parts[0]
}
