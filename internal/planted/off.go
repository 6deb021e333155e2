//go:build !planted

package planted

// Enabled reports whether bugs can be switched on in this binary.
const Enabled = false

// Is reports whether the named bug is switched on.
func Is(string) bool { return false }
