package parquet

import (
	"container/list"
	"context"
	"sync"

	"github.com/muster-sql/muster/connectors/internal/objectstore"
	"github.com/muster-sql/muster/connectors/spi/page"
)

// CacheBytesMax is the default bound of a cache of footers.
const CacheBytesMax = 64 << 20

// Cache keeps footers by path, size and etag, the least recently used go
// first. It is safe for concurrent use.
type Cache struct {
	store objectstore.Store
	pool  page.Pool
	limit int

	mu    sync.Mutex
	files map[objectstore.Info]*list.Element
	order *list.List // of *File, most recent first
	bytes int
}

// NewCache returns a cache of files in store, of at most limit bytes, charged to pool.
func NewCache(store objectstore.Store, pool page.Pool, limit int) *Cache {
	return &Cache{store: store, pool: pool, limit: limit, files: map[objectstore.Info]*list.Element{}, order: list.New()}
}

// Get returns what the footer of this version says.
func (c *Cache) Get(ctx context.Context, info objectstore.Info) (*File, error) {
	if f := c.have(info); f != nil {
		return f, nil
	}
	o, err := c.store.Open(ctx, info)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	return c.Read(ctx, o)
}

// Read is Get for an object that is open.
func (c *Cache) Read(ctx context.Context, o objectstore.Object) (*File, error) {
	if f := c.have(o.Info()); f != nil {
		return f, nil
	}
	f, err := ReadFile(ctx, o, c.pool)
	if err != nil {
		return nil, err
	}
	c.keep(f)
	return f, nil
}

func (c *Cache) have(info objectstore.Info) *File {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.files[info]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*File)
}

// keep adds f unless it is too large or the pool refuses.
func (c *Cache) keep(f *File) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files[f.Info] != nil || f.size > c.limit {
		return
	}
	for c.bytes+f.size > c.limit {
		c.drop(c.order.Back())
	}
	if c.pool.Reserve(f.size) != nil {
		return
	}
	c.bytes += f.size
	c.files[f.Info] = c.order.PushFront(f)
}

func (c *Cache) drop(e *list.Element) {
	f := c.order.Remove(e).(*File)
	delete(c.files, f.Info)
	c.bytes -= f.size
	c.pool.Free(f.size)
}

// Close forgets everything.
func (c *Cache) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.order.Len() > 0 {
		c.drop(c.order.Back())
	}
}
