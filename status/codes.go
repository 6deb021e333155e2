package status

import (
	"fmt"
	"log/slog"
)

// Blame says who can mend an error; front ends map it to their own classes.
type Blame uint8

const (
	// Client errors are mended by sending something else.
	Client Blame = iota + 1
	// Unauthorized errors are mended by a valid token.
	Unauthorized
	// Forbidden errors need a role that the token lacks.
	Forbidden
	// NotFound errors name a thing that is not there.
	NotFound
	// Conflict errors may pass when the transaction is run again.
	Conflict
	// TooLarge errors are mended by sending less.
	TooLarge
	// Limited errors ran into a limit that can be raised.
	Limited
	// Transient errors pass by themselves (starting, stopping, disk full).
	Transient
	// Damage is data that cannot be trusted.
	Damage
	// Bug is a fault of KadeDB's own.
	Bug
)

var blameNames = [...]string{Client: "client", Unauthorized: "unauthorized", Forbidden: "forbidden", NotFound: "not found",
	Conflict: "conflict", TooLarge: "too large", Limited: "limit", Transient: "transient", Damage: "damage", Bug: "bug"}

func (b Blame) String() string { return blameNames[b] }

// Code numbers an error for ever: codes are appended, never reused.
type Code uint16

// Info is what the table says of a code.
type Info struct {
	Code    Code
	Name    string // also openCypher's "detail" for errors of the language
	Type    string // openCypher's type (SyntaxError …); "" outside the language
	Phase   Phase  // usual phase; 0 outside the language
	Blame   Blame
	Summary string
	Example string // a query that raises it; "" where no query alone can
}

// Info returns the code's row of the table.
func (c Code) Info() Info {
	if i, ok := byCode[c]; ok {
		return i
	}
	return Info{Code: c, Name: fmt.Sprintf("Code%d", c), Blame: Bug}
}

// String gives the form that users see, "KDB-1001".
func (c Code) String() string { return fmt.Sprintf("KDB-%04d", uint16(c)) }

// LogValue is that form too: a log in JSON would have the bare number.
func (c Code) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Table returns every code in order.
func Table() []Info { return append([]Info(nil), table...) }

var byCode = func() map[Code]Info {
	m := make(map[Code]Info, len(table))
	for _, i := range table {
		m[i.Code] = i
	}
	return m
}()

