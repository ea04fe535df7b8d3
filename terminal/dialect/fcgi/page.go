package fcgi

import (
	_ "embed" // the front page
	"fmt"
	"html"
	"net/http"
	"strings"

	"portaria/terminal/dialect"
)

// failPage answers with the page of the web server in front of the device:
// 341 bytes for a 404, as captured (access-api §1.5).
func (a *API) failPage(c *dialect.Call, status int) {
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	c.Send(status, typeHTML, fmt.Appendf(c.Buffer(), `<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
         "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title>%[1]s</title>
 </head>
 <body>
  <h1>%[1]s</h1>
 </body>
</html>
`, title))
}

// frontPage is what a browser finds at the terminal's address. Scanners look
// for the product's name in it.
func (a *API) frontPage(c *dialect.Call) error {
	product := html.EscapeString(a.device.Profile().Product)
	page := strings.NewReplacer("{{product}}", product, "{{model}}", html.EscapeString(a.device.Profile().Name)).Replace(frontPageHTML)
	c.Send(http.StatusOK, "text/html; charset=utf-8", append(c.Buffer(), page...))
	return nil
}

//go:embed front.html
var frontPageHTML string
