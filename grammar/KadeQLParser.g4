// The grammar of KadeQL: openCypher 9, the parts of GQL that users of a
// Cypher dialect expect, and KadeDB's own statements.
//
// It is written for SLL prediction and must stay so; a test parses a large
// corpus in both modes and fails where they differ. What keeps it so:
//
//   - A query is clause+; which clause may follow which is the binder's business.
//   - An expression is a flat list of operands and operators; precedence is
//     settled when the tree is built. There is one postfix rule.
//   - Quantifiers, reduce and shortestPath are function calls in form; so are
//     list comprehensions list literals.
//   - Words are soft: `name` takes every word, `variable` all but eight.
parser grammar KadeQLParser;

options { tokenVocab = KadeQLLexer; }

statement
    : ( EXPLAIN | PROFILE | cypherOptions )* ( query | use? schemaStatement | use? adminStatement ) SEMICOLON? EOF
    ;

// CYPHER 25 runtime=parallel: what other systems are told about how to run a query.
cypherOptions
    : CYPHER ( INTEGER_LITERAL | FLOAT_LITERAL )? ( name EQ ( name | INTEGER_LITERAL | STRING_LITERAL ) )*
    ;

// The database that a query is for.
use
    : USE name ( DOT name )* arguments?
    ;

// ---- queries

query
    : union ( NEXT union )*
    ;

union
    : singleQuery ( UNION ( ALL | DISTINCT )? singleQuery )*
    ;

singleQuery
    : use? clause+
    | conditional
    | LBRACE query RBRACE
    ;

conditional
    : ( WHEN expression THEN branch )+ ( ELSE branch )?
    ;

branch
    : LBRACE query RBRACE
    | clause+
    ;

clause
    : ( matchClause | unwindClause | callClause | loadClause | letClause | filterClause | forClause ) page?
    | withClause
    | returnClause
    | createClause
    | mergeClause
    | setClause
    | removeClause
    | deleteClause
    | foreachClause
    | FINISH
    ;

// ORDER BY, SKIP and LIMIT by themselves; WITH and RETURN have their own.
page
    : orderBy skip? limit?
    | skip limit?
    | limit
    ;

matchClause
    : OPTIONAL? MATCH matchMode? pattern hint* where?
    ;

matchMode
    : REPEATABLE ( ELEMENTS | ELEMENT BINDINGS? )
    | DIFFERENT ( RELATIONSHIPS | EDGES | ( RELATIONSHIP | EDGE ) BINDINGS? )
    ;

hint
    : USING ( RANGE | TEXT | POINT )? INDEX SEEK? name COLON name LPAREN name ( COMMA name )* RPAREN
    | USING SCAN name COLON name
    | USING JOIN ON name ( COMMA name )*
    ;

where
    : WHERE expression
    ;

withClause
    : WITH projection where?
    ;

returnClause
    : RETURN projection
    ;

projection
    : DISTINCT? ( STAR ( COMMA projectionItem )* | projectionItem ( COMMA projectionItem )* )
      groupBy? orderBy? skip? limit?
    ;

groupBy
    : GROUP BY ( LPAREN RPAREN | expression ( COMMA expression )* )
    ;

projectionItem
    : expression ( AS name )?
    ;

orderBy
    : ORDER BY sortItem ( COMMA sortItem )*
    ;

sortItem
    : expression ( ASC | ASCENDING | DESC | DESCENDING )?
    ;

skip
    : ( SKIP_ | OFFSET ) expression
    ;

limit
    : LIMIT expression
    ;

unwindClause
    : UNWIND expression AS name
    ;

forClause
    : FOR name IN expression ( WITH ( ORDINALITY | OFFSET ) name )?
    ;

letClause
    : LET letItem ( COMMA letItem )*
    ;

letItem
    : name EQ expression
    ;

filterClause
    : FILTER WHERE? expression
    ;

createClause
    : ( CREATE | INSERT ) pattern
    ;

mergeClause
    : MERGE patternPart mergeAction*
    ;

mergeAction
    : ON ( MATCH | CREATE ) SET setItem ( COMMA setItem )*
    ;

setClause
    : SET setItem ( COMMA setItem )*
    ;

setItem
    : postfix ( EQ expression | PLUSEQ expression | labels )
    ;

removeClause
    : REMOVE removeItem ( COMMA removeItem )*
    ;

removeItem
    : postfix labels?
    ;

deleteClause
    : ( DETACH | NODETACH )? DELETE expression ( COMMA expression )*
    ;

