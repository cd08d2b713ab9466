package services

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // the schema below
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/muster-sql/muster/connectors/tpch/dbgen"
)

// tpchTables are in the order of dbgen's tables.
const tpchTables = "region nation supplier customer part partsupp orders lineitem"

// templateVersion is raised when the templates' making changes.
const templateVersion = "2"

//go:embed tpch.sql
var tpchSchema string

// postgresTemplate returns a stopped, initialised data folder of the cache,
// with or without TPC-H, and makes it first when it is not there.
func postgresTemplate(ctx context.Context, bin string, tpch bool) (string, error) {
	version, err := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%s/postgres --version: %w", bin, err)
	}
	name := "pg"
	if tpch {
		name = "pg-tpch"
	}
	sum := sha256.Sum256([]byte(string(version) + tpchSchema + templateVersion))
	name += fmt.Sprintf("-%x", sum[:6])
	var dir string
	err = locked(name, func(cache string) error {
		dir = filepath.Join(cache, name)
		if isDir(dir) {
			return nil
		}
		return buildTemplate(ctx, bin, dir, tpch)
	})
	return dir, err
}

// buildTemplate makes the folder beside its place and moves it there when it
// is whole.
func buildTemplate(ctx context.Context, bin, dir string, tpch bool) error {
	cred, err := unprivileged()
	if err != nil {
		return err
	}
	work, err := scratch("pg", cred)
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	data := filepath.Join(work, "data")
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust",
		"-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	cmd.Dir = work
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, tail(out, 1000))
	}
	if tpch {
		p := &PG{Data: work, bin: bin}
		if err := p.start(ctx); err != nil {
			return err
		}
		err := loadTPCH(ctx, p)
		p.Stop()
		if err != nil {
			return err
		}
	}
	half := dir + ".half"
	if err := errors.Join(os.RemoveAll(half), copyTree(data, half, nil)); err != nil {
		return err
	}
	return os.Rename(half, dir)
}

// loadTPCH makes database tpch and fills it with scale factor 0.01.
func loadTPCH(ctx context.Context, p *PG) error {
	admin, err := pgx.Connect(ctx, p.URL("postgres"))
	if err != nil {
		return err
	}
	_, err = admin.Exec(ctx, "CREATE DATABASE tpch")
	if err := errors.Join(err, admin.Close(ctx)); err != nil {
		return err
	}
	c, err := pgx.Connect(ctx, p.URL("tpch"))
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	tables, keys, _ := strings.Cut(tpchSchema, "-- keys\n")
	if _, err := c.Exec(ctx, tables); err != nil {
		return fmt.Errorf("create the tables: %w", err)
	}
	g, err := dbgen.New(dbgen.Options{Scale: 0.01})
	if err != nil {
		return err
	}
	for i, name := range strings.Fields(tpchTables) {
		text := bytes.NewReader(tableText(g, dbgen.Table(i)))
		if _, err := c.PgConn().CopyFrom(ctx, text, "COPY "+name+" FROM STDIN"); err != nil {
			return fmt.Errorf("load %s: %w", name, err)
		}
	}
	if _, err := c.Exec(ctx, keys); err != nil {
		return fmt.Errorf("create the keys: %w", err)
	}
	for _, s := range []string{"VACUUM (FREEZE, ANALYZE)", "CHECKPOINT"} {
		if _, err := c.Exec(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// tableText is a whole table in the text form of COPY. TPC-H values hold no
// character that it escapes.
func tableText(g *dbgen.Generator, t dbgen.Table) []byte {
	columns := g.Columns(t)
	all := make([]int, len(columns))
	for i := range all {
		all[i] = i
	}
	values := make([]dbgen.Vector, len(columns))
	var out []byte
	reader := g.NewReader(t, all)
	for first, units := int64(0), g.Units(t); first < units; first += readUnits {
		rows := reader.Read(first, min(readUnits, units-first), values)
		for row := range rows {
			for i := range columns {
				out = append(appendValue(out, columns[i], &values[i], row), '\t')
			}
			out[len(out)-1] = '\n'
		}
	}
	return out
}

// readUnits is how many orders, parts or rows are generated at a time.
const readUnits = 1000

func appendValue(out []byte, c dbgen.Column, v *dbgen.Vector, row int) []byte {
	switch c.Kind {
	case dbgen.Bigint:
		return strconv.AppendInt(out, v.Int64[row], 10)
	case dbgen.Integer:
		return strconv.AppendInt(out, int64(v.Int32[row]), 10)
	case dbgen.Decimal:
		n := v.Int64[row]
		if n < 0 {
			out, n = append(out, '-'), -n
		}
		return fmt.Appendf(out, "%d.%02d", n/100, n%100)
	case dbgen.Date:
		return time.Unix(int64(v.Int32[row])*86400, 0).UTC().AppendFormat(out, time.DateOnly)
	case dbgen.Enum:
		return append(out, c.Values[v.Int32[row]]...)
	}
	return append(out, v.Data[v.Offsets[row]:v.Offsets[row+1]]...)
}
