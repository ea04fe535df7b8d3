// Package fcgi is the terminal's own Access API: the .fcgi commands as the
// device's web server answers them, byte for byte where clients compare
// bytes. It knows the wire (query, content types, base64, the vendor's limits
// and sentences) and leaves what is done to package device.
package fcgi

import (
	"net/http"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
)

// The content types of the device's answers (access-api §1.2).
const (
	typeJSON = "application/json; charset=utf-8"
	typeHTML = "text/html"
	typeJPEG = "image/jpeg"
)

// API is the Access API of one device.
type API struct {
	device  *device.Device
	headers []dialect.Header // of every answer
	room    *dialect.Room    // of answers that are long
}

// roomForAnswers is the memory that long answers may take together: on a board
// with a 32-bit processor there is less of it.
const roomForAnswers = 48 << 20 << (^uint(0) >> 63)

// New returns the Access API of d. Its answers carry the headers of access-api
// §1.2: a browser may call the terminal from any page.
func New(d *device.Device) *API {
	return &API{device: d, room: dialect.NewRoom(roomForAnswers), headers: []dialect.Header{
		dialect.NewHeader("Access-Control-Allow-Origin", "*"),
		dialect.NewHeader("Access-Control-Allow-Headers", "origin, x-csrftoken, content-type, accept"),
		dialect.NewHeader("Cache-Control", "no-store, no-cache, must-revalidate, post-check=0, pre-check=0"),
		dialect.NewHeader("Server", d.Profile().Server),
	}}
}

var (
	getOrPost      = []string{http.MethodGet, http.MethodPost}
	getPostOrPut   = []string{http.MethodGet, http.MethodPost, http.MethodPut}
	everyoneMay    = func(*dialect.Call) error { return nil }
	extension      = ".fcgi"
	withoutSession = true
)

// Routes is the vendor's index, as far as it is served (access-api §19.1).
// Every command answers GET and POST alike (§1.3), and under its name without
// the extension as well: the documentation writes some of them so.
func (a *API) Routes() []dialect.Route {
	photo := a.device.Profile().Photo
	type command struct {
		name   string
		do     func(*dialect.Call) error
		open   bool // answers without a session
		early  bool // served before the factory password is changed
		limit  int
		facial bool // unknown to classic terminals
	}
	commands := []command{
		{name: "login", do: a.login, open: withoutSession, early: true},
		{name: "hidlogin", do: a.login, open: withoutSession, early: true},
		{name: "session_is_valid", do: a.sessionIsValid, open: withoutSession, early: true},
		{name: "logout", do: a.logout, early: true},
		{name: "change_login", do: a.changeLogin, early: true},
		{name: "create_objects", do: a.createObjects, limit: maxObjectRows},
		{name: "load_objects", do: a.loadObjects, limit: maxObjectQuestion},
		{name: "modify_objects", do: a.modifyObjects, limit: maxObjectRows},
		{name: "create_or_modify_objects", do: a.createOrModifyObjects, limit: maxObjectRows},
		{name: "destroy_objects", do: a.destroyObjects, limit: maxObjectQuestion},
		{name: "object_metadata", do: a.objectMetadata},
		{name: "object_add_field", do: a.addField},
		{name: "object_remove_fields", do: a.removeFields},
		{name: "export_objects", do: a.exportObjects},
		{name: "template_sync_init", do: done},
		{name: "template_sync_end", do: done},
		{name: "face_template_count_distinct", do: a.facesEnrolled, facial: true},
		{name: "user_hash_password", do: a.hashPassword},
		{name: "set_objects", do: a.invented("set_objects"), open: withoutSession},
		{name: "delete_objects", do: a.invented("delete_objects"), open: withoutSession},
		{name: "remove_objects", do: a.invented("remove_objects"), open: withoutSession},
		{name: "user_set_image", do: a.setImage, limit: photo.Limit},
		{name: "user_set_image_list", do: a.setImageList, limit: photo.Limit},
		{name: "user_test_image", do: a.testImage, limit: photo.Limit, facial: true},
		{name: "user_get_image", do: a.getImage},
		{name: "user_get_image_list", do: a.getImageList, facial: true},
		{name: "user_list_images", do: a.listImages},
		{name: "user_destroy_image", do: a.destroyImage, limit: photo.Limit},
	}
	routes := []dialect.Route{{Path: "/", Methods: getOrPost, Admit: everyoneMay, Do: a.frontPage}}
	for _, c := range commands {
		if c.facial && photo.Generation != device.Facial {
			continue
		}
		r := dialect.Route{Path: "/" + c.name, Methods: getPostOrPut, Limit: c.limit, Admit: a.session, Unowned: c.early, Do: c.do}
		if c.open {
			r.Admit = everyoneMay
		}
		routes = append(routes, r)
		r.Path += extension
		routes = append(routes, r)
	}
	return routes
}

// Prepare implements dialect.Dialect.
func (a *API) Prepare(c *dialect.Call) { c.SetHeaders(a.headers...) }

// done is the answer of a command that has nothing to say (access-api §1.6).
func done(c *dialect.Call) error {
	c.Send(http.StatusOK, typeJSON, append(c.Buffer(), "{}"...))
	return nil
}
