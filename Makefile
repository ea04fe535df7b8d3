# What a newcomer needs is make run and make test. Everything here works on a
# machine with only Go, make and git; check, test-arm and bench want a little more and
# say what.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  = -s -w -X main.version=$(VERSION)
# Nothing of the machine or the moment goes into the binary, and no HTTP/2, which
# no device and no caller of one speaks: 0.4 MB.
BUILD    = CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -tags nethttpomithttp2 -ldflags '$(LDFLAGS)'
LINT     = $(GO) tool -modfile=scripts/tools.mod golangci-lint
# The program itself, for the folder of a module of its own.
LINT_TOOL = $(GO) tool -n -modfile=scripts/tools.mod golangci-lint

.PHONY: run
run: build ## serve the terminal on http://127.0.0.1:8080, data in ./portaria-data
	./bin/portaria serve

.PHONY: test
test: ## run every test that wants nothing but Go; test-power, test-image and test-packages want more
	$(GO) test ./...
	cd scripts/sqlite && $(GO) test ./...
	cd scripts/image && $(GO) test -short ./...
	cd scripts/release && $(GO) test -short ./...

.PHONY: build
build: ## build bin/portaria: static, stripped, reproducible
	$(BUILD) -o bin/portaria ./cmd/portaria

.PHONY: pi
pi: ## build for the boards: dist/portaria-linux-{arm64,armv7,armv6}
	GOOS=linux GOARCH=arm64 $(BUILD) -o dist/portaria-linux-arm64 ./cmd/portaria
	GOOS=linux GOARCH=arm GOARM=7 $(BUILD) -o dist/portaria-linux-armv7 ./cmd/portaria
	GOOS=linux GOARCH=arm GOARM=6 $(BUILD) -o dist/portaria-linux-armv6 ./cmd/portaria

# What is handed out. UPDATE_KEY=FILE.key, which make key writes, signs updates of
# the SD image; an image without takes none.
IMAGE_PUB = $(if $(UPDATE_KEY),-pub $(abspath $(UPDATE_KEY:.key=.pub)))

.PHONY: image
image: ## build dist/portaria-arm64.img, the card of a Raspberry Pi 3, 4, 5 or Zero 2 W
	cd scripts/image && $(GO) run . build -version $(VERSION) -o $(CURDIR)/dist/portaria-arm64.img $(IMAGE_PUB)

.PHONY: emulate
emulate: image ## start the image without a board: http://127.0.0.1:8080, its card kept in dist/ (wants qemu-system-arm)
	cd scripts/image && $(GO) run . emulate -image $(CURDIR)/dist/portaria-arm64.img -card $(CURDIR)/dist/portaria-arm64.card

.PHONY: key
key: ## make update.key and update.pub, which sign and check updates of the image
	cd scripts/image && $(GO) run . key -dir $(CURDIR)

.PHONY: bundle
bundle: ## build dist/portaria-arm64.update, signed with UPDATE_KEY
	@test -n "$(UPDATE_KEY)" || { echo "an update is signed: make key once, then make bundle UPDATE_KEY=update.key"; exit 2; }
	cd scripts/image && $(GO) run . bundle -version $(VERSION) -o $(CURDIR)/dist/portaria-arm64.update $(IMAGE_PUB) -key $(abspath $(UPDATE_KEY))

.PHONY: deb
deb: ## build Debian packages for armhf, arm64 and amd64 in dist/
	cd scripts/release && $(GO) run . deb

.PHONY: oci
oci: ## build container images for four processors in dist/
	cd scripts/release && $(GO) run . oci

.PHONY: release
release: ## build everything that is handed out, in dist/; UPDATE_KEY=FILE signs the update
	cd scripts/release && $(GO) run . $(if $(UPDATE_KEY),--update-key $(abspath $(UPDATE_KEY))) all

.PHONY: check
check: format vet lint race ## everything that must hold before a push (wants a C compiler for the race detector)

.PHONY: format
format: ## fail when a file is not formatted
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "run gofmt -w on: $$unformatted"; exit 1; fi

.PHONY: vet
vet:
	$(GO) vet ./...
	GOOS=windows $(GO) vet ./cmd/... ./store/... ./terminal/...

