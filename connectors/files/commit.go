package files

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/muster-sql/muster/connectors/internal/objectstore"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/codec"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// stage makes the hidden folder that sinks write to. What a coordinator that
// died left of its writes is removed first.
func (k *connector) stage(ctx context.Context, t *target) error {
	if err := k.sweep(ctx, path.Dir(t.Staging)); err != nil {
		return err
	}
	if err := k.claim(t.Staging); err != nil {
		return err
	}
	return k.store.CreateFolder(ctx, t.Staging)
}

// claim holds the lock that tells others that a staging folder is in use.
func (k *connector) claim(staging string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.claims[staging] != nil {
		return nil
	}
	l, err := k.store.Lock(staging + ".lock")
	if err != nil {
		return err
	}
	if l == nil {
		return sqlerr.New(sqlerr.ObjectInUse, "a write with the same query id is in progress: %s", staging)
	}
	k.claims[staging] = l
	return nil
}

func (k *connector) unclaim(staging string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if l := k.claims[staging]; l != nil {
		delete(k.claims, staging)
		l.Release()
	}
}

// sweep removes the staging folders of a folder whose owners are dead.
func (k *connector) sweep(ctx context.Context, folder string) error {
	members, err := k.store.List(ctx, folder)
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.Folder || !strings.HasPrefix(m.Name, hiddenPrefix) || !strings.HasSuffix(m.Name, ".lock") {
			continue
		}
		l, err := k.store.Lock(m.Path)
		if err != nil || l == nil {
			continue // in use, or not ours to take
		}
		err = k.undo(ctx, strings.TrimSuffix(m.Path, ".lock"), members)
		l.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// undo removes a staging folder; a table that was moved aside for it comes back.
func (k *connector) undo(ctx context.Context, staging string, members []objectstore.Entry) error {
	for _, m := range members {
		name, aside := strings.CutPrefix(m.Path, staging+asideSuffix)
		if !m.Folder || !aside {
			continue
		}
		err := k.store.Rename(ctx, m.Path, path.Join(path.Dir(staging), name))
		if sqlerr.Is(err, sqlerr.DuplicateTable) { // the new one is there
			err = k.removeFolder(ctx, m.Path)
		}
		if err != nil {
			return err
		}
	}
	return k.removeFolder(ctx, staging)
}

// asideSuffix comes between a staging folder's name and that of the table it replaces.
const asideSuffix = "-old-"

// removeFolder removes a folder with what is in it.
func (k *connector) removeFolder(ctx context.Context, folder string) error {
	members, err := k.store.List(ctx, folder)
	if sqlerr.Is(err, sqlerr.UndefinedFile) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.Folder {
			err = k.removeFolder(ctx, m.Path)
		} else {
			err = k.store.Remove(ctx, m.Path)
		}
		if err != nil {
			return err
		}
	}
	return k.store.RemoveFolder(ctx, folder)
}

// published returns where an insert's files appear: beside the others when it
// is one, else in a folder of their own.
func (t *target) published() string { return path.Join(t.Final, "part-"+t.QueryID) }

