// The tokens of KadeQL. The parser package scans text by hand, for speed and
// for better errors; this grammar numbers the tokens and is what a test
// compares that scanner with.
lexer grammar KadeQLLexer;

options { caseInsensitive = true; }

// Words. Every one of them is also a name: see `name` and `variable` in the parser.
ACYCLIC : 'ACYCLIC' ;
ALL : 'ALL' ;
ALLSHORTESTPATHS : 'ALLSHORTESTPATHS' ;
AND : 'AND' ;
ANY : 'ANY' ;
ARRAY : 'ARRAY' ;
AS : 'AS' ;
ASC : 'ASC' ;
ASCENDING : 'ASCENDING' ;
ASSERT : 'ASSERT' ;
BEGIN : 'BEGIN' ;
BINDINGS : 'BINDINGS' ;
BOOL : 'BOOL' ;
BOOLEAN : 'BOOLEAN' ;
BOTH : 'BOTH' ;
BREAK : 'BREAK' ;
BTREE : 'BTREE' ;
BUILT : 'BUILT' ;
BY : 'BY' ;
CALL : 'CALL' ;
CASE : 'CASE' ;
CHEAPEST : 'CHEAPEST' ;
COLLECT : 'COLLECT' ;
COMMIT : 'COMMIT' ;
CONCURRENT : 'CONCURRENT' ;
CONSTRAINT : 'CONSTRAINT' ;
CONSTRAINTS : 'CONSTRAINTS' ;
CONTAINS : 'CONTAINS' ;
CONTINUE : 'CONTINUE' ;
COST : 'COST' ;
COUNT : 'COUNT' ;
CREATE : 'CREATE' ;
CSV : 'CSV' ;
CYPHER : 'CYPHER' ;
DATE : 'DATE' ;
DATETIME : 'DATETIME' ;
DELETE : 'DELETE' ;
DESC : 'DESC' ;
DESCENDING : 'DESCENDING' ;
DETACH : 'DETACH' ;
DIFFERENT : 'DIFFERENT' ;
DISTINCT : 'DISTINCT' ;
DROP : 'DROP' ;
DURATION : 'DURATION' ;
EACH : 'EACH' ;
EDGE : 'EDGE' ;
EDGES : 'EDGES' ;
ELEMENT : 'ELEMENT' ;
ELEMENTS : 'ELEMENTS' ;
ELSE : 'ELSE' ;
END : 'END' ;
ENDS : 'ENDS' ;
ERROR : 'ERROR' ;
EXISTS : 'EXISTS' ;
EXPLAIN : 'EXPLAIN' ;
FAIL : 'FAIL' ;
FALSE : 'FALSE' ;
FIELDTERMINATOR : 'FIELDTERMINATOR' ;
FILTER : 'FILTER' ;
FINISH : 'FINISH' ;
FLOAT : 'FLOAT' ;
FOR : 'FOR' ;
FOREACH : 'FOREACH' ;
FROM : 'FROM' ;
FULLTEXT : 'FULLTEXT' ;
FUNCTION : 'FUNCTION' ;
FUNCTIONS : 'FUNCTIONS' ;
GROUP : 'GROUP' ;
GROUPS : 'GROUPS' ;
HEADERS : 'HEADERS' ;
HEURISTIC : 'HEURISTIC' ;
IF : 'IF' ;
IN : 'IN' ;
INDEX : 'INDEX' ;
INDEXES : 'INDEXES' ;
INSERT : 'INSERT' ;
INT : 'INT' ;
INTEGER : 'INTEGER' ;
IS : 'IS' ;
JOIN : 'JOIN' ;
KEY : 'KEY' ;
LABELED : 'LABELED' ;
LEADING : 'LEADING' ;
LET : 'LET' ;
LIMIT : 'LIMIT' ;
LIST : 'LIST' ;
LOAD : 'LOAD' ;
LOCAL : 'LOCAL' ;
LOOKUP : 'LOOKUP' ;
MAP : 'MAP' ;
MATCH : 'MATCH' ;
MERGE : 'MERGE' ;
NEXT : 'NEXT' ;
NFC : 'NFC' ;
NFD : 'NFD' ;
NFKC : 'NFKC' ;
NFKD : 'NFKD' ;
NODE : 'NODE' ;
NODETACH : 'NODETACH' ;
NORMALIZED : 'NORMALIZED' ;
NOT : 'NOT' ;
NOTHING : 'NOTHING' ;
NULL : 'NULL' ;
OF : 'OF' ;
OFFSET : 'OFFSET' ;
ON : 'ON' ;
ONLY : 'ONLY' ;
OPTIONAL : 'OPTIONAL' ;
OPTIONS : 'OPTIONS' ;
OR : 'OR' ;
ORDER : 'ORDER' ;
ORDINALITY : 'ORDINALITY' ;
PATH : 'PATH' ;
PATHS : 'PATHS' ;
POINT : 'POINT' ;
PROCEDURE : 'PROCEDURE' ;
PROCEDURES : 'PROCEDURES' ;
PROFILE : 'PROFILE' ;
PROPERTY : 'PROPERTY' ;
RANGE : 'RANGE' ;
READ : 'READ' ;
REL : 'REL' ;
RELATIONSHIP : 'RELATIONSHIP' ;
RELATIONSHIPS : 'RELATIONSHIPS' ;
REMOVE : 'REMOVE' ;
REPEATABLE : 'REPEATABLE' ;
REPORT : 'REPORT' ;
REQUIRE : 'REQUIRE' ;
RETRY : 'RETRY' ;
RETURN : 'RETURN' ;
ROLLBACK : 'ROLLBACK' ;
ROW : 'ROW' ;
ROWS : 'ROWS' ;
SCALAR : 'SCALAR' ;
SCAN : 'SCAN' ;
SECOND : 'SECOND' ;
SECONDS : 'SECONDS' ;
SEEK : 'SEEK' ;
SET : 'SET' ;
SHORTEST : 'SHORTEST' ;
SHORTESTPATH : 'SHORTESTPATH' ;
SHOW : 'SHOW' ;
SIGNED : 'SIGNED' ;
SIMPLE : 'SIMPLE' ;
SKIP_ : 'SKIP' ;
START : 'START' ;
STARTS : 'STARTS' ;
STATUS : 'STATUS' ;
STRING_TYPE : 'STRING' ;
TERMINATE : 'TERMINATE' ;
TEXT : 'TEXT' ;
THEN : 'THEN' ;
TIME : 'TIME' ;
TIMESTAMP : 'TIMESTAMP' ;
TIMEZONE : 'TIMEZONE' ;
TO : 'TO' ;
TRAIL : 'TRAIL' ;
TRAILING : 'TRAILING' ;
TRANSACTION : 'TRANSACTION' ;
TRANSACTIONS : 'TRANSACTIONS' ;
TRUE : 'TRUE' ;
TYPED : 'TYPED' ;
UNION : 'UNION' ;
UNIQUE : 'UNIQUE' ;
UNWIND : 'UNWIND' ;
USE : 'USE' ;
USING : 'USING' ;
VALUE : 'VALUE' ;
VARCHAR : 'VARCHAR' ;
VECTOR : 'VECTOR' ;
VERTEX : 'VERTEX' ;
WALK : 'WALK' ;
WHEN : 'WHEN' ;
WHERE : 'WHERE' ;
WITH : 'WITH' ;
WITHOUT : 'WITHOUT' ;
WORK : 'WORK' ;
WRITE : 'WRITE' ;
XOR : 'XOR' ;
YIELD : 'YIELD' ;
ZONE : 'ZONE' ;
ZONED : 'ZONED' ;

