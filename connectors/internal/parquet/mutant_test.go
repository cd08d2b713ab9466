package parquet

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Budget of one mutant.
const (
	mutantTime  = 10 * time.Second
	mutantPool  = 64 << 20
	mutantAlloc = 128 << 20 // in all, the pool's buffers included
	seedFileMax = 300 << 10
)

// seeds returns the files that mutants are made of: public ones and our own,
// the latter without checksums, which would catch most damage before a decoder sees it.
func seeds(t *testing.T) (files [][]byte) {
	pool := page.Unaccounted{}
	for i, codec := range []string{"zstd", "snappy", "gzip", "lz4_raw", "uncompressed", "uncompressed"} {
		r := rand.New(rand.NewPCG(uint64(i), 99))
		fields := allTypes()
		files = append(files, write(t, r, WriteOptions{Fields: fields, Compression: codec, GroupRows: 150, Pool: pool, unchecked: true},
			table(r, fields, 400, i%2 == 0), 77))
	}
	if os.Getenv("MUSTER_CORPORA") == "" && !exists("../../../../shared/corpora") && !exists("../../../../../shared/corpora") {
		return files
	}
	root := corpora(t, "parquet")
	err := filepath.WalkDir(root, func(name string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".parquet") {
			return err
		}
		b, err := os.ReadFile(name)
		if err == nil && len(b) <= seedFileMax {
			files = append(files, b)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// mutate damages a copy of a file.
func mutate(r *rand.Rand, file []byte) []byte {
	b := bytes.Clone(file)
	if len(b) < 12 {
		return b
	}
	footer := int(binary.LittleEndian.Uint32(b[len(b)-8:]))
	lo, hi := 4, len(b)
	if footer > 0 && footer < len(b)-12 && r.IntN(2) == 0 {
		lo = len(b) - 8 - footer // only the footer
	}
	at := func() int { return lo + r.IntN(hi-lo) }
	switch r.IntN(9) {
	case 0: // bits
		for range 1 + r.IntN(4) {
			b[at()] ^= 1 << r.IntN(8)
		}
	case 1: // bytes
		for range 1 + r.IntN(8) {
			b[at()] = byte(r.Uint32())
		}
	case 2: // extremes
		copy(b[at():], [][]byte{{0xFF, 0xFF, 0xFF, 0xFF, 0x0F}, {0, 0, 0, 0}, {0xFF, 0xFF, 0xFF, 0x7F}, {0x80, 0x80, 0x80, 0x80, 0x08}}[r.IntN(4)])
	case 3: // cut, with the tail kept
		n := 1 + r.IntN(min(64, len(b)-12))
		i := 4 + r.IntN(len(b)-12-n+1)
		b = append(b[:i], b[i+n:]...)
	case 4: // cut off
		b = b[:r.IntN(len(b))]
	case 5: // a part is copied over another
		n := 1 + r.IntN(min(64, len(b)-1))
		i, k := r.IntN(len(b)-n), r.IntN(len(b)-n)
		copy(b[i:i+n], bytes.Clone(b[k:k+n]))
	case 6: // bytes put in, the footer's length follows
		i := at()
		ins := make([]byte, 1+r.IntN(4))
		for k := range ins {
			ins[k] = byte(r.Uint32())
		}
		b = append(b[:i:i], append(ins, b[i:]...)...)
		if lo > 4 {
			binary.LittleEndian.PutUint32(b[len(b)-8:], uint32(footer+len(ins)))
		}
	case 7: // a number of the compact protocol becomes another
		for range 1 + r.IntN(3) {
			b[at()] = []byte{0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF, 0x15, 0x16, 0x19, 0x1C}[r.IntN(11)]
		}
	default: // the footer's length
		binary.LittleEndian.PutUint32(b[len(b)-8:], r.Uint32()>>r.IntN(32))
	}
	return b
}

// readMutant reads everything, once plainly and once with sets on all columns.
func readMutant(r *rand.Rand, file []byte) error {
	pool := &countingPool{limit: mutantPool}
	o := memoryObject{file}
	f, err := ReadFile(context.Background(), o, pool)
	if err != nil {
		return err
	}
	for _, bounded := range []bool{false, true} {
		opt := Options{Object: o, Pool: pool, Limit: 3_000_000}
		for i, n := range f.Fields {
			opt.Table = append(opt.Table, Column{Field: i, Type: n.Type})
			if n.refusal() == "" && len(opt.Output) < 200 {
				opt.Output = append(opt.Output, i)
			}
			if bounded && !n.Type.IsNested() && r.IntN(3) == 0 {
				if opt.Domain == nil {
					opt.Domain = domain.Tuple{}
				}
				opt.Domain[i] = domain.Of(n.Type, randomValue(r, n.Type, true, false), randomValue(r, n.Type, false, false))
			}
		}
		for i := range f.Groups {
			opt.Groups = append(opt.Groups, i)
		}
		s, err2 := f.Scan(opt)
		if err2 == nil {
			_, err2 = drain(s, func(p *page.Page) {
				for _, c := range p.Cols {
					touch(c)
				}
			})
		}
		if err2 != nil {
			err = err2
		}
	}
	if used := pool.used.Load(); used != 0 {
		return fmt.Errorf("%d bytes leaked", used)
	}
	return err
}

// touch reads every slot of a vector.
func touch(v *page.Vector) {
	for i := range v.Len() {
		if v.IsNull(i) {
			continue
		}
		switch s, j := v.Slot(i); v.Type.Phys() {
		case types.PhysView:
			_ = len(s.Views()[j].Bytes(s.Heap()))
		case types.PhysList:
			_ = s.Offsets()[j+1] - s.Offsets()[j]
		}
	}
	for _, k := range v.Children() {
		touch(k)
	}
}

// TestMutantChild is the process that reads mutants from MUSTER_MUTANT_FROM on.
func TestMutantChild(t *testing.T) {
	from, err := strconv.Atoi(os.Getenv("MUSTER_MUTANT_FROM"))
	if err != nil {
		t.Skip("runs as a child of TestMutantsAreHarmless")
	}
	to, _ := strconv.Atoi(os.Getenv("MUSTER_MUTANT_TO"))
	files := seeds(t)
	var before, after runtime.MemStats
	outcomes := map[sqlerr.Code]int{}
	defer func() { fmt.Println("outcomes", outcomes) }()
	for i := from; i < to; i++ {
		fmt.Printf("mutant %d\n", i)
		r := rand.New(rand.NewPCG(uint64(i), 2026))
		file := mutate(r, files[r.IntN(len(files))])
		runtime.ReadMemStats(&before)
		start := time.Now()
		err := readMutant(r, file)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		bad, code := "", sqlerr.SuccessfulCompletion
		if err != nil {
			code = sqlerr.CodeOf(err)
		}
		outcomes[code]++
		switch {
		case took > mutantTime:
			bad = fmt.Sprintf("took %v", took)
		case after.TotalAlloc-before.TotalAlloc > mutantAlloc+mutantPool:
			bad = fmt.Sprintf("allocated %d MB", (after.TotalAlloc-before.TotalAlloc)>>20)
		case err != nil && (strings.Contains(err.Error(), "cannot decode:") || strings.Contains(err.Error(), "leaked") || sqlerr.Is(err, sqlerr.InternalError)):
			bad = err.Error()
		case err != nil && strings.Contains(err.Error(), "footer: runtime"):
			bad = err.Error()
		}
		if bad != "" {
			fmt.Printf("BAD mutant %d: %s\n", i, bad)
			if dir := os.Getenv("MUSTER_MUTANT_DIR"); dir != "" {
				_ = os.WriteFile(filepath.Join(dir, fmt.Sprintf("mutant-%d.parquet", i)), file, 0o644)
			}
		}
	}
}

// TestMutantsAreHarmless reads damaged files in child processes: none may die,
// hang, or take more than its budget. MUSTER_MUTANTS is how many.
func TestMutantsAreHarmless(t *testing.T) {
	total := 2000
	if n, err := strconv.Atoi(os.Getenv("MUSTER_MUTANTS")); err == nil {
		total = n
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for from := 0; from < total; {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		c := exec.CommandContext(ctx, exe, "-test.run", "^TestMutantChild$", "-test.v")
		c.Env = append(os.Environ(), "MUSTER_MUTANT_FROM="+strconv.Itoa(from), "MUSTER_MUTANT_TO="+strconv.Itoa(total), "GOMEMLIMIT=1GiB")
		out, err := c.CombinedOutput()
		cancel()
		last := from
		for _, line := range strings.Split(string(out), "\n") {
			if strings.HasPrefix(line, "BAD ") {
				t.Error(line)
			}
			if strings.HasPrefix(line, "outcomes ") {
				t.Log(line)
			}
			if n, ok := strings.CutPrefix(line, "mutant "); ok {
				last, _ = strconv.Atoi(n)
			}
		}
		if err == nil {
			break
		}
		t.Errorf("mutant %d ended the process: %v\n%s", last, err, tail(out))
		from = last + 1
	}
}

func tail(b []byte) []byte { return b[max(0, len(b)-3000):] }
