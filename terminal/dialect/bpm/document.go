package bpm

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"strconv"

	"portaria/terminal/dialect/jsondoc"
)

// object is a document, or a part of one, in the order that it is written.
// A value is a string, an int64, a bool, nil, a list of strings, an object or
// a picture.
type object []member

type member struct {
	name  string
	value any
}

// picture is written in base64.
type picture []byte

// docType is what XML calls a document.
type docType struct {
	prefix, name string
	space        string // "": the root element declares it
}

// The first is the requirement's. The manual calls the second User; that it is in
// the namespace that the root element declares for users is a guess, and the
// others are altogether.
var (
	avatarType = docType{"ns8", "UserAvatarData", "http://rest.bpm.ibm.com/v1/data/useravatar"}
	userType   = docType{"ug", "User", ""}
	usersType  = docType{"ug", "UserList", ""}
	systemType = docType{"sys", "SystemList", ""}
)

// The root elements. What is inside of them has no namespace.
const (
	xmlDeclaration = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`
	xmlNamespaces  = ` xmlns:bpm="http://rest.bpm.ibm.com/v1/data"` +
		` xmlns:ex="http://rest.bpm.ibm.com/v1/data/exception"` +
		` xmlns:soc="http://rest.bpm.ibm.com/v1/data/social"` +
		` xmlns:sys="http://rest.bpm.ibm.com/v1/data/system"` +
		` xmlns:ug="http://rest.bpm.ibm.com/v1/data/usergroup"`
	xmlInstance = ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`
)

// answer answers with a document.
func (r *request) answer(o object, t docType) error {
	body := r.form.begin(r.Buffer(), t)
	body = r.form.appendObject(body, o)
	r.Send(http.StatusOK, r.form.contentType+inUTF8, r.form.end(body))
	return nil
}

// begin appends what comes before the data of an answer.
func (f form) begin(dst []byte, t docType) []byte {
	if f.contentType == typeXML {
		dst = append(dst, xmlDeclaration+`<bpm:ResponseData`+xmlNamespaces+`><status>200</status><data`+xmlInstance...)
		if t.space != "" {
			dst = append(dst, ` xmlns:`+t.prefix+`="`+t.space+`"`...)
		}
		return append(dst, ` xsi:type="`+t.prefix+`:`+t.name+`">`...)
	}
	return append(f.call(dst), `{"status":"200","data":`...)
}

// end appends what comes after the data.
func (f form) end(dst []byte) []byte {
	if f.contentType == typeXML {
		return append(dst, `</data></bpm:ResponseData>`...)
	}
	return f.called(append(dst, '}'))
}

// call and called put JSON into the call of a function, where one is wanted.
func (f form) call(dst []byte) []byte {
	if f.callback == "" {
		return dst
	}
	return append(append(dst, f.callback...), '(')
}

func (f form) called(dst []byte) []byte {
	if f.callback == "" {
		return dst
	}
	return append(dst, ");"...)
}

// appendObject appends the object, or in XML what is inside of it.
func (f form) appendObject(dst []byte, o object) []byte {
	if f.contentType == typeXML {
		return appendXML(dst, o)
	}
	return appendJSON(dst, o)
}

func appendJSON(dst []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return jsondoc.AppendString(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case bool:
		return strconv.AppendBool(dst, v)
	case picture:
		dst = base64.StdEncoding.AppendEncode(append(dst, '"'), v)
		return append(dst, '"')
	case []string:
		dst = append(dst, '[')
		for i, s := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = jsondoc.AppendString(dst, s)
		}
		return append(dst, ']')
	case object:
		dst = append(dst, '{')
		for i, m := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(jsondoc.AppendString(dst, m.name), ':')
			dst = appendJSON(dst, m.value)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

// appendXML appends the members of an object as elements. A list is its
// element repeated, and nil is no element.
func appendXML(dst []byte, o object) []byte {
	for _, m := range o {
		switch v := m.value.(type) {
		case string:
			dst = appendElement(dst, m.name, []byte(v))
		case int64:
			dst = appendElement(dst, m.name, strconv.AppendInt(nil, v, 10))
		case bool:
			dst = appendElement(dst, m.name, strconv.AppendBool(nil, v))
		case picture:
			dst = append(dst, `<`+m.name+`>`...)
			dst = base64.StdEncoding.AppendEncode(dst, v)
			dst = append(dst, `</`+m.name+`>`...)
		case []string:
			for _, s := range v {
				dst = appendElement(dst, m.name, []byte(s))
			}
		case object:
			dst = append(dst, `<`+m.name+`>`...)
			dst = append(appendXML(dst, v), `</`+m.name+`>`...)
		}
	}
	return dst
}

func appendElement(dst []byte, name string, text []byte) []byte {
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, text) // a buffer takes everything
	dst = append(dst, `<`+name+`>`...)
	return append(append(dst, escaped.Bytes()...), `</`+name+`>`...)
}
