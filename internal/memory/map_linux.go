package memory

import (
	"errors"

	"golang.org/x/sys/unix"
)

// giveBack makes the pages of b non-resident; they read as zeros then.
func giveBack(b []byte) {
	if err := unix.Madvise(b, unix.MADV_DONTNEED); err != nil {
		panic("memory: giving pages back: " + err.Error())
	}
}

func refuseHugePages(b []byte) {
	// EINVAL: a kernel without huge pages.
	if err := unix.Madvise(b, unix.MADV_NOHUGEPAGE); err != nil && !errors.Is(err, unix.EINVAL) {
		panic("memory: advice about pages: " + err.Error())
	}
}
