package parser

func (p *parser) hintFor(token) string { return "" }
func (p *parser) hintAfterStatement() string { return "" }
