package procedure

import (
	"slices"
	"sort"

	"github.com/kadedb/kadedb/value"
)

// roles are what a token may be, from the one that may least.
var roles = []string{"reader", "writer", "admin"}

// userProcedures tell of tokens as users: a token's name is a user's, and its role is the
// one role that the user has.
func userProcedures() []*Def {
	user := append(columns("user", "STRING?", "roles", "LIST OF STRING", "passwordChangeRequired", "BOOLEAN?", "suspended", "BOOLEAN?", "home", "STRING?"),
		verbose("id", "STRING?", "created", "ZONED DATETIME?")...)
	old := columns("username", "STRING?", "roles", "LIST OF STRING", "flags", "LIST OF STRING")
	all, none := value.String(""), value.List()
	privileges := append(columns("access", "STRING", "action", "STRING", "resource", "STRING", "graph", "STRING", "segment", "STRING", "role", "STRING",
		"immutable", "BOOLEAN"), verbose("user", "STRING?")...)
	return []*Def{
		{Name: "dbms.users", Mode: DBMS, Results: user, Doc: "The tokens, as SHOW USERS lists them; to an administrator.",
			Example: "CALL dbms.users() YIELD user, roles", Run: eachUser(userRow)},
		{Name: "dbms.currentUser", Mode: DBMS, Results: user, Doc: "The token that asks, as SHOW CURRENT USER does; its name is null without tokens.",
			Example: "CALL dbms.currentUser() YIELD user, roles", Run: currentUser(userRow)},
		{Name: "dbms.roles", Mode: DBMS, Args: []Field{optional("kind", "STRING", all)}, Results: columns("role", "STRING"),
			Doc:     "The roles, as SHOW ROLES lists them; of 'POPULATED', to an administrator, those that tokens have.",
			Example: "CALL dbms.roles()", Run: runRoles},
		{Name: "dbms.members", Mode: DBMS, Args: []Field{optional("kind", "STRING", all)}, Results: columns("role", "STRING", "member", "STRING?"),
			Doc:     "The roles and the tokens that have them, as SHOW ROLES WITH USERS lists them; to an administrator.",
			Example: "CALL dbms.members() YIELD role, member", Run: runMembers},
		{Name: "dbms.privileges", Mode: DBMS, Args: []Field{optional("of", "STRING", all), textList("names", &none)}, Results: privileges,
			Doc:     "What each role may do, as SHOW PRIVILEGES lists it; of 'ROLE', what roles of some names may; of 'USER', what tokens of some names may, or the one that asks.",
			Example: "CALL dbms.privileges() YIELD role, action", Run: runPrivileges},
		{Name: "dbms.security.listUsers", Mode: DBMS, Results: old, Doc: "The tokens; to an administrator.",
			Example: "CALL dbms.security.listUsers()", Run: eachUser(oldUserRow)},
		{Name: "dbms.security.showCurrentUser", Mode: DBMS, Results: old, Doc: "The token that asks.",
			Example: "CALL dbms.security.showCurrentUser() YIELD roles", Run: currentUser(oldUserRow)},
		{Name: "dbms.showCurrentUser", Mode: DBMS, Results: old, Doc: "The token that asks.",
			Example: "CALL dbms.showCurrentUser() YIELD roles", Run: currentUser(oldUserRow)},
		{Name: "dbms.security.listRoles", Mode: DBMS, Results: columns("role", "STRING", "users", "LIST OF STRING"),
			Doc: "The roles and the tokens that have them; to an administrator.", Example: "CALL dbms.security.listRoles()", Run: runListRoles},
		{Name: "dbms.security.listRolesForUser", Mode: DBMS, Args: columns("username", "STRING"), Results: columns("value", "STRING"),
			Doc: "The role of a token; to an administrator.", Example: "CALL dbms.security.listRolesForUser('nobody')",
			Run: func(ctx *Context, args []value.Value, emit emitFunc) error {
				return eachUser(func(u User) []value.Value {
					if u.Name != args[0].AsString() {
						return nil
					}
					return []value.Value{value.String(u.Role)}
				})(ctx, args, emit)
			}},
		{Name: "dbms.security.listUsersForRole", Mode: DBMS, Args: columns("role", "STRING"), Results: columns("value", "STRING"),
			Doc: "The tokens that have a role; to an administrator.", Example: "CALL dbms.security.listUsersForRole('reader')",
			Run: func(ctx *Context, args []value.Value, emit emitFunc) error {
				return eachUser(func(u User) []value.Value {
					if u.Role != args[0].AsString() {
						return nil
					}
					return []value.Value{value.String(u.Name)}
				})(ctx, args, emit)
			}},
	}
}

