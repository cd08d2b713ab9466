package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// oracle reads the leaves of a file with another reader: for each leaf its
// values with their levels, as text.
func oracle(file []byte) (leaves [][]string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the other reader: %v", r)
		}
	}()
	f, err := pq.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	leaves = make([][]string, len(f.Schema().Columns()))
	for _, g := range f.RowGroups() {
		for i, c := range g.ColumnChunks() {
			pages := c.Pages()
			for {
				p, err := pages.ReadPage()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					return nil, err
				}
				vals := make([]pq.Value, p.NumValues())
				n, err := p.Values().ReadValues(vals)
				if err != nil && !errors.Is(err, io.EOF) {
					return nil, err
				}
				for _, v := range vals[:n] {
					leaves[i] = append(leaves[i], fmt.Sprintf("%d/%d %s", v.DefinitionLevel(), v.RepetitionLevel(), text(v)))
				}
			}
			if err := pages.Close(); err != nil {
				return nil, err
			}
		}
	}
	return leaves, nil
}

func text(v pq.Value) string {
	switch v.Kind() {
	case pq.Boolean:
		return fmt.Sprint(v.Boolean())
	case pq.Int32:
		return fmt.Sprint(v.Int32())
	case pq.Int64:
		return fmt.Sprint(v.Int64())
	case pq.Float:
		return fmt.Sprint(math.Float32bits(v.Float()))
	case pq.Double:
		return fmt.Sprint(math.Float64bits(v.Double()))
	case pq.ByteArray, pq.FixedLenByteArray:
		return fmt.Sprintf("%x", v.ByteArray())
	case pq.Int96:
		return fmt.Sprint(v.Int96())
	}
	return "null"
}

// raw returns the text of our value in the same form, for leaves that keep
// their bits; ok is false for others.
func raw(n *Node, v *page.Vector, i int) (string, bool) {
	switch n.conv {
	case convInterval, convInt96, convBigToI64, convBytesToI64, convBytesToI128, convF16toF32, convU32toI64, convU64toI128:
		return "", false
	}
	if v.IsNull(i) {
		return "null", true
	}
	x := v.Value(i)
	switch n.conv {
	case convBool:
		return fmt.Sprint(x.I != 0), true
	case convCopy32, convCopy64, convI32toI16, convU8toI16, convU16toI32, convI32toI64:
		switch n.Type.Kind {
		case types.Float32:
			return fmt.Sprint(math.Float32bits(float32(x.F))), true
		case types.Float64:
			return fmt.Sprint(math.Float64bits(x.F)), true
		}
		return fmt.Sprint(x.I), true
	case convMillis64, convMillis32:
		return fmt.Sprint(x.I / 1000), true
	case convBytes, convFixedBytes, convCopy16B:
		return fmt.Sprintf("%x", x.S), true
	case convBigToI128:
		if n.width() == 16 {
			b := binary.BigEndian.AppendUint64(nil, uint64(x.N.Coef.Hi))
			return fmt.Sprintf("%x", binary.BigEndian.AppendUint64(b, x.N.Coef.Lo)), true
		}
	}
	return "", false
}

// compareFlat compares the columns without nesting with the oracle's leaves.
func compareFlat(t *testing.T, name string, f *File, s *Scanner, output []int, leaves [][]string) {
	t.Helper()
	at := map[int]int{}
	_, err := drain(s, func(p *page.Page) {
		for c, v := range p.Cols {
			n := f.Fields[output[c]]
			if n.kind != leafNode || n.rep > 0 {
				continue
			}
			for i := range p.Len() {
				got, ok := raw(n, v, i)
				if !ok {
					break
				}
				k := at[n.leaf]
				at[n.leaf]++
				if k >= len(leaves[n.leaf]) {
					t.Fatalf("%s: column %s: the other reader has %d rows", name, n.Name, k)
				}
				var def, rep int
				var want string
				if _, err := fmt.Sscanf(leaves[n.leaf][k], "%d/%d %s", &def, &rep, &want); err != nil {
					want = ""
				}
				if got != want {
					t.Fatalf("%s: column %s (%v) row %d: got %s, want %s", name, n.Name, n.Type, k, got, want)
				}
			}
		}
	})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestAnotherReaderReadsWhatWeWrite(t *testing.T) {
	few := []Field{{Name: "a", Type: types.Of(types.Int64)}, {Name: "s", Type: types.Of(types.Text)}}
	for _, c := range []struct {
		fields     []Field
		rows, size int
		repeated   bool
	}{{allTypes(), 3000, 1200, false}, {allTypes(), 3000, 1200, true}, {few, 45_000, 1 << 20, false}} {
		r := rand.New(rand.NewPCG(11, 12))
		pool := &countingPool{limit: 1 << 30}
		file := write(t, r, WriteOptions{Fields: c.fields, GroupRows: c.size, Pool: pool}, table(r, c.fields, c.rows, c.repeated), 500)
		leaves, err := oracle(file)
		if err != nil {
			t.Fatal(err)
		}
		o := memoryObject{file}
		f, err := ReadFile(t.Context(), o, pool)
		if err != nil {
			t.Fatal(err)
		}
		opt := allColumns(f, o, pool)
		s, err := f.Scan(opt)
		if err != nil {
			t.Fatal(err)
		}
		compareFlat(t, "written", f, s, opt.Output, leaves)
	}
}

func TestPublicFilesHaveTheValuesOfAnotherReader(t *testing.T) {
	root, names, all := answers(t)
	compared := 0
	for _, n := range names {
		name := filepath.Join(root, all[n].Path)
		pool := page.Unaccounted{}
		f, o, err := openFile(t, name, pool)
		if err != nil {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		opt := allColumns(f, o, pool)
		s, err := f.Scan(opt)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := drain(s, nil); err != nil {
			continue // TestPublicFilesHaveTheirRowsOrASentence looks at it
		}
		leaves, err := oracle(b)
		if err != nil {
			t.Logf("%s: %v", all[n].Path, err)
			continue
		}
		if s, err = f.Scan(opt); err != nil {
			t.Fatal(err)
		}
		compareFlat(t, all[n].Path, f, s, opt.Output, leaves)
		compared++
		_ = o.Close()
	}
	if compared < 200 {
		t.Errorf("only %d files were compared", compared)
	}
}
