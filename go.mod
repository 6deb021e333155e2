module github.com/kadedb/kadedb

go 1.26.0

require (
	github.com/antlr4-go/antlr/v4 v4.13.1 // indirect
	go.etcd.io/bbolt v1.5.0 // indirect
	golang.org/x/exp v0.0.0-20240506185415-9bf2ced13842 // indirect
	golang.org/x/sys v0.50.0 // indirect
	golang.org/x/text v0.44.0 // indirect
)