foreachClause
    : FOREACH LPAREN name IN expression BAR clause+ RPAREN
    ;

callClause
    : OPTIONAL? CALL procedureName arguments? yield?
    | OPTIONAL? CALL callScope? LBRACE query RBRACE inTransactions?
    ;

procedureName
    : name ( DOT name )*
    ;

arguments
    : LPAREN ( expression ( COMMA expression )* )? RPAREN
    ;

callScope
    : LPAREN ( STAR | name ( COMMA name )* )? RPAREN
    ;

yield
    : YIELD ( STAR | yieldItem ( COMMA yieldItem )* ) where?
    ;

yieldItem
    : name ( AS name )?
    ;

inTransactions
    : IN ( expression? CONCURRENT )? ( TRANSACTION | TRANSACTIONS )
      inTransactionsPart*
    ;

inTransactionsPart
    : OF expression ( ROW | ROWS )
    | ON ERROR ( CONTINUE | BREAK | FAIL )
    | ON ERROR RETRY ( FOR expression ( SECOND | SECONDS ) )? ( THEN ( CONTINUE | BREAK | FAIL ) )?
    | REPORT STATUS AS name
    ;

loadClause
    : LOAD ( CSV ( WITH HEADERS )? | IDENTIFIER ) FROM expression AS name ( FIELDTERMINATOR STRING_LITERAL )?
    ;

// ---- patterns

pattern
    : patternPart ( COMMA patternPart )*
    ;

patternPart
    : ( variable EQ )? selector? pathMode? pathElements cost?
    | ( variable EQ )? ( SHORTESTPATH | ALLSHORTESTPATHS ) LPAREN pathElements RPAREN cost?
    ;

selector
    : ALL ( PATH | PATHS )?
    | ANY hopCount? ( PATH | PATHS )?
    | ANY SHORTEST ( PATH | PATHS )?
    | ALL SHORTEST ( PATH | PATHS )?
    | SHORTEST hopCount? ( PATH | PATHS )?
    | SHORTEST hopCount? ( pathMode | PATH | PATHS )? ( GROUP | GROUPS )
    | ANY CHEAPEST ( PATH | PATHS )?
    | CHEAPEST hopCount? ( PATH | PATHS )?
    ;

hopCount
    : INTEGER_LITERAL
    | parameter
    ;

pathMode
    : ( WALK | TRAIL | ACYCLIC | SIMPLE ) ( PATH | PATHS )?
    ;

cost
    : COST expression ( HEURISTIC expression )?
    ;

pathElements
    : pathElement ( relationship? pathElement )*
    ;

pathElement
    : node
    | group
    ;

group
    : LPAREN ( variable EQ )? pathMode? pathElements where? RPAREN quantifier?
    ;

node
    : LPAREN variable? labels? ( map | parameter )? where? RPAREN
    ;

relationship
    : LT? MINUS ( LBRACKET variable? labels? range? ( map | parameter )? where? RBRACKET )? MINUS GT?
      quantifier?
    ;

range
    : STAR INTEGER_LITERAL? ( DOTDOT INTEGER_LITERAL? )?
    ;

quantifier
    : PLUS
    | STAR
    | LBRACE INTEGER_LITERAL RBRACE
    | LBRACE INTEGER_LITERAL? COMMA INTEGER_LITERAL? RBRACE
    ;

labels
    : ( COLON | IS ) labelOr
    ;

labelOr
    : labelAnd ( BAR COLON? labelAnd )*
    ;

labelAnd
    : labelAtom ( ( AMPERSAND | COLON ) labelAtom )*
    ;

labelAtom
    : EXCLAMATION* labelPrimary
    ;

labelPrimary
    : LPAREN labelOr RPAREN
    | PERCENT
    | DOLLAR ( ALL | ANY )? LPAREN expression RPAREN
    | name
    ;

// ---- expressions

// Operands and operators in a row; the builder knows the precedences. There
// are few rules between an expression and its atoms on purpose: each costs a
// node for each literal of a text.
expression
    : sign* postfix ( COLON labelOr )? ( operator sign* postfix ( COLON labelOr )? | isTest )*
    ;

// The same without a top-level | in a label expression or type, for places
// where | ends it: [x IN list WHERE x:Label | x.name].
filterExpression
    : sign* postfix ( COLON labelAnd )? ( operator sign* postfix ( COLON labelAnd )? | filterIsTest )*
    ;

