// social: q13 point read
MATCH (p:Person {id: $id})
RETURN p.name AS name, p.age AS age
