package ast

// ShowKind is what SHOW lists.
type ShowKind uint8

// The listings.
const (
	ShowIndexes ShowKind = iota + 1
	ShowConstraints
	ShowFunctions
	ShowProcedures
	ShowTransactions
	ShowSettings
	ShowDatabases
	ShowAliases
	ShowServers
	ShowUsers
	ShowCurrentUser
	ShowRoles
	ShowMembers
	ShowPrivileges
	ShowVersion
	ShowConfig
	ShowStorageInfo
	ShowIndexInfo
	ShowConstraintInfo
	ShowSchemaInfo
)

// String gives the words that stand for k after SHOW.
func (k ShowKind) String() string { return showWords[k] }

var showWords = [...]string{
	ShowIndexes: "INDEXES", ShowConstraints: "CONSTRAINTS", ShowFunctions: "FUNCTIONS", ShowProcedures: "PROCEDURES",
	ShowTransactions: "TRANSACTIONS", ShowSettings: "SETTINGS", ShowDatabases: "DATABASES", ShowAliases: "ALIASES FOR DATABASE",
	ShowServers: "SERVERS", ShowUsers: "USERS", ShowCurrentUser: "CURRENT USER", ShowRoles: "ROLES",
	ShowMembers: "ROLES WITH USERS", ShowPrivileges: "PRIVILEGES", ShowVersion: "VERSION", ShowConfig: "CONFIG",
	ShowStorageInfo: "STORAGE INFO", ShowIndexInfo: "INDEX INFO", ShowConstraintInfo: "CONSTRAINT INFO", ShowSchemaInfo: "SCHEMA INFO",
}

// Show is SHOW kind [ids] [YIELD …] [WHERE …] [RETURN …].
type Show struct {
	Loc
	Kind   ShowKind
	Only   string // which of them, before the kind: "RANGE" of indexes, "HOME" of databases; "" for all
	IDs    []Expr // SHOW TRANSACTIONS id, id: of those only
	Yield  *Yield
	Where  Expr // without YIELD; the one after YIELD is Yield.Where
	Return *Return
	Next   Statement // a *Show or *Terminate that runs for each row of this one, or nil
}

// Terminate is TERMINATE TRANSACTION[S] id, …, with what may follow a SHOW.
type Terminate struct {
	Loc
	IDs    []Expr
	Yield  *Yield
	Where  Expr
	Return *Return
	Next   Statement
}
