//go:build !unix

package memory

import "errors"

const canMap = false

func mapAnonymous(int) ([]byte, error) { return nil, errors.ErrUnsupported }
func unmap([]byte)                     {}
func giveBack([]byte)                  {}
