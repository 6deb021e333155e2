package vfs

import (
	"errors"
	"syscall"
)

// IsFull reports whether err says that the disk has no room (or the quota is used up).
func IsFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