sign
    : NOT
    | PLUS
    | MINUS
    ;

operator
    : OR | XOR | AND
    | PLUS | MINUS | STAR | SLASH | PERCENT | CARET | BARBAR
    | EQ | NE | LT | LE | GT | GE | REGEX
    | IN | STARTS WITH | ENDS WITH | CONTAINS
    ;

isTest
    : IS NOT? NULL
    | IS NOT? ( COLONCOLON | TYPED ) type
    | COLONCOLON type
    | IS NOT? ( NFC | NFD | NFKC | NFKD ) NORMALIZED
    | IS NOT? LABELED labelOr
    | IS NOT? variable ( OF variable )?
    ;

filterIsTest
    : IS NOT? NULL
    | IS NOT? ( COLONCOLON | TYPED ) typeAtom
    | COLONCOLON typeAtom
    | IS NOT? ( NFC | NFD | NFKC | NFKD ) NORMALIZED
    | IS NOT? LABELED labelAnd
    | IS NOT? variable ( OF variable )?
    ;

postfix
    : ( INTEGER_LITERAL | FLOAT_LITERAL | STRING_LITERAL | BAD_NUMBER | TRUE | FALSE | NULL
      | parameter
      | patternValue
      | subquery
      | temporalLiteral
      | variable mapProjection?
      | LPAREN expression RPAREN
      | caseValue
      | patternComprehension
      | list
      | map
      )
      postfixPart*
    ;

postfixPart
    : DOT name
    | LBRACKET expression RBRACKET
    | LBRACKET expression? DOTDOT expression? RBRACKET
    | call
    ;

// A call's name is the dotted chain before it. WHERE and | are there for
// all(x IN list WHERE …), reduce(a = 0, x IN list | …) and allReduce(a = 0, x IN list | …, …),
// FROM for trim(BOTH 'x' FROM text).
call
    : LPAREN ( STAR | DISTINCT? expression ( COMMA expression )* where? ( BAR expression ( COMMA expression )? )? ( FROM expression )? | trimmed )? RPAREN
    ;

trimmed
    : ( BOTH | LEADING | TRAILING ) expression FROM expression
    | FROM expression
    ;

temporalLiteral
    : ( DATE | DATETIME | TIME | TIMESTAMP | DURATION | ( LOCAL | ZONED ) ( TIME | DATETIME ) ) STRING_LITERAL
    ;

parameter
    : DOLLAR ( name | INTEGER_LITERAL )
    ;

patternValue
    : node ( relationship node )+
    ;

subquery
    : ( EXISTS | COUNT | COLLECT ) LBRACE ( query | matchMode? pattern where? ) RBRACE
    ;

caseValue
    : CASE ( WHEN expression ( COMMA expression )* THEN expression )+ ( ELSE expression )? END
    | CASE expression ( WHEN caseTest ( COMMA caseTest )* THEN expression )+ ( ELSE expression )? END
    ;

// What the operand of CASE is equal to, or the right side of a test of it: < 5, IS NULL.
caseTest
    : ( EQ | NE | LT | LE | GT | GE | REGEX | STARTS WITH | ENDS WITH ) expression
    | isTest
    | expression
    ;

patternComprehension
    : LBRACKET ( variable EQ )? patternValue ( WHERE filterExpression )? BAR expression RBRACKET
    ;

// A list, or [x IN list WHERE … | …].
list
    : LBRACKET ( expression ( COMMA expression )* ( WHERE filterExpression )? ( BAR expression )? )? RBRACKET
    ;

map
    : LBRACE ( mapEntry ( COMMA mapEntry )* )? RBRACE
    ;

mapEntry
    : name COLON expression
    ;

mapProjection
    : LBRACE ( mapProjectionItem ( COMMA mapProjectionItem )* )? RBRACE
    ;

mapProjectionItem
    : DOT name
    | DOT STAR
    | name COLON expression
    | variable
    ;

type
    : typeAtom ( BAR typeAtom )*
    ;

typeAtom
    : typeWord notNull? ( ( LIST | ARRAY ) notNull? )*
    ;

notNull
    : NOT NULL
    | EXCLAMATION
    ;

