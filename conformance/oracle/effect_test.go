package oracle

import (
	"fmt"
	"testing"
)

// effects are statements that write, and other ways of writing the same. Each row writes to
// a node of its own and reads only what that holds: which row is the first is open.
func effects(r *source, _ *model) []claim {
	w := &writer{r: r, nodes: []string{"n"}, bare: true}
	label := pick(r, "", ":A", ":B", ":A&!C")
	p, e, x := w.test(2), w.number(1), w.number(1)
	match := "MATCH (n" + label + ") WHERE " + p + " "
	all := func(name, write, same string, more ...string) claim {
		return leaves(name, append([]string{match + write, match + same, match + "FOREACH (i IN [0] | " + write + ")", match + "CALL (n) { " + write + " }",
			match + "WITH collect(n) AS ns UNWIND ns AS n " + write, match + "WITH n ORDER BY n.id DESC " + write, match + write + " RETURN n.id AS id NEXT FINISH"}, more...)...)
	}
	out := []claim{
		all("SET", "SET n.v = "+e, "SET n += {v: "+e+"}", match+"SET n['v'] = "+e, match+"WITH n, "+e+" AS e SET n.v = 17 SET n.v = e"),
		all("SET of two", "SET n.v = "+e+", n.w = "+x, "SET n += {v: "+e+"}, n.w = "+x),
		all("SET of all", "SET n = {id: n.id, v: "+e+"}", "WITH n, properties(n) AS old, "+e+" AS e SET n = {} SET n.id = old.id, n.v = e"),
		all("SET of a copy", "SET n = properties(n)", "SET n += {}"),
		all("labels", "SET n:B:D", "SET n IS D SET n:$('B')", match+"SET n:$(['B', 'D'])"),
		all("labels go", "REMOVE n:A", "REMOVE n:$('A')", match+"SET n:A REMOVE n:A"),
		all("REMOVE", "REMOVE n.v", "SET n.v = null", match+"SET n += {v: null}", match+"REMOVE n['v']"),
		all("DETACH DELETE", "DETACH DELETE n", "OPTIONAL MATCH (n)-[r]-() DELETE r WITH DISTINCT n DELETE n"),
		all("CREATE", "CREATE (:X {v: n.v, e: "+e+"})", "INSERT (:X {e: "+e+", v: n.v})", match+"CREATE (m:X) SET m.v = n.v, m.e = "+e, match+"CREATE (m:$('X')) SET m += {v: n.v, e: "+e+"}"),
		all("CREATE of what is matched", "CREATE (:A:B:C {v: n.v})", "INSERT (m:A&B&C) SET m.v = n.v"),
		all("CREATE of a path", "CREATE (n)-[:T {w: 1}]->(:X {v: n.v})<-[:U]-(n)", "CREATE (m:X {v: n.v}) CREATE (n)-[:T {w: 1}]->(m), (m)<-[:U]-(n)"),
		all("nothing stays", "CREATE (m:X {v: "+e+"}) DETACH DELETE m", "FINISH"),
		all("MERGE of relationships", "MERGE (n)-[:M]->(n)", "WITH n WHERE NOT EXISTS { (n)-[:M]->(n) } CREATE (n)-[:M]->(n)", match+"MERGE (n)-[:M]->(n) MERGE (n)-[:M]-(n)"),
	}
	given := "MATCH (n" + label + ") WHERE n.v IS NOT NULL AND (" + p + ") "
	k := r.IntN(4)
	typ := pick(r, ":T", "", ":U|V")
	return append(out,
		leaves("MERGE of nodes", given+"MERGE (:X {v: n.v})", given+"WITH DISTINCT n.v AS v CREATE (:X {v: v})", given+"WITH collect(DISTINCT n.v) AS vs FOREACH (v IN vs | MERGE (:X {v: v}))"),
		leaves("MERGE of nodes that are there", given+"MERGE (m:A {v: n.v}) ON CREATE SET m.made = true", given+"WITH DISTINCT n.v AS v WHERE NOT EXISTS { (:A {v: v}) } CREATE (:A {v: v, made: true})"),
		leaves("MERGE finds", fmt.Sprintf("MERGE (m:A {v: %d}) ON MATCH SET m.found = true ON CREATE SET m.made = true", k),
			fmt.Sprintf("CALL () { MATCH (m:A {v: %d}) SET m.found = true RETURN count(m) AS c } WITH c WHERE c = 0 CREATE (:A {v: %d, made: true})", k, k)),
		leaves("relationships SET", "MATCH ()-[r"+typ+"]->() SET r.w = r.w + 1", "MATCH ()-[r"+typ+"]-() WITH DISTINCT r SET r.w = r.w + 1", "MATCH ()<-[r"+typ+"]-() SET r += {w: 1 + r.w}"),
		leaves("relationships DELETE", "MATCH (n"+label+")-[r"+typ+"]-() WHERE "+p+" DELETE r", "MATCH ()-[r"+typ+"]-(n"+label+") WHERE "+p+" WITH collect(r) AS rs FOREACH (r IN rs | DELETE r)"),
		leaves("relationships replaced", "MATCH (a)-[r"+typ+"]->(b) WITH a, b, r, properties(r) AS p DELETE r CREATE (a)-[x:Z]->(b) SET x = p",
			"MATCH (a)-[r"+typ+"]->(b) CREATE (a)-[x:Z]->(b) SET x = properties(r) DELETE r"),
		leaves("paths CREATE", "MATCH (a)-[r"+typ+"]->(b) CREATE (a)-[:Z {w: r.w}]->(:X)", "MATCH (b)<-[r"+typ+"]-(a) CREATE (x:X) INSERT (x)<-[z:Z]-(a) SET z.w = r.w"),
		leaves("rows CREATE", "UNWIND range(1, 3) AS i MATCH (n"+label+") CREATE (:X {i: i, id: n.id})", "MATCH (n"+label+") CALL (n) { UNWIND range(1, 3) AS i CREATE (:X {i: i, id: n.id}) }"),
	)
}

// leaves claims that texts leave the same graph behind.
func leaves(name string, texts ...string) claim {
	return claim{name: name, relation: effect, texts: texts}
}

// TestEffects writes in several ways, plainly and in another setting, and compares what is there then.
func TestEffects(t *testing.T) {
	sets := manners()
	f := family{graph: func(r *source) *model {
		m := filled(r)
		switch m.stage {
		case pending, pendingOver, betweenChanges:
			m.stage = changedOver // each text has a transaction of its own
		}
		return m
	}, claims: effects, each: 2, sets: func(i int) []setting { return []setting{plain, sets[1+i%(len(sets)-1)]} }}
	f.run(t, seeds(5))
}