// Punctuation.
LPAREN : '(' ;
RPAREN : ')' ;
LBRACKET : '[' ;
RBRACKET : ']' ;
LBRACE : '{' ;
RBRACE : '}' ;
COMMA : ',' ;
DOT : '.' ;
DOTDOT : '..' ;
COLON : ':' ;
COLONCOLON : '::' ;
SEMICOLON : ';' ;
DOLLAR : '$' ;
BAR : '|' ;
BARBAR : '||' ;
AMPERSAND : '&' ;
EXCLAMATION : '!' ;
EQ : '=' ;
NE : '<>' ;
LT : '<' ;
LE : '<=' ;
GT : '>' ;
GE : '>=' ;
REGEX : '=~' ;
PLUSEQ : '+=' ;
PLUS : '+' ;
MINUS : '-' ;
STAR : '*' ;
SLASH : '/' ;
PERCENT : '%' ;
CARET : '^' ;

// Literals. BAD_NUMBER is whatever begins like a number and goes on like a name.
FLOAT_LITERAL
    : DIGITS '.' DIGITS ( 'e' [+-]? DIGITS )?
    | '.' DIGITS ( 'e' [+-]? DIGITS )?
    | DIGITS 'e' [+-]? DIGITS
    ;
INTEGER_LITERAL
    : DIGITS
    | '0x' [0-9a-f] ( '_'? [0-9a-f] )*
    | '0o' [0-7] ( '_'? [0-7] )*
    ;
BAD_NUMBER
    : [0-9]+ NAME_PART+
    | DIGITS? '.' DIGITS NAME_PART+
    ;
fragment DIGITS : [0-9] ( '_'? [0-9] )* ;
STRING_LITERAL
    : '\'' ( ~['\\] | '\\' . )* '\''
    | '"' ( ~["\\] | '\\' . )* '"'
    ;

// Names.
ESCAPED : ( '`' ~[`\u0000]* '`' )+ ;
IDENTIFIER : NAME_START NAME_PART* ;

fragment NAME_START : [\p{L}\p{Nl}\p{Pc}] ;
fragment NAME_PART : [\p{L}\p{Nl}\p{Pc}\p{Nd}\p{Mn}\p{Mc}] ;

// Nothing.
SPACE : [\p{White_Space}\u001C-\u001F\u180E\uFEFF]+ -> skip ;
LINE_COMMENT : '//' ~[\r\n]* -> skip ;
BLOCK_COMMENT : '/*' .*? '*/' -> skip ;