typeWord
    : ( LIST | ARRAY ) LT type GT
    | ANY VALUE? LT type GT
    | ( LOCAL | ZONED ) ( TIME | DATETIME )
    | ( TIME | TIMESTAMP ) ( WITH | WITHOUT ) ( TIMEZONE | TIME ZONE )
    | SIGNED INTEGER
    | ANY? PROPERTY VALUE
    | ANY ( VALUE | NODE | VERTEX | RELATIONSHIP | EDGE | MAP )?
    | IDENTIFIER
    | BOOL | BOOLEAN | STRING_TYPE | VARCHAR | INT | INTEGER | FLOAT | DATE | TIME | DATETIME | TIMESTAMP
    | DURATION | POINT | NODE | VERTEX | RELATIONSHIP | EDGE | MAP | PATH | NOTHING | NULL
    ;

// ---- schema

schemaStatement
    : CREATE indexKind? INDEX name? ifNotExists? FOR schemaEntity ON EACH? schemaProperties options?
    | CREATE CONSTRAINT name? ifNotExists? ( FOR | ON ) schemaEntity ( REQUIRE | ASSERT ) schemaProperties IS constraintKind options?
    | DROP INDEX name ifExists?
    | DROP CONSTRAINT name ifExists?
    ;

indexKind
    : RANGE | TEXT | FULLTEXT | VECTOR | POINT | LOOKUP | BTREE
    ;

ifNotExists
    : IF NOT EXISTS
    ;

ifExists
    : IF EXISTS
    ;

schemaEntity
    : LPAREN name schemaTokens? RPAREN
    | LPAREN RPAREN LT? MINUS LBRACKET name schemaTokens? RBRACKET MINUS GT? LPAREN RPAREN
    ;

// An index of texts may have several, a lookup index none.
schemaTokens
    : COLON name ( BAR name )*
    ;

schemaProperties
    : schemaProperty
    | LPAREN schemaProperty ( COMMA schemaProperty )* RPAREN
    | LBRACKET schemaProperty ( COMMA schemaProperty )* RBRACKET
    | name LPAREN name RPAREN
    ;

schemaProperty
    : name DOT name
    ;

constraintKind
    : ( NODE | REL | RELATIONSHIP )? UNIQUE
    | ( NODE | REL | RELATIONSHIP )? KEY
    | NOT NULL
    | ( COLONCOLON | TYPED ) type
    ;

options
    : OPTIONS ( map | parameter )
    ;

// ---- administration

adminStatement
    : listing+
    | ( BEGIN | START ) ( TRANSACTION | WORK )? ( READ ( ONLY | WRITE ) )?
    | ( COMMIT | ROLLBACK ) ( TRANSACTION | WORK )?
    ;

listing
    : SHOW showWord+ idList? showTail?
    | TERMINATE ( TRANSACTION | TRANSACTIONS ) expression ( COMMA expression )* showTail?
    ;

// Which words say what is the tree builder's business: none of them is reserved.
showWord
    : IDENTIFIER | ESCAPED | ALL | AS | BTREE | BUILT | BY | CONSTRAINT | CONSTRAINTS | FOR | FULLTEXT | FUNCTION
    | FUNCTIONS | IN | INDEX | INDEXES | KEY | LOOKUP | NODE | POINT | PROCEDURE | PROCEDURES | PROPERTY | RANGE | REL
    | RELATIONSHIP | TEXT | TRANSACTION | TRANSACTIONS | UNIQUE | VECTOR | WITH
    ;

showTail
    : where
    | YIELD ( STAR | yieldItem ( COMMA yieldItem )* ) orderBy? skip? limit? where? returnClause?
    ;

idList
    : id ( COMMA id )*
    ;

id
    : STRING_LITERAL
    | INTEGER_LITERAL
    | parameter
    ;

// ---- names

