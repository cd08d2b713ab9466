package files

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// nullPartition is how Hive writes NULL in a path.
const nullPartition = "__HIVE_DEFAULT_PARTITION__"

// partition is a key=value folder of a path.
type partition struct{ key, value string }

// partitions returns the key=value folders of a file's path below a folder.
func partitions(name, below string) (out []partition) {
	rest := strings.TrimPrefix(name, below)
	elements := strings.Split(rest, "/")
	for _, e := range elements[:len(elements)-1] {
		key, value, ok := strings.Cut(e, "=")
		if !ok || key == "" {
			continue
		}
		if plain, err := url.PathUnescape(value); err == nil {
			value = plain
		}
		out = append(out, partition{key, value})
	}
	return out
}

// partitionOf returns the value of a key of a path, the innermost one.
func partitionOf(name, key string) (string, bool) {
	all := partitions(name, "")
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].key == key {
			return all[i].value, true
		}
	}
	return "", false
}

// partitionColumns returns the columns that the paths of all files have: the
// same keys in each. Their values are of the narrowest type that holds all.
func (p *place) partitionColumns() (out []spi.Column) {
	if len(p.files) == 0 {
		return nil
	}
	keys := partitions(p.files[0].Path, p.folder)
	if len(keys) == 0 {
		return nil
	}
	values := make([][]string, len(keys))
	for _, f := range p.files {
		got := partitions(f.Path, p.folder)
		if len(got) != len(keys) {
			return nil
		}
		for i := range got {
			if got[i].key != keys[i].key {
				return nil
			}
			values[i] = append(values[i], got[i].value)
		}
	}
	seen := map[string]bool{}
	for i, k := range keys {
		if !seen[k.key] {
			seen[k.key] = true
			out = append(out, spi.Column{Name: k.key, Type: partitionType(values[i]), Comment: "from the path of the file"})
		}
	}
	return out
}

func partitionType(values []string) types.Type {
	integer, date := true, true
	for _, v := range values {
		if v == nullPartition {
			continue
		}
		if _, err := strconv.ParseInt(v, 10, 64); err != nil {
			integer = false
		}
		if _, ok := isoDate(v); !ok {
			date = false
		}
	}
	switch {
	case integer:
		return types.Of(types.Int64)
	case date:
		return types.Of(types.Date)
	}
	return types.Of(types.Text)
}

// isoDate reads YYYY-MM-DD as days since 1970.
func isoDate(s string) (int64, bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	days, err := types.ParseDate(s, &types.Format{})
	return int64(days), err == nil
}

// partitionValue reads the value of a partition column of a file.
func partitionValue(name, key string, t types.Type) types.Value {
	s, ok := partitionOf(name, key)
	if !ok || s == nullPartition {
		return types.NullValue
	}
	switch t.Kind {
	case types.Int64:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return types.NullValue
		}
		return types.IntValue(n)
	case types.Date:
		n, ok := isoDate(s)
		if !ok {
			return types.NullValue
		}
		return types.IntValue(n)
	}
	return types.StringValue(s)
}
