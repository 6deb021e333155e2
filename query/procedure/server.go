package procedure

import (
	"strings"

	"github.com/kadedb/kadedb/value"
)

// serverProcedures tell of the store as a server of databases: it has one.
func serverProcedures() []*Def {
	none := value.List()
	info := columns("id", "STRING", "name", "STRING", "creationDate", "STRING?")
	return []*Def{
		{Name: "db.ping", Results: columns("success", "BOOLEAN"), Mode: DBMS,
			Doc: "One row, true: the store answers.", Example: "CALL db.ping()",
			Run: func(_ *Context, _ []value.Value, emit emitFunc) error {
				return emit([]value.Value{value.Bool(true)})
			}},
		{Name: "db.info", Results: info, Mode: DBMS, Doc: "The name of the database.", Example: "CALL db.info() YIELD name", Run: runInfo},
		{Name: "dbms.info", Results: info, Mode: DBMS, Doc: "The name of the database.", Example: "CALL dbms.info() YIELD name", Run: runInfo},
		{Name: "dbms.components", Mode: DBMS, Results: columns("name", "STRING", "versions", "LIST OF STRING", "edition", "STRING"),
			Doc: "The name and version of the engine.", Example: "CALL dbms.components() YIELD name, edition", Run: runComponents},
		{Name: "dbms.databases", Mode: DBMS, Args: []Field{textList("names", &none)}, Results: databaseColumns(),
			Doc: "The database, as SHOW DATABASES lists it.", Example: "CALL dbms.databases() YIELD name, aliases, currentStatus", Run: runDatabases},
		{Name: "dbms.aliases", Mode: DBMS, Args: []Field{textList("names", &none)},
			Results: append(columns("name", "STRING", "composite", "STRING?", "database", "STRING", "location", "STRING", "url", "STRING?", "user", "STRING?"),
				verbose("driver", "MAP?", "properties", "MAP?")...),
			Doc: "The other names of the database, as SHOW ALIASES FOR DATABASE lists them.", Example: "CALL dbms.aliases() YIELD name, database",
			Run: runAliases},
		{Name: "dbms.servers", Mode: DBMS,
			Results: append(columns("name", "STRING", "address", "STRING?", "state", "STRING", "health", "STRING", "hosting", "LIST OF STRING"),
				verbose("serverId", "STRING?", "httpAddress", "STRING?", "httpsAddress", "STRING?", "requestedHosting", "LIST OF STRING", "tags", "LIST OF STRING",
					"allowedDatabases", "LIST OF STRING", "deniedDatabases", "LIST OF STRING", "modeConstraint", "STRING", "version", "STRING")...),
			Doc: "The server, as SHOW SERVERS lists it.", Example: "CALL dbms.servers() YIELD state, health, hosting", Run: runServers},
	}
}

// database is the name of the store.
func (c *Context) database() string { return c.server().Database }

// server is what is told of the store; a caller without one has a name for it.
func (c *Context) server() *Server {
	if c.Server == nil {
		return &Server{Database: "kadedb"}
	}
	return c.Server
}

func (c *Context) version() string {
	if c.Version == "" {
		return "dev"
	}
	return c.Version
}

func runComponents(ctx *Context, _ []value.Value, emit emitFunc) error {
	return emit([]value.Value{value.String("KadeDB"), stringsOf([]string{ctx.version()}), value.String("community")})
}

func runInfo(ctx *Context, _ []value.Value, emit emitFunc) error {
	return emit([]value.Value{value.String(ctx.database()), value.String(ctx.database()), value.Null})
}

func databaseColumns() []Field {
	f := append(columns("name", "STRING", "type", "STRING", "aliases", "LIST OF STRING", "access", "STRING"),
		verbose("databaseID", "STRING?", "serverID", "STRING?")...)
	f = append(f, columns("address", "STRING?", "role", "STRING", "writer", "BOOLEAN", "requestedStatus", "STRING",
		"currentStatus", "STRING", "statusMessage", "STRING", "default", "BOOLEAN", "home", "BOOLEAN")...)
	f = append(f, verbose("currentPrimariesCount", "INTEGER", "currentSecondariesCount", "INTEGER", "requestedPrimariesCount", "INTEGER?",
		"requestedSecondariesCount", "INTEGER?", "creationTime", "ZONED DATETIME?", "lastStartTime", "ZONED DATETIME?", "lastStopTime", "ZONED DATETIME?",
		"store", "STRING", "lastCommittedTxn", "INTEGER?", "replicationLag", "INTEGER")...)
	f = append(f, columns("constituents", "LIST OF STRING")...)
	return append(f, verbose("defaultLanguage", "STRING", "options", "MAP")...)
}

func runDatabases(ctx *Context, args []value.Value, emit emitFunc) error {
	names, err := texts("a database's name", args[0])
	if err != nil {
		return err
	}
	s := ctx.server()
	found := picks(names, s.Database)
	for _, a := range s.Aliases {
		found = found || picks(names, a)
	}
	if !found {
		return nil
	}
	access := "read-write"
	if s.ReadOnly {
		access = "read-only"
	}
	_, host, ok := strings.Cut(s.Address, "://")
	if !ok {
		host = s.Address
	}
	online, yes, one, zero := value.String("online"), value.Bool(true), value.Int(1), value.Int(0)
	return emit([]value.Value{value.String(s.Database), value.String("standard"), stringsOf(s.Aliases), value.String(access),
		value.String(s.Database), value.String(s.Database),
		orNull(host), value.String("primary"), value.Bool(!s.ReadOnly), online, online, value.String(""), yes, yes,
		one, zero, one, zero, value.Null, instant(s.Started), value.Null, value.String("kadedb"), value.Null, zero,
		stringsOf(nil), value.String("KadeQL"), mapOf()})
}

func runAliases(ctx *Context, args []value.Value, emit emitFunc) error {
	names, err := texts("an alias", args[0])
	if err != nil {
		return err
	}
	for _, a := range ctx.server().Aliases {
		if !picks(names, a) {
			continue
		}
		row := []value.Value{value.String(a), value.Null, value.String(ctx.database()), value.String("local"), value.Null, value.Null, value.Null, value.Null}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

func runServers(ctx *Context, _ []value.Value, emit emitFunc) error {
	s := ctx.server()
	name := s.Address
	if name == "" {
		name = s.Database
	}
	_, host, ok := strings.Cut(s.Address, "://")
	if !ok {
		host = s.Address
	}
	hosting := stringsOf([]string{s.Database})
	return emit([]value.Value{value.String(name), orNull(host), value.String("Enabled"), value.String("Available"), hosting,
		value.String(s.Database), orNull(host), value.Null, hosting, stringsOf(nil), stringsOf(nil), stringsOf(nil), value.String("NONE"), value.String(ctx.version())})
}