// Any word.
name
    : IDENTIFIER | ESCAPED | ACYCLIC | ALL | ALLSHORTESTPATHS | AND | ANY | ARRAY | AS | ASC
    | ASCENDING | ASSERT | BEGIN | BINDINGS | BOOL | BOOLEAN | BOTH | BREAK | BTREE | BUILT | BY
    | CALL | CASE | CHEAPEST | COLLECT | COMMIT | CONCURRENT | CONSTRAINT | CONSTRAINTS | CONTAINS
    | CONTINUE | COST | COUNT | CREATE | CSV | CYPHER | DATE | DATETIME | DELETE | DESC | DESCENDING
    | DETACH | DIFFERENT | DISTINCT | DROP | DURATION | EACH | EDGE | EDGES | ELEMENT | ELEMENTS
    | ELSE | END | ENDS | ERROR | EXISTS | EXPLAIN | FAIL | FALSE | FIELDTERMINATOR | FILTER
    | FINISH | FLOAT | FOR | FOREACH | FROM | FULLTEXT | FUNCTION | FUNCTIONS | GROUP | GROUPS
    | HEADERS | HEURISTIC | IF | IN | INDEX | INDEXES | INSERT | INT | INTEGER | IS | JOIN | KEY
    | LABELED | LEADING | LET | LIMIT | LIST | LOAD | LOCAL | LOOKUP | MAP | MATCH | MERGE | NEXT
    | NFC | NFD | NFKC | NFKD | NODE | NODETACH | NORMALIZED | NOT | NOTHING | NULL | OF | OFFSET
    | ON | ONLY | OPTIONAL | OPTIONS | OR | ORDER | ORDINALITY | PATH | PATHS | POINT | PROCEDURE
    | PROCEDURES | PROFILE | PROPERTY | RANGE | READ | REL | RELATIONSHIP | RELATIONSHIPS | REMOVE
    | REPEATABLE | REPORT | REQUIRE | RETRY | RETURN | ROLLBACK | ROW | ROWS | SCALAR | SCAN
    | SECOND | SECONDS | SEEK | SET | SHORTEST | SHORTESTPATH | SHOW | SIGNED | SIMPLE | SKIP_
    | START | STARTS | STATUS | STRING_TYPE | TERMINATE | TEXT | THEN | TIME | TIMESTAMP | TIMEZONE
    | TO | TRAIL | TRAILING | TRANSACTION | TRANSACTIONS | TRUE | TYPED | UNION | UNIQUE | UNWIND
    | USE | USING | VALUE | VARCHAR | VECTOR | VERTEX | WALK | WHEN | WHERE | WITH | WITHOUT | WORK
    | WRITE | XOR | YIELD | ZONE | ZONED
    ;

// Any word but those that begin an expression of their own, or might.
variable
    : IDENTIFIER | ESCAPED | ACYCLIC | ALL | ALLSHORTESTPATHS | AND | ANY | ARRAY | AS | ASC
    | ASCENDING | ASSERT | BEGIN | BINDINGS | BOOL | BOOLEAN | BOTH | BREAK | BTREE | BUILT | BY
    | CALL | CHEAPEST | COLLECT | COMMIT | CONCURRENT | CONSTRAINT | CONSTRAINTS | CONTAINS
    | CONTINUE | COST | COUNT | CREATE | CSV | CYPHER | DATE | DATETIME | DELETE | DESC | DESCENDING
    | DETACH | DIFFERENT | DROP | DURATION | EACH | EDGE | EDGES | ELEMENT | ELEMENTS | ELSE | END
    | ENDS | ERROR | EXISTS | EXPLAIN | FAIL | FIELDTERMINATOR | FILTER | FINISH | FLOAT | FOR
    | FOREACH | FROM | FULLTEXT | FUNCTION | FUNCTIONS | GROUP | GROUPS | HEADERS | HEURISTIC | IF
    | IN | INDEX | INDEXES | INSERT | INT | INTEGER | IS | JOIN | KEY | LABELED | LEADING | LET
    | LIMIT | LIST | LOAD | LOCAL | LOOKUP | MAP | MATCH | MERGE | NEXT | NFC | NFD | NFKC | NFKD
    | NODE | NODETACH | NORMALIZED | NOTHING | OF | OFFSET | ON | ONLY | OPTIONAL | OPTIONS | OR
    | ORDER | ORDINALITY | PATH | PATHS | POINT | PROCEDURE | PROCEDURES | PROFILE | PROPERTY
    | RANGE | READ | REL | RELATIONSHIP | RELATIONSHIPS | REMOVE | REPEATABLE | REPORT | REQUIRE
    | RETRY | RETURN | ROLLBACK | ROW | ROWS | SCALAR | SCAN | SECOND | SECONDS | SEEK | SET
    | SHORTEST | SHORTESTPATH | SHOW | SIGNED | SIMPLE | SKIP_ | START | STARTS | STATUS
    | STRING_TYPE | TERMINATE | TEXT | THEN | TIME | TIMESTAMP | TIMEZONE | TO | TRAIL | TRAILING
    | TRANSACTION | TRANSACTIONS | TYPED | UNION | UNIQUE | UNWIND | USE | USING | VALUE | VARCHAR
    | VECTOR | VERTEX | WALK | WITH | WITHOUT | WORK | WRITE | XOR | YIELD | ZONE | ZONED
    ;