// 1xxx: the text of a query. 2xxx: values and entities while it runs.
// 3xxx: transactions and constraints. 4xxx: limits. 5xxx: access and protocol.
// 6xxx: files and import. 7xxx: the store. 9xxx: ours.
const (
	UnexpectedSyntax                Code = 1001
	UndefinedVariable               Code = 1002
	VariableAlreadyBound            Code = 1003
	VariableTypeConflict            Code = 1004
	InvalidArgumentType             Code = 1005
	NoSingleRelationshipType        Code = 1006
	AmbiguousAggregationExpression  Code = 1007
	NegativeIntegerArgument         Code = 1008
	InvalidParameterUse             Code = 1009
	InvalidNumberOfArguments        Code = 1010
	InvalidAggregation              Code = 1011
	IntegerOverflow                 Code = 1012
	NonConstantExpression           Code = 1013
	RequiresDirectedRelationship    Code = 1014
	InvalidRelationshipPattern      Code = 1015
	InvalidDelete                   Code = 1016
	DifferentColumnsInUnion         Code = 1017
	CreatingVarLength               Code = 1018
	ColumnNameConflict              Code = 1019
	ProcedureNotFound               Code = 1020
	UnknownFunction                 Code = 1021
	NoExpressionAlias               Code = 1022
	NestedAggregation               Code = 1023
	InvalidUnicodeLiteral           Code = 1024
	InvalidNumberLiteral            Code = 1025
	InvalidClauseComposition        Code = 1026
	InvalidArgumentPassingMode      Code = 1027
	FloatingPointOverflow           Code = 1028
	InvalidUnicodeCharacter         Code = 1029
	RelationshipUniquenessViolation Code = 1030
	NoVariablesInScope              Code = 1031
	MissingParameter                Code = 1032
	NotYet                          Code = 1033
	TooDeep                         Code = 1034
	TooLong                         Code = 1035
	InvalidStringEscape             Code = 1036
	CostNotAllowed                  Code = 1037
	TransactionStatement            Code = 1038

	InvalidArgumentValue          Code = 2001
	DeletedEntityAccess           Code = 2002
	NumberOutOfRange              Code = 2003
	MapElementAccessByNonString   Code = 2004
	MergeReadOwnWrites            Code = 2005
	InvalidPropertyType           Code = 2006
	DeleteConnectedNode           Code = 2007
	RuntimeTypeMismatch           Code = 2008
	ArithmeticOverflow            Code = 2009
	DivisionByZero                Code = 2010
	InvalidCost                   Code = 2011
	ListElementAccessByNonInteger Code = 2012
	CountOverflow                 Code = 2013
	NodeNotFound                  Code = 2014
	ArgumentTypeMismatch          Code = 2015

	WriteConflict         Code = 3001
	ConstraintViolation   Code = 3002
	NoSuchTransaction     Code = 3003
	TransactionClosed     Code = 3004
	TransactionTimeout    Code = 3005
	SerializableNotYet    Code = 3006
	ReadOnlyTransaction   Code = 3007
	SchemaConflict        Code = 3008
	NoSuchIndex           Code = 3009
	NoSuchConstraint      Code = 3010
	TransactionTerminated Code = 3011

	QueryMemoryLimit Code = 4001
	QueryTimeLimit   Code = 4002
	RowLimit         Code = 4003
	PathRowLimit     Code = 4004
	PathLengthLimit  Code = 4005
	TransactionLimit Code = 4006
	BodyLimit        Code = 4007
	SessionLimit     Code = 4008
	Cancelled        Code = 4009
	StoreFull        Code = 4010
	RateLimit        Code = 4011
	HeaderLimit      Code = 4012
	ValueTooLarge    Code = 4013

	InvalidToken       Code = 5001
	RoleTooLow         Code = 5002
	HostNotAllowed     Code = 5003
	OriginNotAllowed   Code = 5004
	ContentTypeRefused Code = 5005
	MalformedRequest   Code = 5006
	NotReady           Code = 5007
	Draining           Code = 5008
	UnknownEndpoint    Code = 5009
	MethodNotAllowed   Code = 5010
	NoSuchToken        Code = 5011
	InvalidSetting     Code = 5012
	TooManyFailures    Code = 5013
	InvalidUsage       Code = 5014
	Unreachable        Code = 5015
	NotAcceptable      Code = 5016
	NoSuchDatabase     Code = 5017

	FileNotFound         Code = 6001
	MissingColumn        Code = 6002
	DuplicateID          Code = 6003
	DanglingRelationship Code = 6004
	LineTooLong          Code = 6005
	InvalidUTF8          Code = 6006
	MalformedRow         Code = 6007
	ImportDirRefused     Code = 6008
	BadRows              Code = 6009
	MalformedFile        Code = 6010
	NodeExists           Code = 6011

	NewerFormat   Code = 7001
	StoreLocked   Code = 7002
	Corruption    Code = 7003
	StorePoisoned Code = 7004
	DiskFull      Code = 7005
	StoreClosed   Code = 7006
	ReadOnlyStore Code = 7007
	NotAStore     Code = 7008
	DiskError     Code = 7009

	Internal Code = 9001
)

const (
	syntaxError = "SyntaxError"
	typeError   = "TypeError"
)

