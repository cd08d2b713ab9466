package parser

import "github.com/muster-sql/muster/parser/ast"

// windowSpec reads ( [base] PARTITION BY … ORDER BY … frame ).
func (p *parser) windowSpec() *ast.WindowSpec {
	w := &ast.WindowSpec{Pos: p.at()}
	p.expect(tokLeftParen)
	if isColumnName(p.tok.kind) && !p.startsWindowClause() {
		w.Ref = p.takeName()
	}
	if p.accept(kwPartition) {
		p.expect(kwBy)
		w.PartitionBy = p.exprList()
	}
	if p.is(kwOrder) {
		w.OrderBy = p.orderBy()
	}
	switch p.tok.kind {
	case kwRange, kwRows, kwGroups:
		w.Frame = p.frame()
	}
	p.expect(tokRightParen)
	return w
}

func (p *parser) startsWindowClause() bool {
	switch p.tok.kind {
	case kwPartition:
		return p.ahead[0].kind == kwBy
	case kwRange, kwRows, kwGroups:
		return p.ahead[0].kind != tokRightParen
	}
	return false
}

// frame reads ROWS|RANGE|GROUPS [BETWEEN] bounds [EXCLUDE …].
func (p *parser) frame() *ast.Frame {
	f := &ast.Frame{Pos: p.at()}
	switch p.tok.kind {
	case kwRows:
		f.Mode = ast.FrameRows
	case kwGroups:
		f.Mode = ast.FrameGroups
	}
	p.advance()
	if p.accept(kwBetween) {
		f.Between = true
		f.Start = p.frameBound()
		p.expect(kwAnd)
		f.End = p.frameBound()
	} else {
		f.Start = p.frameBound()
		f.End = ast.FrameBound{Pos: f.Start.Pos, Kind: ast.CurrentRow}
	}
	p.checkFrame(f)
	if p.accept(kwExclude) {
		switch {
		case p.accept2(kwCurrent, kwRow):
			f.Exclude = ast.ExcludeCurrentRow
		case p.accept(kwGroup):
			f.Exclude = ast.ExcludeGroup
		case p.acceptWord("ties"):
			f.Exclude = ast.ExcludeTies
		case p.acceptWord("no", "others"):
		default:
			p.syntaxError()
		}
	}
	return f
}

// checkFrame refuses frames that end before they start.
func (p *parser) checkFrame(f *ast.Frame) {
	reject := func(b ast.FrameBound, message string) {
		p.fail("42P20", b.At(), "", "%s", message)
	}
	start, end := f.Start.Kind, f.End.Kind
	switch {
	case p.err != nil:
	case start == ast.UnboundedFollowing:
		reject(f.Start, "frame start cannot be UNBOUNDED FOLLOWING")
	case !f.Between && start == ast.OffsetFollowing:
		reject(f.Start, "frame starting from following row cannot end with current row")
	case end == ast.UnboundedPreceding:
		reject(f.End, "frame end cannot be UNBOUNDED PRECEDING")
	case start == ast.CurrentRow && end == ast.OffsetPreceding:
		reject(f.Start, "frame starting from current row cannot have preceding rows")
	case start == ast.OffsetFollowing && (end == ast.OffsetPreceding || end == ast.CurrentRow):
		reject(f.Start, "frame starting from following row cannot have preceding rows")
	}
}

func (p *parser) frameBound() ast.FrameBound {
	b := ast.FrameBound{Pos: p.at()}
	switch {
	case p.accept2(kwUnbounded, kwPreceding):
		b.Kind = ast.UnboundedPreceding
	case p.accept2(kwUnbounded, kwFollowing):
		b.Kind = ast.UnboundedFollowing
	case p.accept2(kwCurrent, kwRow):
		b.Kind = ast.CurrentRow
	default:
		b.Offset = p.expr()
		if p.accept(kwPreceding) {
			b.Kind = ast.OffsetPreceding
		} else {
			p.expect(kwFollowing)
			b.Kind = ast.OffsetFollowing
		}
	}
	return b
}
