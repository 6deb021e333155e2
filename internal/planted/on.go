//go:build planted

package planted

import "os"

// Enabled reports whether bugs can be switched on in this binary.
const Enabled = true

// Is reports whether the named bug is switched on. The environment is read at
// every call, so that a test can use t.Setenv.
func Is(name string) bool { return os.Getenv("KADEDB_PLANTED") == name }
