package dbgen

// Draws that a row of each table takes at most.
const (
	linesMax      = 7  // lines of an order
	suppliersEach = 4  // suppliers of a part
	addressDraws  = 9  // one for the length, one for every five characters
	nameDraws     = 92 // a whole shuffle of the colours
)

// The seeds are fixed by the reference implementation of the benchmark.
var (
	partMfgrStream      = stream{1, 1}
	partBrandStream     = stream{46831694, 1}
	partTypeStream      = stream{1841581359, 1}
	partSizeStream      = stream{1193163244, 1}
	partContainerStream = stream{727633698, 1}
	partCommentStream   = stream{804159733, 2}
	partNameStream      = stream{709314158, nameDraws}

	partSuppQtyStream     = stream{1671059989, suppliersEach}
	partSuppCostStream    = stream{1051288424, suppliersEach}
	partSuppCommentStream = stream{1961692154, 2 * suppliersEach}

	orderClerkStream    = stream{1171034773, 1}
	orderCommentStream  = stream{276090261, 2}
	orderDateStream     = stream{1066728069, 1}
	orderPriorityStream = stream{591449447, 1}
	orderCustomerStream = stream{851767375, 1}
	orderLinesStream    = stream{1434868289, 1}

	lineQuantityStream   = stream{209208115, linesMax}
	lineDiscountStream   = stream{554590007, linesMax}
	lineTaxStream        = stream{721958466, linesMax}
	lineInstructStream   = stream{1371272478, linesMax}
	lineModeStream       = stream{675466456, linesMax}
	linePartStream       = stream{1808217256, linesMax}
	lineSupplierStream   = stream{2095021727, linesMax}
	lineShipDateStream   = stream{1769349045, linesMax}
	lineCommitStream     = stream{904914315, linesMax}
	lineReceiptStream    = stream{373135028, linesMax}
	lineReturnFlagStream = stream{717419739, linesMax}
	lineCommentStream    = stream{1095462486, 2 * linesMax}

	customerAddressStream = stream{881155353, addressDraws}
	customerNationStream  = stream{1489529863, 1}
	customerPhoneStream   = stream{1521138112, 3}
	customerBalanceStream = stream{298370230, 1}
	customerSegmentStream = stream{1140279430, 1}
	customerCommentStream = stream{1335826707, 2}

	supplierAddressStream = stream{706178559, addressDraws}
	supplierNationStream  = stream{110356601, 1}
	supplierPhoneStream   = stream{884434366, 3}
	supplierBalanceStream = stream{962338209, 1}
	supplierCommentStream = stream{1341315363, 2}
	// Some suppliers' comments are overwritten with a complaint or a
	// recommendation by customers.
	supplierRemarkStream = stream{202794285, 1}
	supplierKindStream   = stream{753643799, 1}
	supplierNoiseStream  = stream{263032577, 1}
	supplierOffsetStream = stream{715851524, 1}

	nationCommentStream = stream{606179079, 2}
	regionCommentStream = stream{1500869201, 2}

	textStream = stream{933588178, 0}
)
