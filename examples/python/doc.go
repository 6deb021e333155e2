// Package python holds what the examples of docs/python.md need, in requirements.txt.
// Its test runs the page, block by block, against a server with the airports of
// examples/flights.
package python
