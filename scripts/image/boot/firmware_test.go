package boot

import (
	"testing"

	"portaria/scripts/image/card"
)

// TestAutoboot reads autoboot.txt as its documentation says that it is read.
func TestAutoboot(t *testing.T) {
	t.Parallel()
	const shipped = "[all]\ntryboot_a_b=1\nboot_partition=2\n[tryboot]\nboot_partition=3\n"
	for _, c := range []struct {
		name, text string
		trial      bool
		want       card.Slot // 0: nothing to start
	}{
		{"the default slot", shipped, false, card.SlotA},
		{"the slot of a trial", shipped, true, card.SlotB},
		{"the slots changed", "[all]\ntryboot_a_b=1\nboot_partition=3\n[tryboot]\nboot_partition=2\n", false, card.SlotB},
		{"a section for nobody", "[none]\nboot_partition=3\n[all]\nboot_partition=2\n", false, card.SlotA},
		{"line ends of another system", "[all]\r\nboot_partition=2\r\n", false, card.SlotA},
		{"settings before any section", "boot_partition=3\n", false, card.SlotB},
		{"a trial that is not by partition", "boot_partition=2\n[tryboot]\nboot_partition=3\n", true, 0},
		{"no slot", "[all]\nboot_partition=4\n", false, 0},
		{"nothing", "", false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := autoboot([]byte(c.text), c.trial)
			if got != c.want || (err == nil) != (c.want != 0) {
				t.Errorf("slot %v, %v; want %v", got, err, c.want)
			}
		})
	}
}

func TestLastWords(t *testing.T) {
	t.Parallel()
	for console, want := range map[string]End{
		"":                                    Reset,
		"Kernel panic\r\n":                    Reset,
		"portaria-init: poweroff\r\n":         PowerOff,
		"x\r\nportaria-init: reboot \"\"\r\n": Reboot,
		"portaria-init: reboot \"0 tryboot\"\r\n": TryBoot,
		"terminal: portaria-init: poweroff\r\n":   Reset,
	} {
		if got := lastWords(console); got != want {
			t.Errorf("%q: %q, want %q", console, got, want)
		}
	}
}