// Commit implements spi.Writer.
func (k *connector) Commit(ctx context.Context, _ *spi.Session, st spi.Target, fragments [][]byte) error {
	t, err := codec.Unmarshal[target](st.Private)
	if err != nil {
		return err
	}
	files, err := decodeFragments(fragments)
	if err != nil {
		return err
	}
	defer k.unclaim(t.Staging)
	if done, err := k.committed(ctx, &t, len(files)); err != nil || done {
		return err
	}
	if len(files) == 0 {
		if t.Insert {
			return k.removeFolder(ctx, t.Staging)
		}
		f, err := k.emptyFile(ctx, &t, ".empty")
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	// Names first: they are still within the hidden folder.
	for i := range files {
		info, err := k.store.Stat(ctx, path.Join(t.Staging, files[i].Name))
		if err != nil {
			return fmt.Errorf("commit of files: %w", err)
		}
		if info.Bytes != files[i].Bytes {
			return sqlerr.New(sqlerr.DataCorrupted, "written file has %d bytes instead of %d: %s", info.Bytes, files[i].Bytes, info.Path)
		}
		visible := t.visible(i)
		if err := k.store.Rename(ctx, info.Path, path.Join(t.Staging, visible)); err != nil {
			return err
		}
		files[i].Name = visible
	}
	return k.publish(ctx, &t, files)
}

func decodeFragments(fragments [][]byte) (files []written, err error) {
	for _, f := range fragments {
		part, err := codec.Unmarshal[[]written](f)
		if err != nil {
			return nil, err
		}
		for _, w := range part {
			if strings.Contains(w.Name, "/") || !strings.HasPrefix(w.Name, ".") {
				return nil, sqlerr.Internalf("fragment names a file that no sink writes: %s", w.Name)
			}
			files = append(files, w)
		}
	}
	return files, nil
}

// visible returns the published name of file i.
func (t *target) visible(i int) string { return fmt.Sprintf("%s-%05d.parquet", t.QueryID, i) }

// committed reports whether an earlier Commit of the query went through.
func (k *connector) committed(ctx context.Context, t *target, files int) (bool, error) {
	if _, err := k.store.List(ctx, t.Staging); err == nil || !sqlerr.Is(err, sqlerr.UndefinedFile) {
		return false, err
	}
	place := t.Final
	switch {
	case t.OneFile:
	case t.Insert && files == 0:
		return true, nil
	case t.Insert && files > 1:
		place = path.Join(t.published(), t.visible(0))
	default:
		place = path.Join(t.Final, t.visible(0))
	}
	if _, err := k.store.Stat(ctx, place); err == nil {
		return true, nil
	}
	return false, sqlerr.New(sqlerr.ObjectNotInState, "the write was aborted, or its staging folder is gone: %s", t.Staging)
}

// publish makes all files visible by one rename.
func (k *connector) publish(ctx context.Context, t *target, files []written) error {
	from := path.Join(t.Staging, files[0].Name)
	switch {
	case t.OneFile:
		if err := k.store.Replace(ctx, from, t.Final); err != nil {
			return err
		}
		return k.removeFolder(ctx, t.Staging)
	case t.Insert && len(files) == 1:
		if err := k.store.Rename(ctx, from, path.Join(t.Final, files[0].Name)); err != nil {
			return err
		}
		return k.removeFolder(ctx, t.Staging)
	case t.Insert:
		if err := k.store.Rename(ctx, t.Staging, t.published()); err != nil {
			return err
		}
		k.removeHidden(ctx, t.published())
		return nil
	}
	old := t.Staging + asideSuffix + path.Base(t.Final)
	if t.Replace {
		if err := k.store.Rename(ctx, t.Final, old); err != nil && !sqlerr.Is(err, sqlerr.UndefinedFile) {
			return err
		}
	}
	if err := k.store.Rename(ctx, t.Staging, t.Final); err != nil {
		if t.Replace {
			_ = k.store.Rename(ctx, old, t.Final) // as it was; the first error is reported
		}
		return err
	}
	k.removeHidden(ctx, t.Final)
	if t.Replace {
		return k.removeFolder(ctx, old)
	}
	return nil
}

// removeHidden removes what attempts that did not count have left. Hidden
// files are never read: failing to remove them is no error.
func (k *connector) removeHidden(ctx context.Context, folder string) {
	members, err := k.store.List(ctx, folder)
	if err != nil {
		return
	}
	for _, m := range members {
		if !m.Folder && strings.HasPrefix(m.Name, ".") && ownHidden(m.Name) {
			_ = k.store.Remove(ctx, m.Path)
		}
	}
}

// ownHidden reports whether a hidden file is one of ours.
func ownHidden(name string) bool {
	return strings.HasPrefix(name, hiddenPrefix) || strings.HasSuffix(name, ".parquet") || strings.Contains(name, ".parquet"+objectstore.PartSuffix)
}

// Abort implements spi.Writer.
func (k *connector) Abort(ctx context.Context, _ *spi.Session, st spi.Target) error {
	t, err := codec.Unmarshal[target](st.Private)
	if err != nil {
		return err
	}
	defer k.unclaim(t.Staging)
	return k.removeFolder(ctx, t.Staging)
}
