// pokec: group by age
MATCH (n:User)
RETURN n.age AS age, count(*) AS c
ORDER BY c DESC, age LIMIT 5