func userRow(u User) []value.Value {
	return []value.Value{orNull(u.Name), stringsOf([]string{u.Role}), value.Bool(false), value.Bool(false), value.Null, orNull(u.ID), instant(u.Created)}
}

func oldUserRow(u User) []value.Value {
	return []value.Value{orNull(u.Name), stringsOf([]string{u.Role}), stringsOf(nil)}
}

// usersOf returns the tokens by name.
func usersOf(ctx *Context) ([]User, error) {
	if ctx.Users == nil {
		return nil, nil
	}
	list, err := ctx.Users.Users()
	sort.SliceStable(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list, err
}

// eachUser makes a procedure of a row for each token; nil is none.
func eachUser(row func(User) []value.Value) func(*Context, []value.Value, emitFunc) error {
	return func(ctx *Context, _ []value.Value, emit emitFunc) error {
		list, err := usersOf(ctx)
		if err != nil {
			return err
		}
		for _, u := range list {
			if r := row(u); r != nil {
				if err := emit(r); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

func currentUser(row func(User) []value.Value) func(*Context, []value.Value, emitFunc) error {
	return func(ctx *Context, _ []value.Value, emit emitFunc) error { return emit(row(ctx.User)) }
}

func eachText(list []string, emit emitFunc) error {
	for _, s := range list {
		if err := emit([]value.Value{value.String(s)}); err != nil {
			return err
		}
	}
	return nil
}

// members returns the names of the tokens of a role.
func members(users []User, role string) []string {
	var out []string
	for _, u := range users {
		if u.Role == role {
			out = append(out, u.Name)
		}
	}
	return out
}

func runRoles(ctx *Context, args []value.Value, emit emitFunc) error {
	if args[0].AsString() != "POPULATED" {
		return eachText(roles, emit)
	}
	users, err := usersOf(ctx)
	if err != nil {
		return err
	}
	unused := func(role string) bool { return len(members(users, role)) == 0 }
	return eachText(slices.DeleteFunc(slices.Clone(roles), unused), emit)
}

func runMembers(ctx *Context, args []value.Value, emit emitFunc) error {
	users, err := usersOf(ctx)
	if err != nil {
		return err
	}
	for _, role := range roles {
		list := members(users, role)
		if len(list) == 0 && args[0].AsString() != "POPULATED" {
			if err := emit([]value.Value{value.String(role), value.Null}); err != nil {
				return err
			}
		}
		for _, u := range list {
			if err := emit([]value.Value{value.String(role), value.String(u)}); err != nil {
				return err
			}
		}
	}
	return nil
}

func runListRoles(ctx *Context, _ []value.Value, emit emitFunc) error {
	users, err := usersOf(ctx)
	if err != nil {
		return err
	}
	for _, role := range roles {
		if err := emit([]value.Value{value.String(role), stringsOf(members(users, role))}); err != nil {
			return err
		}
	}
	return nil
}

// privileges are what a role may do beyond the one before it.
var privileges = map[string][]string{
	"reader": {"access", "match", "execute"},
	"writer": {"write", "index", "constraint", "token"},
	"admin":  {"token_management", "terminate_transaction", "show_transaction"},
}

func runPrivileges(ctx *Context, args []value.Value, emit emitFunc) error {
	names, err := texts("a name", args[1])
	if err != nil {
		return err
	}
	if args[0].AsString() != "USER" {
		for _, role := range roles {
			if picks(names, role) {
				if err := emitPrivileges(ctx, role, "", emit); err != nil {
					return err
				}
			}
		}
		return nil
	}
	users := []User{ctx.User}
	if len(names) > 0 {
		if users, err = usersOf(ctx); err != nil {
			return err
		}
	}
	for _, u := range users {
		if picks(names, u.Name) {
			if err := emitPrivileges(ctx, u.Role, u.Name, emit); err != nil {
				return err
			}
		}
	}
	return nil
}

// emitPrivileges gives what a role may, and those below it.
func emitPrivileges(ctx *Context, role, user string, emit emitFunc) error {
	for _, lower := range roles[:slices.Index(roles, role)+1] {
		for _, action := range privileges[lower] {
			row := []value.Value{value.String("GRANTED"), value.String(action), value.String("all"), value.String(ctx.database()),
				value.String("*"), value.String(role), value.Bool(true), orNull(user)}
			if err := emit(row); err != nil {
				return err
			}
		}
	}
	return nil
}
