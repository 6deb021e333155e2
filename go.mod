module github.com/kadedb/kadedb

go 1.26.0
