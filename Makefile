# What a newcomer needs is make run and make test. Everything here works on a
# machine with only Go, make and git; check, test-arm and bench want a little more and
# say what.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  = -s -w -X main.version=$(VERSION)
# Nothing of the machine or the moment goes into the binary.
BUILD    = CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)'
LINT     = $(GO) tool -modfile=scripts/tools.mod golangci-lint

.PHONY: run
run: build ## serve the terminal on http://127.0.0.1:8080, data in ./portaria-data
	./bin/portaria serve

.PHONY: test
test: ## run every test
	$(GO) test ./...
	cd scripts/sqlite && $(GO) test ./...

.PHONY: build
build: ## build bin/portaria: static, stripped, reproducible
	$(BUILD) -o bin/portaria ./cmd/portaria

.PHONY: pi
pi: ## build for the boards: dist/portaria-linux-{arm64,armv7,armv6}
	GOOS=linux GOARCH=arm64 $(BUILD) -o dist/portaria-linux-arm64 ./cmd/portaria
	GOOS=linux GOARCH=arm GOARM=7 $(BUILD) -o dist/portaria-linux-armv7 ./cmd/portaria
	GOOS=linux GOARCH=arm GOARM=6 $(BUILD) -o dist/portaria-linux-armv6 ./cmd/portaria

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

.PHONY: race
race: ## run every test under the race detector
	CGO_ENABLED=1 $(GO) test -race ./...

.PHONY: test-386
test-386: ## run every test as a 32-bit program
	GOARCH=386 CGO_ENABLED=0 $(GO) test ./...

.PHONY: test-arm
test-arm: build pi ## run tests as arm64 and armv6 programs, and the binaries themselves (wants qemu-user-static)
	GOARCH=arm64 CGO_ENABLED=0 $(GO) test -short -exec qemu-aarch64-static $(EMULATED)
	GOARCH=arm GOARM=6 CGO_ENABLED=0 $(GO) test -short -exec 'qemu-arm-static -cpu arm1176' $(EMULATED)
	scripts/emulated qemu-aarch64-static dist/portaria-linux-arm64
	scripts/emulated qemu-arm-static dist/portaria-linux-armv7
	scripts/emulated 'qemu-arm-static -cpu arm1176' dist/portaria-linux-armv6

# cmd starts itself as another program, which an emulator of one process
# cannot; scripts/emulated runs the whole binary instead.
EMULATED = ./imaging/... ./store/... ./terminal/...

FUZZTIME ?= 30s
.PHONY: fuzz
fuzz: ## fuzz every decoder for FUZZTIME each
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
