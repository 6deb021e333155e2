package status

// GQL is a status of ISO/IEC 39075: five characters, of which the first two are the class,
// and what they say. Classes 00, 01, 02 and 03 are of statements that succeeded; every
// other one is of an error.
type GQL struct {
	Code        string
	Description string
}

// The statuses of statements that succeeded.
var (
	GQLSuccess = GQL{"00000", "note: successful completion"}
	GQLOmitted = GQL{"00001", "note: successful completion - omitted result"}
	GQLNoData  = GQL{"02000", "note: no data"}
	// GQLWarning is of notices; what each says follows the description.
	GQLWarning = GQL{"01000", "warn: warning"}
)

// GQLNotice returns the status of a notice.
func GQLNotice(text string) GQL {
	return GQL{GQLWarning.Code, GQLWarning.Description + " - " + text}
}

// GQL returns the status that c has in GQL.
func (c Code) GQL() GQL {
	code, ok := gqlCodes[c]
	if !ok {
		code = "50N42"
	}
	return GQL{code, "error: " + gqlDescriptions[code]}
}

// GQL returns the status of e in GQL.
func (e *Error) GQL() GQL { return e.Code.GQL() }

// gqlCodes gives each code its status. Those with an N in them are not in the standard;
// they mean what they mean in Neo4j. Several codes may share one.
var gqlCodes = map[Code]string{
	UnexpectedSyntax: "42001", UndefinedVariable: "42N62", VariableAlreadyBound: "42N59", VariableTypeConflict: "42N38",
	InvalidArgumentType: "22G03", NoSingleRelationshipType: "42006", AmbiguousAggregationExpression: "42N21",
	NegativeIntegerArgument: "22G02", InvalidParameterUse: "42N32", InvalidNumberOfArguments: "42I13", InvalidAggregation: "42I18",
	IntegerOverflow: "22003", NonConstantExpression: "42N22", RequiresDirectedRelationship: "42N31", InvalidRelationshipPattern: "42N31",
	InvalidDelete: "42N31", DifferentColumnsInUnion: "42N39", CreatingVarLength: "42N31", ColumnNameConflict: "42N38", ProcedureNotFound: "42N08",
	UnknownFunction: "42N48", NoExpressionAlias: "42N21", NestedAggregation: "42I18", InvalidUnicodeLiteral: "42I47",
	InvalidNumberLiteral: "42I10", InvalidClauseComposition: "42I06", InvalidArgumentPassingMode: "42I13", FloatingPointOverflow: "22003",
	InvalidUnicodeCharacter: "42001", RelationshipUniquenessViolation: "42N59", NoVariablesInScope: "42I37", MissingParameter: "42N51",
	NotYet: "42N17", TooDeep: "42N28", TooLong: "42N28", InvalidStringEscape: "42I47", CostNotAllowed: "42N31", TransactionStatement: "25000",

	InvalidArgumentValue: "22N11", DeletedEntityAccess: "22N24", NumberOutOfRange: "22003", MapElementAccessByNonString: "22G03",
	MergeReadOwnWrites: "22N31", InvalidPropertyType: "22N01", DeleteConnectedNode: "G1001", RuntimeTypeMismatch: "22G03",
	ArithmeticOverflow: "22003", DivisionByZero: "22012", InvalidCost: "22N11", ListElementAccessByNonInteger: "22G03", CountOverflow: "22003",
	NodeNotFound: "22N24", ArgumentTypeMismatch: "22G03",

	WriteConflict: "40001", ConstraintViolation: "G2000", NoSuchTransaction: "25000", TransactionClosed: "25000", TransactionTimeout: "25N14",
	SerializableNotYet: "25N19", ReadOnlyTransaction: "25G03", SchemaConflict: "22N70", NoSuchIndex: "42N09", NoSuchConstraint: "42N10",
	TransactionTerminated: "25N16",

	QueryMemoryLimit: "51N55", QueryTimeLimit: "25N14", RowLimit: "51N55", PathRowLimit: "51N55", PathLengthLimit: "51N55", TransactionLimit: "51N55",
	BodyLimit: "51N55", SessionLimit: "51N55", Cancelled: "25N16", StoreFull: "51N55", RateLimit: "51N55", HeaderLimit: "51N55", ValueTooLarge: "51N55",

	InvalidToken: "42NFF", RoleTooLow: "42NFF", HostNotAllowed: "42NFF", OriginNotAllowed: "42NFF", ContentTypeRefused: "08N06", MalformedRequest: "08N06",
	NotReady: "08N09", Draining: "08N09", UnknownEndpoint: "08N06", MethodNotAllowed: "08N06", NoSuchToken: "42N11", InvalidSetting: "22N04",
	TooManyFailures: "42NFF", InvalidUsage: "22N04", Unreachable: "08000", NotAcceptable: "08N06", NoSuchDatabase: "22N51",

	FileNotFound: "22N43", MissingColumn: "22N04", DuplicateID: "22N79", DanglingRelationship: "G1002", LineTooLong: "22N04", InvalidUTF8: "22N04",
	MalformedRow: "22N04", ImportDirRefused: "22N43", BadRows: "22N04", MalformedFile: "22N04", NodeExists: "22N79",

	NewerFormat: "51N26", StoreLocked: "51N00", Corruption: "51N00", StorePoisoned: "51N00", DiskFull: "51N00", StoreClosed: "51N00",
	ReadOnlyStore: "25G03", NotAStore: "51N00", DiskError: "51N00",

	Internal: "50N42",
}

