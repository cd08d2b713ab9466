module github.com/muster-sql/muster

go 1.26
