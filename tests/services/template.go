package services

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	_ "embed" // the schema below
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// tpchGenerator says whether TPC-H rows come from our own generator, so that
// no public test set is needed.
const tpchGenerator = false

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
	sum := sha256.Sum256([]byte(string(version) + tpchSchema))
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
	for _, table := range strings.Fields("region nation supplier customer part partsupp orders lineitem") {
		if err := copyTable(ctx, c, table); err != nil {
			return fmt.Errorf("load %s: %w", table, err)
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

func copyTable(ctx context.Context, c *pgx.Conn, table string) error {
	f, err := os.Open(filepath.Join(Corpora(), "bench", "tpch", "data_csv", "sf0.01", table+".csv.gz"))
	if err != nil {
		return err
	}
	defer f.Close()
	rows, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	_, err = c.PgConn().CopyFrom(ctx, rows, "COPY "+table+" FROM STDIN (FORMAT csv, DELIMITER '|')")
	return err
}