var gqlDescriptions = map[string]string{
	"08000": "connection exception",
	"08N06": "connection exception - protocol error",
	"08N09": "connection exception - database unavailable",
	"22003": "data exception - numeric value out of range",
	"22012": "data exception - division by zero",
	"22G02": "data exception - negative limit value",
	"22G03": "data exception - invalid value type",
	"22N01": "data exception - invalid type",
	"22N04": "data exception - invalid input value",
	"22N11": "data exception - invalid argument",
	"22N24": "data exception - entity not found",
	"22N31": "data exception - invalid properties in merge pattern",
	"22N43": "data exception - unable to load external resource",
	"22N51": "data exception - database not found",
	"22N70": "data exception - equivalent schema object exists",
	"22N79": "data exception - uniqueness constraint violated",
	"25000": "invalid transaction state",
	"25G03": "invalid transaction state - read-only transaction",
	"25N14": "invalid transaction state - transaction or statement ran too long",
	"25N16": "invalid transaction state - transaction or statement terminated",
	"25N19": "invalid transaction state - isolation level not offered",
	"40001": "transaction rollback - serialization failure",
	"42001": "syntax error or access rule violation - invalid syntax",
	"42006": "syntax error or access rule violation - number of relationship types below supported minimum",
	"42I06": "syntax error or access rule violation - invalid input",
	"42I10": "syntax error or access rule violation - invalid number literal",
	"42I13": "syntax error or access rule violation - invalid number of arguments",
	"42I18": "syntax error or access rule violation - invalid use of aggregate function",
	"42I37": "syntax error or access rule violation - invalid use of RETURN *",
	"42I47": "syntax error or access rule violation - invalid escape in a string",
	"42N08": "syntax error or access rule violation - no such procedure",
	"42N09": "syntax error or access rule violation - no such index",
	"42N10": "syntax error or access rule violation - no such constraint",
	"42N11": "syntax error or access rule violation - no such token",
	"42N17": "syntax error or access rule violation - unsupported request",
	"42N21": "syntax error or access rule violation - expression must be aliased or grouped",
	"42N22": "syntax error or access rule violation - expression must not depend on rows",
	"42N28": "syntax error or access rule violation - statement too large",
	"42N31": "syntax error or access rule violation - expression or pattern not allowed here",
	"42N32": "syntax error or access rule violation - invalid use of a parameter",
	"42N38": "syntax error or access rule violation - conflicting name",
	"42N39": "syntax error or access rule violation - incompatible return columns",
	"42N48": "syntax error or access rule violation - no such function",
	"42N51": "syntax error or access rule violation - missing parameter",
	"42N59": "syntax error or access rule violation - variable already defined",
	"42N62": "syntax error or access rule violation - variable not defined",
	"42NFF": "syntax error or access rule violation - permission or access denied",
	"50N42": "general processing exception - unexpected error",
	"51N00": "system configuration or operation exception",
	"51N26": "system configuration or operation exception - not available in this version",
	"51N55": "system configuration or operation exception - limit reached",
	"G1001": "dependent object error - edges still exist",
	"G1002": "dependent object error - endpoint node is deleted",
	"G2000": "graph type violation",
}
