package boot

import "syscall"

// tied makes the emulator end with this process, also when that is killed.
func tied() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
