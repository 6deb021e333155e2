package vfs

import (
	"errors"
	"io/fs"
	"syscall"
)

// IsFull reports whether err says that the disk has no room (or the quota is used up).
func IsFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// ReadOnly reports whether err says that this user may not write, or nobody may.
func ReadOnly(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}