.PHONY: lint
lint: ## golangci-lint, built on first use
	$(LINT) run ./...
	cd scripts/sqlite && $(GO) vet ./...
	lint=$$($(LINT_TOOL)) && cd scripts/image && $$lint run ./...
	lint=$$($(LINT_TOOL)) && cd scripts/release && $$lint run ./...
	cd scripts/image && GOARCH=arm64 $(GO) vet ./init/...

# Scripts of the command line that mostly wait for programs to start and to hash
# passwords, ten times as long under the race detector.
WAITS = ^TestScript$$/^(login|tls|tools|vectors)$$

.PHONY: race
race: ## run the tests under the race detector, those of long loops in their short form
	CGO_ENABLED=1 $(GO) test -race -short -skip '$(WAITS)' ./...

.PHONY: test-386
test-386: ## run every test as a 32-bit program, long loops in their short form
	GOARCH=386 CGO_ENABLED=0 $(GO) test -short ./...
	cd scripts/image && GOARCH=386 CGO_ENABLED=0 $(GO) test ./bundle ./init/...

.PHONY: test-arm
test-arm: build pi ## run tests as arm64 and armv6 programs, and the binaries themselves (wants qemu-user-static)
	GOARCH=arm64 CGO_ENABLED=0 $(GO) test -short -exec qemu-aarch64-static ./imaging/...
	GOARCH=arm GOARM=6 CGO_ENABLED=0 $(GO) test -short -exec 'qemu-arm-static -cpu arm1176' ./imaging/... ./store/... ./terminal/device
	scripts/emulated qemu-aarch64-static dist/portaria-linux-arm64
	scripts/emulated 'qemu-arm-static -cpu arm1176' dist/portaria-linux-armv6

# What depends on the processor is tested by itself; the rest as the whole
# programs, which scripts/emulated runs, and test-image boots with every vector.

# required makes a failure of what would else be skipped for want of a right or a
# program.
POWER_TESTS   ?= required
PACKAGE_TESTS ?= required

.PHONY: test-power
test-power: ## 200 power cuts, 4,000 crash states, 600 damaged files, failing disks (wants root, xfsprogs, e2fsprogs, strace)
	POWER_TESTS=$(POWER_TESTS) $(GO) test -count=1 -timeout 40m -p 1 ./scripts/powercut ./scripts/crashstates
	POWER_TESTS=$(POWER_TESTS) $(GO) test -count=1 -timeout 40m -run TestIOErrors ./store
	POWER_TESTS=$(POWER_TESTS) $(GO) test -count=1 -timeout 40m -run 'TestDamagedData|Disk$$' ./cmd/portaria

.PHONY: powercuts
powercuts: ## cut the power of a terminal 1,500 times (wants the same)
	$(GO) run ./scripts/powercut

.PHONY: crashstates
crashstates: ## open a store on 10,000 states that a cut can leave (wants strace)
	$(GO) run ./scripts/crashstates

.PHONY: test-image
test-image: ## boot the image, cut its power, update it, spoil an update (wants qemu-system-arm)
	cd scripts/image && BOOT_TESTS=required $(GO) test -count=1 -parallel 4 -timeout 45m . ./boot ./build ./disk

.PHONY: test-packages
test-packages: ## install, upgrade and purge the package, run the container (wants root and the programs in .ci/run)
	cd scripts/release && PACKAGE_TESTS=$(PACKAGE_TESTS) $(GO) test -count=1 -timeout 60m ./...

.PHONY: boot-test
boot-test: ## boot the slow machines, too: a Raspberry Pi 3, and Debian for arm64 with systemd (a quarter of an hour)
	cd scripts/image && BOOT_TESTS=slow $(GO) test -count=1 -parallel 4 -timeout 3h -v ./boot
	cd scripts/release && BOOT_TESTS=slow PACKAGE_TESTS=required $(GO) test -count=1 -timeout 60m -run TestBoot -v ./deb

FUZZTIME ?= 30s
.PHONY: fuzz
fuzz: ## fuzz every decoder for FUZZTIME each, 30s or as many inputs: 2000x
	scripts/fuzz $(FUZZTIME)

.PHONY: bench
bench: build ## measure side by side with net/http, nginx, append+fsync, encoding/json, SQLite, libvips and libjpeg-turbo
	$(GO) run ./scripts/bench
	cd scripts/sqlite && $(GO) run ./bench
	$(GO) run ./scripts/photobench

.PHONY: clean
clean:
	rm -rf bin dist

.PHONY: help
help: ## list what there is
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 12
