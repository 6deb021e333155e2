package oracle

import "fmt"

// fixedTwins are rewrites of patterns of one shape.
func fixedTwins(r *source) []claim {
	typ := pick(r, "", ":T", ":U|V", ":T|U")
	la, lb := pick(r, "", ":A"), pick(r, "", ":B", ":A")
	dir := pick(r, "-[%s]->", "<-[%s]-", "-[%s]-")
	arrow := func(s string) string { return fmt.Sprintf(dir, s) }
	ret := " RETURN a.id AS a, b.id AS b"
	k := r.IntN(4)
	return []claim{
		twin("R2 two MATCHes", "MATCH (a"+la+")"+arrow("r1"+typ)+"(b)"+arrow("r2"+typ)+"(c"+lb+")"+ret,
			"MATCH (a"+la+")"+arrow("r1"+typ)+"(b) MATCH (b)"+arrow("r2"+typ)+"(c"+lb+") WHERE r1 <> r2"+ret),
		twin("R3 map", fmt.Sprintf("MATCH (a%s {v: %d})%s(b)%s", la, k, arrow(typ), ret), fmt.Sprintf("MATCH (a%s)%s(b) WHERE a.v = %d%s", la, arrow(typ), k, ret)),
		twin("R3 WHERE inside", fmt.Sprintf("MATCH (a%s WHERE a.v < %d)%s(b%s)%s", la, k, arrow("r"+typ+" WHERE r.w > 1"), lb, ret),
			fmt.Sprintf("MATCH (a%s)%s(b%s) WHERE r.w > 1 AND a.v < %d%s", la, arrow("r"+typ), lb, k, ret)),
		twin("R3 label expression", "MATCH (a:A|B)"+arrow(typ)+"(b:!A) RETURN a.id AS a, b.id AS b", "MATCH (a)"+arrow(typ)+"(b) WHERE (a:A OR a:B) AND NOT b:A RETURN a.id AS a, b.id AS b"),
		twin("R3 type expression", "MATCH (a)"+arrow("r:!T")+"(b)"+ret, "MATCH (a)"+arrow("r")+"(b) WHERE type(r) <> 'T'"+ret),
		twin("R3 computed label", "MATCH (a:A)"+arrow("r:T")+"(b:B)"+ret, "MATCH (a:$('A'))"+arrow("r:$('T')")+"(b:$any(['B', 'None']))"+ret),
		twin("R4 undirected", "MATCH (a"+la+")-[r"+typ+"]-(b"+lb+")"+ret,
			"MATCH (a"+la+")-[r"+typ+"]->(b"+lb+")"+ret+" UNION ALL MATCH (a"+la+")<-[r"+typ+"]-(b"+lb+") WHERE a <> b"+ret),
		twin("R5 lengths", "MATCH (a"+la+")"+arrow(typ+"*1..3")+"(b"+lb+")"+ret,
			"MATCH (a"+la+")"+arrow(typ+"*1")+"(b"+lb+")"+ret+" UNION ALL MATCH (a"+la+")"+arrow(typ+"*2")+"(b"+lb+")"+ret+
				" UNION ALL MATCH (a"+la+")"+arrow(typ+"*3")+"(b"+lb+")"+ret),
		twin("R5 chain", "MATCH (a"+la+")"+arrow(typ+"*2")+"(b"+lb+")"+ret, "MATCH (a"+la+")"+arrow(typ)+"()"+arrow(typ)+"(b"+lb+")"+ret),
		twin("R5 zero", "MATCH (a"+la+")"+arrow(typ+"*0..1")+"(b"+lb+")"+ret,
			"MATCH (a"+la+") WITH a, a AS b WHERE "+orTrue(lb, "b")+ret+" UNION ALL MATCH (a"+la+")"+arrow(typ)+"(b"+lb+")"+ret),
		twin("COUNT", "MATCH (a"+la+") RETURN a.id AS a, COUNT { (a)"+arrow(typ)+"("+lb+") } AS c",
			"MATCH (a"+la+") OPTIONAL MATCH (a)"+arrow("r"+typ)+"("+lb+") RETURN a.id AS a, count(r) AS c"),
		twin("EXISTS", "MATCH (a"+la+") WHERE EXISTS { (a)"+arrow(typ)+"("+lb+") } RETURN a.id AS a", "MATCH (a"+la+")"+arrow(typ)+"("+lb+") RETURN DISTINCT a.id AS a"),
		twin("pattern predicate", "MATCH (a"+la+"), (b"+lb+") WHERE (a)"+arrow(typ)+"(b) OR NOT (b)"+arrow(typ+"*2")+"()"+ret,
			"MATCH (a"+la+"), (b"+lb+") WHERE EXISTS { (a)"+arrow(typ)+"(b) } OR NOT EXISTS { (b)"+arrow(typ+"*2")+"() }"+ret),
		twin("COLLECT", "MATCH (a"+la+") RETURN a.id AS a, COLLECT { MATCH (a)"+arrow("r"+typ)+"(b"+lb+") RETURN b.id ORDER BY b.id } AS l",
			"MATCH (a"+la+") OPTIONAL MATCH (a)"+arrow("r"+typ)+"(b"+lb+") WITH a, b ORDER BY b.id RETURN a.id AS a, collect(b.id) AS l"),
		twin("comprehension", "MATCH (a"+la+") UNWIND [(a)"+arrow(typ)+"(b"+lb+") | b] AS b"+ret, "MATCH (a"+la+")"+arrow(typ)+"(b"+lb+")"+ret),
		twin("CALL of rows", "MATCH (a"+la+") CALL (a) { MATCH (a)"+arrow(typ)+"(b"+lb+") RETURN b }"+ret, "MATCH (a"+la+")"+arrow(typ)+"(b"+lb+")"+ret),
		twin("OPTIONAL CALL", "MATCH (a"+la+") OPTIONAL CALL (a) { MATCH (a)"+arrow(typ)+"(b"+lb+") RETURN b }"+ret, "MATCH (a"+la+") OPTIONAL MATCH (a)"+arrow(typ)+"(b"+lb+")"+ret),
		twin("hash join", "MATCH (a"+la+"), (b"+lb+") WHERE a.v = b.v"+ret, "MATCH (a"+la+") MATCH (b"+lb+") WITH * WHERE NOT a.v <> b.v"+ret),
		twin("hash join of texts", "MATCH (a"+la+"), (b"+lb+") WHERE a.s = b.s AND a.d = b.d"+ret, "MATCH (a"+la+") MATCH (b"+lb+") WITH * WHERE a.s IN [b.s] AND [a.d] = [b.d]"+ret),
		twin("map projection", "MATCH (a"+la+") RETURN a {.v, .s, two: a.v + 1, .none} AS m", "MATCH (a"+la+") RETURN {v: a.v, s: a.s, two: a.v + 1, none: null} AS m"),
		twin("top", "MATCH (a"+la+")"+arrow(typ)+"(b"+lb+") RETURN a.id AS a, b.id AS b ORDER BY b.id DESC, a.id LIMIT 3",
			"MATCH (a"+la+")"+arrow(typ)+"(b"+lb+") WITH a, b ORDER BY b.id DESC, a.id WITH collect([a.id, b.id]) AS l UNWIND l[0..3] AS p RETURN p[0] AS a, p[1] AS b"),
		twin("grouping", "MATCH (a"+la+")"+arrow(typ)+"(b) RETURN a.v AS k, count(*) AS c, sum(b.v) AS s, min(b.v) AS m",
			"MATCH (a"+la+")"+arrow(typ)+"(b) WITH a.v AS k, collect(b) AS bs RETURN k, size(bs) AS c, reduce(s = 0, x IN bs | s + coalesce(x.v, 0)) AS s, reduce(m = null, x IN bs | CASE WHEN m IS NULL OR x.v < m THEN coalesce(x.v, m) ELSE m END) AS m"),
		twin("percentile", "MATCH (a"+la+") WHERE a.v IS NOT NULL RETURN percentileDisc(a.v, 0.5) AS p",
			"MATCH (a"+la+") WHERE a.v IS NOT NULL WITH a.v AS v ORDER BY v WITH collect(v) AS l RETURN l[(size(l) - 1) / 2] AS p"),
	}
}

