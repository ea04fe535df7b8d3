package notice

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// BOM is the bill of materials of a binary, as CycloneDX JSON. Version and
// moment are the release's.
func BOM(binary, version string, moment time.Time, components []Component) ([]byte, error) {
	content, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(content)
	bom := cdx.NewBOM()
	self := "pkg:generic/portaria@" + version
	// A number that is this bill's alone, and the same each time it is made: a
	// UUID of version 8, whose bits are the maker's.
	id := hash
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	bom.SerialNumber = fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:16])
	bom.Metadata = &cdx.Metadata{
		Timestamp: moment.Format(time.RFC3339),
		Component: &cdx.Component{
			BOMRef: self, Type: cdx.ComponentTypeApplication, Name: "portaria", Version: version,
			Hashes:   &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: sum(content)}},
			Licenses: &cdx.Licenses{{License: &cdx.License{ID: Project}}},
		},
	}
	var list []cdx.Component
	var refs []string
	for _, c := range components {
		part := cdx.Component{
			Type: cdx.ComponentTypeLibrary, Name: c.Name, Version: c.Version,
			Licenses: &cdx.Licenses{{Expression: c.SPDX}},
		}
		switch {
		case c.Sum != "":
			part.PackageURL = "pkg:golang/" + c.Name + "@" + c.Version
			part.Properties = &[]cdx.Property{{Name: "go.sum", Value: c.Sum}}
		case c.Name == "std":
			part.PackageURL = "pkg:golang/std@" + c.Version
		default:
			part.Type = cdx.ComponentTypeData
			part.PackageURL = "pkg:generic/opencv-data@" + c.Version + "?file_name=" + c.Name + ".xml"
		}
		part.BOMRef = part.PackageURL
		list = append(list, part)
		refs = append(refs, part.BOMRef)
	}
	bom.Components = &list
	bom.Dependencies = &[]cdx.Dependency{{Ref: self, Dependencies: &refs}}
	var out bytes.Buffer
	err = cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6)
	return out.Bytes(), err
}

func sum(content []byte) string {
	hash := sha256.Sum256(content)
	return hex.EncodeToString(hash[:])
}