// table is the one declaration of every code; docs/errors.md is generated from it.
var table = []Info{
	{UnexpectedSyntax, "UnexpectedSyntax", syntaxError, CompileTime, Client, "the text is not KadeQL", "RETRUN 1"},
	{UndefinedVariable, "UndefinedVariable", syntaxError, CompileTime, Client, "a name is used that no clause before defines", "RETURN x"},
	{VariableAlreadyBound, "VariableAlreadyBound", syntaxError, CompileTime, Client, "a name is defined a second time", "MATCH (n) CREATE (n)"},
	{VariableTypeConflict, "VariableTypeConflict", syntaxError, CompileTime, Client, "a name stands for two kinds of thing", "MATCH (n)-[n]->() RETURN n"},
	{InvalidArgumentType, "InvalidArgumentType", syntaxError, CompileTime, Client, "an operand or argument has a type that the operation does not take", "RETURN 1 AND true"},
	{NoSingleRelationshipType, "NoSingleRelationshipType", syntaxError, CompileTime, Client, "a relationship is created without exactly one type", "CREATE ()-->()"},
	{AmbiguousAggregationExpression, "AmbiguousAggregationExpression", syntaxError, CompileTime, Client, "an expression mixes aggregates with values that are not grouped by", "MATCH (n) RETURN n.a + count(*)"},
	{NegativeIntegerArgument, "NegativeIntegerArgument", syntaxError, CompileTime, Client, "a count is negative", "RETURN 1 LIMIT -1"},
	{InvalidParameterUse, "InvalidParameterUse", syntaxError, CompileTime, Client, "a parameter stands where none may", "MATCH (n $p) RETURN n"},
	{InvalidNumberOfArguments, "InvalidNumberOfArguments", syntaxError, CompileTime, Client, "a function or procedure gets too few or too many arguments", "RETURN abs()"},
	{InvalidAggregation, "InvalidAggregation", syntaxError, CompileTime, Client, "an aggregate stands where none may", "MATCH (n) WHERE count(n) > 1 RETURN n"},
	{IntegerOverflow, "IntegerOverflow", syntaxError, CompileTime, Client, "an integer literal does not fit 64 bits", "RETURN 9223372036854775808"},
	{NonConstantExpression, "NonConstantExpression", syntaxError, CompileTime, Client, "a value that must not depend on rows does", "MATCH (n) RETURN n LIMIT n.x"},
	{RequiresDirectedRelationship, "RequiresDirectedRelationship", syntaxError, CompileTime, Client, "a relationship is created without one direction", "CREATE ()-[:T]-()"},
	{InvalidRelationshipPattern, "InvalidRelationshipPattern", syntaxError, CompileTime, Client, "a relationship pattern is not allowed here", ""},
	{InvalidDelete, "InvalidDelete", syntaxError, CompileTime, Client, "DELETE of something that is not an entity", "MATCH (n) DELETE n:L"},
	{DifferentColumnsInUnion, "DifferentColumnsInUnion", syntaxError, CompileTime, Client, "the parts of a UNION return other columns", "RETURN 1 AS a UNION RETURN 2 AS b"},
	{CreatingVarLength, "CreatingVarLength", syntaxError, CompileTime, Client, "a variable-length relationship is created", "CREATE ()-[:T*2]->()"},
	{ColumnNameConflict, "ColumnNameConflict", syntaxError, CompileTime, Client, "two columns have one name", "RETURN 1 AS a, 2 AS a"},
	{ProcedureNotFound, "ProcedureNotFound", "ProcedureError", CompileTime, Client, "no procedure has this name", "CALL no.such()"},
	{UnknownFunction, "UnknownFunction", syntaxError, CompileTime, Client, "no function has this name", "RETURN nosuch(1)"},
	{NoExpressionAlias, "NoExpressionAlias", syntaxError, CompileTime, Client, "an expression in WITH needs AS name", "MATCH (n) WITH n.x RETURN 1"},
	{NestedAggregation, "NestedAggregation", syntaxError, CompileTime, Client, "an aggregate inside an aggregate", "RETURN count(count(*))"},
	{InvalidUnicodeLiteral, "InvalidUnicodeLiteral", syntaxError, CompileTime, Client, "a \\u escape is not four hexadecimal digits", `RETURN '\uH'`},
	{InvalidNumberLiteral, "InvalidNumberLiteral", syntaxError, CompileTime, Client, "a number literal is malformed", "RETURN 9.2e"},
	{InvalidClauseComposition, "InvalidClauseComposition", syntaxError, CompileTime, Client, "clauses stand in an order that is not allowed", "RETURN 1 UNION RETURN 2 UNION ALL RETURN 3"},
	{InvalidArgumentPassingMode, "InvalidArgumentPassingMode", syntaxError, CompileTime, Client, "implicit procedure arguments are allowed only in a standalone CALL", ""},
	{FloatingPointOverflow, "FloatingPointOverflow", syntaxError, CompileTime, Client, "a float literal is out of range", "RETURN 1.34E999"},
	{InvalidUnicodeCharacter, "InvalidUnicodeCharacter", syntaxError, CompileTime, Client, "a character that the language does not know", "RETURN 42 — 41"},
	{RelationshipUniquenessViolation, "RelationshipUniquenessViolation", syntaxError, CompileTime, Client, "one relationship variable stands twice in one pattern", "MATCH (a)-[r]->()-[r]->() RETURN r"},
	{NoVariablesInScope, "NoVariablesInScope", syntaxError, CompileTime, Client, "RETURN * with nothing to return", "MATCH () RETURN *"},
	{MissingParameter, "MissingParameter", "ParameterMissing", CompileTime, Client, "a parameter was not given", "RETURN $p"},
	{NotYet, "NotYet", syntaxError, CompileTime, Client, "part of the language that this version does not run", "FROM t AS x RETURN x"},
	{TooDeep, "TooDeep", syntaxError, CompileTime, Client, "expressions nested deeper than 200", ""},
	{TooLong, "TooLong", syntaxError, CompileTime, TooLarge, "query text over 1 MiB, or of more than 524288 words and signs", ""},
	{InvalidStringEscape, "InvalidStringEscape", syntaxError, CompileTime, Client, "an unknown backslash escape", `RETURN '\q'`},
	{CostNotAllowed, "CostNotAllowed", syntaxError, CompileTime, Client, "COST holds something that it may not", "MATCH p = ANY CHEAPEST (a)-[r:T*]->(b) COST count(r) RETURN p"},
	{TransactionStatement, "TransactionStatement", syntaxError, CompileTime, Client, "COMMIT or ROLLBACK without an open transaction, or BEGIN inside one", "COMMIT"},

	{InvalidArgumentValue, "InvalidArgumentValue", typeError, Runtime, Client, "a value has the wrong type for its use", "RETURN toInteger([])"},
	{DeletedEntityAccess, "DeletedEntityAccess", "EntityNotFound", Runtime, Client, "a deleted entity's property or label is read", ""},
	{NumberOutOfRange, "NumberOutOfRange", "ArgumentError", Runtime, Client, "a number is outside the range that a function takes", "RETURN range(1, 2, 0)"},
	{MapElementAccessByNonString, "MapElementAccessByNonString", typeError, Runtime, Client, "a map is indexed by something that is not a string", "WITH {a: 1} AS m, 1 AS i RETURN m[i]"},
	{MergeReadOwnWrites, "MergeReadOwnWrites", "SemanticError", Runtime, Client, "MERGE on a null property", "MERGE ({x: null})"},
	{InvalidPropertyType, "InvalidPropertyType", typeError, Runtime, Client, "a value of this type cannot be stored as a property", "CREATE ({x: {y: 1}})"},
	{DeleteConnectedNode, "DeleteConnectedNode", "ConstraintVerificationFailed", Runtime, Client, "a node with relationships is deleted without DETACH", "CREATE (a)-[:T]->() DELETE a"},
	{RuntimeTypeMismatch, "InvalidArgumentType", typeError, Runtime, Client, "an operand has a type that the operation does not take", "UNWIND [1, 'x'] AS v RETURN v - 1"},
	{ArithmeticOverflow, "ArithmeticOverflow", "ArithmeticError", Runtime, Client, "integer arithmetic leaves 64 bits", "RETURN 9223372036854775807 + 1"},
	{DivisionByZero, "DivisionByZero", "ArithmeticError", Runtime, Client, "integer division by zero", "RETURN 1 / 0"},
	{InvalidCost, "InvalidCost", "ArgumentError", Runtime, Client, "a negative, null or NaN cost", ""},
	{ListElementAccessByNonInteger, "ListElementAccessByNonInteger", typeError, Runtime, Client, "a list is indexed by something that is not an integer", "UNWIND [0, 'x'] AS i RETURN [1][i]"},
	{CountOverflow, "CountOverflow", "ArithmeticError", Runtime, Client, "a count leaves 64 bits", ""},
	{NodeNotFound, "NodeNotFound", "EntityNotFound", Runtime, Client, "an entity is not in the store", ""},
	{ArgumentTypeMismatch, "InvalidArgumentType", "ArgumentError", Runtime, Client, "a function's argument has a type that it does not take", "RETURN range(1, 'x')"},

	{WriteConflict, "WriteConflict", "", 0, Conflict, "another transaction changed the same entity first; run it again", ""},
	{ConstraintViolation, "ConstraintViolation", "ConstraintVerificationFailed", Runtime, Client, "a write breaks a constraint", ""},
	{NoSuchTransaction, "NoSuchTransaction", "", 0, NotFound, "no open transaction has this id", ""},
	{TransactionClosed, "TransactionClosed", "", 0, Client, "the transaction has ended", ""},
	{TransactionTimeout, "TransactionTimeout", "", 0, Limited, "the transaction was idle or open for too long and was rolled back", ""},
	{SerializableNotYet, "SerializableNotYet", "", 0, Client, "serializable isolation is not offered yet", ""},
	{ReadOnlyTransaction, "ReadOnlyTransaction", "", 0, Forbidden, "a write in a read-only transaction", ""},
	{SchemaConflict, "SchemaConflict", "", 0, Client, "an equal index or constraint exists", ""},
	{NoSuchIndex, "NoSuchIndex", "", 0, NotFound, "no index has this name", "DROP INDEX nosuch"},
	{NoSuchConstraint, "NoSuchConstraint", "", 0, NotFound, "no constraint has this name", "DROP CONSTRAINT nosuch"},
	{TransactionTerminated, "TransactionTerminated", "", 0, Client, "the transaction was terminated by an administrator or its token was revoked", ""},

	{QueryMemoryLimit, "QueryMemoryLimit", "", 0, Limited, "a query needs more memory than it may use", ""},
	{QueryTimeLimit, "QueryTimeLimit", "", 0, Limited, "a query ran longer than it may", ""},
	{RowLimit, "RowLimit", "", 0, Limited, "an unstreamed answer has too many rows", ""},
	{PathRowLimit, "PathRowLimit", "", 0, Limited, "a path search holds too many rows at once", ""},
	{PathLengthLimit, "PathLengthLimit", "", 0, Limited, "a trail longer than the limit exists and the pattern has no upper bound", ""},
	{TransactionLimit, "TransactionLimit", "", 0, Limited, "a transaction holds more changes than it may", ""},
	{BodyLimit, "BodyLimit", "", 0, TooLarge, "a request body over the limit", ""},
	{SessionLimit, "SessionLimit", "", 0, Limited, "too many open transactions or requests", ""},
	{Cancelled, "Cancelled", "", 0, Client, "the query was cancelled", ""},
	{StoreFull, "StoreFull", "", 0, Limited, "the store holds as many entities as it can", ""},
	{RateLimit, "RateLimit", "", 0, Limited, "more requests of one token in a second than it may send", ""},
	{HeaderLimit, "HeaderLimit", "", 0, TooLarge, "a request's header over the limit", ""},
	{ValueTooLarge, "ValueTooLarge", "", 0, TooLarge, "a property value that is too large for the store's memory", ""},

	{InvalidToken, "InvalidToken", "", 0, Unauthorized, "no token, or one that is unknown or revoked", ""},
	{RoleTooLow, "RoleTooLow", "", 0, Forbidden, "the token's role does not allow this", ""},
	{HostNotAllowed, "HostNotAllowed", "", 0, Forbidden, "the Host header names another host", ""},
	{OriginNotAllowed, "OriginNotAllowed", "", 0, Forbidden, "the Origin header names a foreign page", ""},
	{ContentTypeRefused, "ContentTypeRefused", "", 0, Client, "a body whose type or encoding is not taken", ""},
	{MalformedRequest, "MalformedRequest", "", 0, Client, "a request that cannot be read", ""},
	{NotReady, "NotReady", "", 0, Transient, "the store is still recovering", ""},
	{Draining, "Draining", "", 0, Transient, "the server is stopping", ""},
	{UnknownEndpoint, "UnknownEndpoint", "", 0, NotFound, "no such address", ""},
	{MethodNotAllowed, "MethodNotAllowed", "", 0, Client, "the address does not take this method", ""},
	{NoSuchToken, "NoSuchToken", "", 0, NotFound, "no token has this id", ""},
	{InvalidSetting, "InvalidSetting", "", 0, Client, "a setting's value cannot be used", ""},
	{TooManyFailures, "TooManyFailures", "", 0, Limited, "too many wrong tokens from one address", ""},
	{InvalidUsage, "InvalidUsage", "", 0, Client, "a command line that cannot be used", ""},
	{Unreachable, "Unreachable", "", 0, Transient, "a server that does not answer, or is none of ours", ""},
	{NotAcceptable, "NotAcceptable", "", 0, Client, "an answer is asked for in a form that is not offered", ""},
	{NoSuchDatabase, "NoSuchDatabase", "", 0, NotFound, "USE names a database that is not there", "USE nosuch RETURN 1"},

	{FileNotFound, "FileNotFound", "", 0, NotFound, "a file is missing or unreadable", ""},
	{MissingColumn, "MissingColumn", "", 0, Client, "a file lacks a column that was named", ""},
	{DuplicateID, "DuplicateID", "", 0, Client, "two rows have one id", ""},
	{DanglingRelationship, "DanglingRelationship", "", 0, Client, "a relationship's end is not a known id", ""},
	{LineTooLong, "LineTooLong", "", 0, Client, "a line over the limit", ""},
	{InvalidUTF8, "InvalidUTF8", "", 0, Client, "bytes that are not UTF-8", ""},
	{MalformedRow, "MalformedRow", "", 0, Client, "a row that does not fit its header or types", ""},
	{ImportDirRefused, "ImportDirRefused", "", 0, Forbidden, "LOAD outside the import folder", "LOAD CSV FROM 'x.csv' AS row RETURN row"},
	{BadRows, "BadRows", "", 0, Client, "an import met bad rows and wrote nothing", ""},
	{MalformedFile, "MalformedFile", "", 0, Client, "a file is not of its format", ""},
	{NodeExists, "NodeExists", "", 0, Client, "an imported node is in the store already", ""},

	{NewerFormat, "NewerFormat", "", 0, Damage, "the store was written by a newer version", ""},
	{StoreLocked, "StoreLocked", "", 0, Transient, "another process holds the store", ""},
	{Corruption, "Corruption", "", 0, Damage, "stored bytes do not match their checksum", ""},
	{StorePoisoned, "StorePoisoned", "", 0, Transient, "a sync failed earlier; writes stop until the store is opened again", ""},
	{DiskFull, "DiskFull", "", 0, Transient, "no room on the disk for a write", ""},
	{StoreClosed, "StoreClosed", "", 0, Transient, "the store is closed", ""},
	{ReadOnlyStore, "ReadOnlyStore", "", 0, Client, "the store was opened for reading", ""},
	{NotAStore, "NotAStore", "", 0, Client, "the folder does not hold a store", ""},
	{DiskError, "DiskError", "", 0, Transient, "the disk refused an operation", ""},

	{Internal, "Internal", "", 0, Bug, "a fault of KadeDB's own; please report it", ""},
}