// pathTwins hold repetitions, modes and selectors together.
func pathTwins(r *source) []claim {
	typ := pick(r, "", ":T", ":U|V")
	la, lb := pick(r, "", ":A"), pick(r, "", ":B", ":A")
	dir := pick(r, "-[%s]->", "<-[%s]-", "-[%s]-")
	arrow := func(s string) string { return fmt.Sprintf(dir, s) }
	from, to := "(a"+la+")", "(b"+lb+")"
	ret := " RETURN a.id AS a, b.id AS b"
	walked := "MATCH p = " + from + arrow(typ+"*1..3") + to + " WHERE "
	every := "all(i IN range(0, length(p)) WHERE "
	n, k := r.IntN(4), 1+r.IntN(2)
	return []claim{
		twin("R5 quantifier", "MATCH "+from+arrow(typ+"*1..2")+to+ret, "MATCH "+from+arrow(typ)+"{1,2}"+to+ret),
		twin("R5 group", "MATCH "+from+arrow("r"+typ+"*1..3")+to+" RETURN a.id AS a, b.id AS b, [x IN r | x.id] AS r",
			"MATCH "+from+" ((x)"+arrow("r"+typ)+"(y)){1,3} "+to+" RETURN a.id AS a, b.id AS b, [x IN r | x.id] AS r"),
		twin("R5 group of two", "MATCH "+from+" (()"+arrow(typ)+"()"+arrow("")+"()){1,2} "+to+ret,
			"MATCH "+from+arrow(typ)+"()"+arrow("")+to+ret+" UNION ALL MATCH "+from+arrow(typ)+"()"+arrow("")+"()"+arrow(typ)+"()"+arrow("")+to+ret),
		twin("group with a condition", fmt.Sprintf("MATCH %s ((x)%s(y) WHERE y.v > %d){1,3} %s%s", from, arrow(typ), n, to, ret),
			fmt.Sprintf("%sall(n IN tail(nodes(p)) WHERE n.v > %d)%s", walked, n, ret)),
		twin("group that rises", "MATCH "+from+" ((x)"+arrow(typ)+"(y) WHERE x.v < y.v){1,3} "+to+ret,
			walked+"all(i IN range(1, length(p)) WHERE nodes(p)[i - 1].v < nodes(p)[i].v)"+ret),
		twin("group's lists", "MATCH "+from+" ((x)"+arrow(typ)+"(y)){1,2} "+to+" RETURN [n IN x | n.id] AS x, [n IN y | n.id] AS y",
			"MATCH p = "+from+arrow(typ+"*1..2")+to+" RETURN [n IN nodes(p)[0..-1] | n.id] AS x, [n IN tail(nodes(p)) | n.id] AS y"),
		twin("TRAIL", "MATCH TRAIL "+from+arrow(typ)+"{1,3}"+to+ret, "MATCH "+from+arrow(typ+"*1..3")+to+ret),
		twin("ACYCLIC", "MATCH ACYCLIC "+from+arrow(typ)+"{1,3}"+to+ret, walked+every+"none(k IN range(0, i - 1) WHERE nodes(p)[k] = nodes(p)[i]))"+ret),
		twin("SIMPLE", "MATCH SIMPLE "+from+arrow(typ)+"{1,3}"+to+ret,
			walked+every+"none(k IN range(0, i - 1) WHERE nodes(p)[k] = nodes(p)[i] AND NOT (k = 0 AND i = length(p))))"+ret),
		twin("WALK", "MATCH WALK "+from+arrow(typ)+"{2}"+to+ret, "MATCH "+from+arrow(typ)+"(x) MATCH (x)"+arrow(typ)+to+ret),
		twin("ALL SHORTEST", "MATCH p = ALL SHORTEST "+from+arrow(typ)+"{1,3}"+to+ret+", length(p) AS l",
			"MATCH p = "+from+arrow(typ+"*1..3")+to+" WITH a, b, collect(length(p)) AS ls UNWIND [l IN ls WHERE none(k IN ls WHERE k < l)] AS l"+ret+", l"),
		twin("SHORTEST", "MATCH p = SHORTEST 1 "+from+arrow(typ)+"{1,3}"+to+ret+", length(p) AS l", "MATCH p = "+from+arrow(typ+"*1..3")+to+ret+", min(length(p)) AS l"),
		twin("SHORTEST GROUPS", fmt.Sprintf("MATCH p = SHORTEST %d GROUPS %s%s{1,3}%s%s, length(p) AS l", k, from, arrow(typ), to, ret),
			fmt.Sprintf("MATCH p = %s%s%s WITH a, b, length(p) AS l, count(*) AS c ORDER BY l WITH a, b, collect([l, c])[0..%d] AS ls UNWIND ls AS lc UNWIND range(1, lc[1]) AS i%s, lc[0] AS l",
				from, arrow(typ+"*1..3"), to, k, ret)),
		twin("CHEAPEST", "MATCH p = ANY CHEAPEST "+from+arrow("r"+typ)+"{1,3}"+to+" COST r.w"+ret+", reduce(c = 0, x IN r | c + x.w) AS c",
			"MATCH p = "+from+arrow("r"+typ+"*1..3")+to+ret+", min(reduce(c = 0, x IN r | c + x.w)) AS c"),
		twin("HEURISTIC", "MATCH "+from+", "+to+" MATCH p = ANY CHEAPEST (a)"+arrow("r"+typ)+"+(b) COST r.w HEURISTIC 0"+ret+", reduce(c = 0, x IN r | c + x.w) AS c",
			"MATCH "+from+", "+to+" MATCH p = ANY CHEAPEST (a)"+arrow("r"+typ)+"+(b) COST r.w"+ret+", reduce(c = 0, x IN r | c + x.w) AS c"),
		twin("nothing repeated", "MATCH "+from+" ((x)"+arrow("r"+typ)+"(y)){0,1} "+to+" RETURN a.id AS a, b.id AS b, size(r) AS n",
			"MATCH "+from+arrow("r"+typ+"*0..1")+to+" RETURN a.id AS a, b.id AS b, size(r) AS n"),
	}
}

func orTrue(label, name string) string {
	if label == "" {
		return "true"
	}
	return name + label
}
