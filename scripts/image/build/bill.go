package build

import (
	"bytes"
	"cmp"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// bill is the bill of materials of a slot, as CycloneDX JSON: modules are those that its
// programs are made of, as name@version; kernel and firmware the directories of theirs.
func (o Options) bill(modules []string, kernel, firmware string) ([]byte, error) {
	self := "pkg:generic/portaria-image@" + o.Info.Version
	made := time.Unix(o.Info.Built, 0).UTC().Format(time.RFC3339)
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Timestamp: made, Component: &cdx.Component{
		BOMRef: self, Type: cdx.ComponentTypeFirmware, Name: "portaria-image", Version: o.Info.Version,
	}}
	part := func(kind cdx.ComponentType, name, version, licence string) cdx.Component {
		url := "pkg:golang/" + name + "@" + version
		c := cdx.Component{BOMRef: url, Type: kind, Name: name, Version: version, PackageURL: url}
		if licence != "" {
			c.Licenses = &cdx.Licenses{{License: &cdx.License{Name: licence}}}
		}
		return c
	}
	components := []cdx.Component{
		part(cdx.ComponentTypeOS, kernelModule, versionIn(kernel), "GPL-2.0-only WITH Linux-syscall-note"),
		part(cdx.ComponentTypeFirmware, firmwareModule, versionIn(firmware), "Broadcom, see firmware/LICENSE.broadcom"),
		part(cdx.ComponentTypeLibrary, "std", strings.TrimPrefix(runtime.Version(), "go"), "BSD-3-Clause"),
	}
	for _, m := range modules {
		name, version, _ := strings.Cut(m, "@")
		components = append(components, part(cdx.ComponentTypeLibrary, name, version, ""))
	}
	slices.SortFunc(components, func(a, b cdx.Component) int { return cmp.Compare(a.BOMRef, b.BOMRef) })
	bom.Components = &components
	var out bytes.Buffer
	err := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6)
	return out.Bytes(), err
}

// versionIn reads the version of a module off its directory in the module cache.
func versionIn(dir string) string {
	_, version, _ := strings.Cut(filepath.Base(dir), "@")
	return version
}
