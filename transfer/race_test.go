//go:build race

package transfer_test

// underRace: three million rows take minutes with the race detector; smaller imports
// take the same paths.
const underRace = true
